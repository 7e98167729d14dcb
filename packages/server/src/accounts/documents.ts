import type { AccountId } from '@opentrail/core/event'
import type { Role } from './principal.ts'

/** How a key is shown: it signs requests (SigV4), or it is sent as a bearer token. */
export type AccessKeyKind = 'signature' | 'bearer'
export type AccessKeyStatus = 'Active' | 'Inactive'

/** `changes` counts what was changed in the account: each change writes it, so that no two can cross unseen. */
export interface AccountDocument {
  readonly id: AccountId
  readonly name: string
  readonly createdAt: string
  readonly changes: number
}

export interface UserDocument {
  readonly account: AccountId
  readonly userName: string
  readonly userId: string
  readonly role: Role
  /** Absent, as in documents of older versions: its own account only. */
  readonly allAccounts?: true
  readonly createdAt: string
}

export interface AccessKeyDocument {
  readonly account: AccountId
  readonly userName: string
  readonly accessKeyId: string
  readonly kind: AccessKeyKind
  readonly status: AccessKeyStatus
  readonly createdAt: string
  /** Base64. Of a signature key, the secret sealed by the key ring; of a bearer token, its SHA-256. */
  readonly secret: string
}

/** Left by a first start that was cut off; its account is finished by the next one. */
export interface BootstrapDocument {
  readonly account: AccountId
}

export const accountsPrefix = 'accounts/account/'
export const usersPrefix = 'accounts/user/'
export const accessKeysPrefix = 'accounts/key/'
export const bootstrapKey = 'accounts/bootstrap'
export const accountKey = (id: AccountId): string => `${accountsPrefix}${id}`
export const userKey = (account: AccountId, userName: string): string => `${usersPrefix}${account}/${userName}`
export const accessKeyKey = (account: AccountId, userName: string, accessKeyId: string): string =>
  `${accessKeysPrefix}${account}/${userName}/${accessKeyId}`

/** Binds a sealed secret to its key: put in another key's place it does not open. */
export const secretPurpose = (key: Pick<AccessKeyDocument, 'account' | 'userName' | 'accessKeyId'>): string =>
  `access-key/${key.account}/${key.userName}/${key.accessKeyId}`
