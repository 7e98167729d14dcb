import type { AccountId } from '@opentrail/core/event'

/**
 * Until IAM policies come, a role decides: `administrator` everything, `auditor` reads, `producer` brings events of its
 * own account.
 */
export type Role = 'administrator' | 'auditor' | 'producer'

/** Who calls: a user of an account, by one of its access keys. `arn` is the IAM ARN (`arn:aws:iam::<account>:user/<name>`). */
export interface Principal {
  readonly account: AccountId
  readonly userName: string
  /** `AIDA...`, the principalId of the user's events. */
  readonly userId: string
  readonly arn: string
  readonly role: Role
  readonly accessKeyId: string
  /** May read the events of every account; absent: of its own. */
  readonly allAccounts?: true
  /** Of temporary credentials: when their session began, ISO 8601. */
  readonly session?: { readonly createdAt: string }
}

export interface AccessKeyCredential {
  readonly principal: Principal
  readonly secretAccessKey: string
}

/** What authentication asks; answers come from memory, so asking costs nothing on the hot path. */
export interface CredentialSource {
  /** The active access key of that id. */
  accessKey(accessKeyId: string): AccessKeyCredential | undefined
  /** The principal behind a bearer token (stored as a hash only). */
  bearer(token: string): Principal | undefined
}
