import {
  evaluatePolicies,
  parsePolicy,
  type PolicyDocument,
  type PolicyRequest,
  type PolicyStatement,
  type RequestPrincipal,
} from '@opentrail/core/policy'
import { partitionOf } from '@opentrail/core/trail'
import { keyArn, type KeyDocument } from './key-documents.ts'
import { KeyServiceError } from './key-service.ts'

/** The policy of a key that was made without one: the account's identity policies decide. In AWS's own form. */
export function defaultKeyPolicy({ account, region }: Pick<KeyDocument, 'account' | 'region'>): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:${partitionOf(region)}:iam::${account}:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

/** Who wants to use a key, and what is known about the request. */
export interface KeyAsker {
  readonly principal: RequestPrincipal
  /** What the caller's own account lets it do: until IAM policies come, its role decides. */
  identityAllows(action: string): boolean
  /** Condition keys that do not depend on the key. */
  readonly conditions: PolicyRequest['context']
}

/** `identity`, `resource`: the policy that would have to allow it does not. `deny`: the key's policy says no. */
export type KeyDecision = 'allowed' | 'identity' | 'resource' | 'deny'

interface KeyPolicy {
  readonly whole: PolicyDocument
  /** Without what it hands over to the account's identity policies. */
  readonly direct: PolicyDocument
}

/** Judges by the policies of keys, and remembers what it has read of them. */
export interface KeyPolicies {
  /**
   * As AWS decides about a key: an explicit deny wins. In the key's account it is enough that the policy allows the caller
   * itself; what it allows the account, the caller's identity policies must allow, too. A caller of another account needs
   * both; a service needs the policy. A policy that says nothing shuts out everybody, administrators included.
   * Source: AWS KMS Developer Guide, "Troubleshooting AWS KMS permissions".
   */
  decide(key: KeyDocument, action: string, asker: KeyAsker, conditions?: PolicyRequest['context']): KeyDecision
  /**
   * Checks a policy before it is put. Unless `bypassesLockout`, it has to let the caller put another one later.
   * @throws {KeyServiceError} MalformedPolicyDocumentException
   */
  check(key: KeyDocument, asker: KeyAsker, bypassesLockout: boolean): void
}

export function createKeyPolicies(): KeyPolicies {
  /** A key's document is never changed, only replaced: what was read of its policy holds as long as it is there. */
  const read = new WeakMap<KeyDocument, KeyPolicy>()

  function policyOf(key: KeyDocument): KeyPolicy {
    const known = read.get(key)
    if (known) return known
    const policy = readKeyPolicy(key.policy)
    read.set(key, policy)
    return policy
  }

  const policies: KeyPolicies = {
    decide(key, action, asker, conditions = {}) {
      const { principal } = asker
      const context = { ...asker.conditions, ...keyConditions(key), ...conditions }
      const request: PolicyRequest = { principal, action, resource: keyArn(key), context }
      const { whole, direct } = policyOf(key)
      const { effect } = evaluatePolicies([whole], request)
      if (effect === 'deny') return 'deny'
      if (effect === 'none') return 'resource'
      if (principal.kind !== 'aws') return 'allowed'
      const isOwn = principal.account === key.account
      if (isOwn && evaluatePolicies([direct], request).effect === 'allow') return 'allowed'
      return asker.identityAllows(action) ? 'allowed' : 'identity'
    },
    check(key, asker, bypassesLockout) {
      policyOf(key)
      if (bypassesLockout) return
      const conditions = { 'kms:BypassPolicyLockoutSafetyCheck': 'false' }
      if (policies.decide(key, 'kms:PutKeyPolicy', asker, conditions) === 'allowed') return
      throw new KeyServiceError(
        'MalformedPolicyDocumentException',
        'The new key policy will not allow you to update the key policy in the future.',
      )
    },
  }
  return policies
}

const keyConditions = (key: KeyDocument): PolicyRequest['context'] => ({
  'aws:ResourceAccount': key.account,
  'kms:KeyOrigin': 'AWS_KMS',
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'kms:KeyUsage': 'ENCRYPT_DECRYPT',
  'kms:MultiRegion': 'false',
  ...Object.fromEntries(key.tags.map(({ key: name, value }) => [`aws:ResourceTag/${name}`, value])),
})

/** KMS takes white space around a policy, which S3 does not. @throws {KeyServiceError} MalformedPolicyDocumentException */
function readKeyPolicy(text: string): KeyPolicy {
  const reading = parsePolicy(text.trim(), 'resource')
  if (!reading.ok) throw new KeyServiceError('MalformedPolicyDocumentException', reading.message)
  const direct = { ...reading.policy, statements: reading.policy.statements.flatMap(withoutDelegation) }
  return { whole: reading.policy, direct }
}

function withoutDelegation(statement: PolicyStatement): PolicyStatement[] {
  const { principal, effect } = statement
  if (!principal || effect === 'deny') return [statement]
  const values = principal.values.filter(({ kind }) => kind !== 'account')
  return values.length === 0 ? [] : [{ ...statement, principal: { ...principal, values } }]
}
