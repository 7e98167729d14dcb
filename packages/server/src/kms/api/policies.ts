import { policyTextBytesMax } from '@opentrail/core/policy'
import { KeyServiceError } from '../key-service.ts'
import { changeKey } from './change-key.ts'
import { createInputReader } from './input.ts'
import { askerOf, authoriseKey, type KmsHandler } from './kms-call.ts'
import { readPage } from './pages.ts'
import { keyIdRule } from './rules.ts'

export const policyRule = { max: 131_072, pattern: /^[\t\n\r\u0020-\u00FF]+$/ }
const policyNameRule = { max: 128, pattern: /^\w+$/ }
/** The only one that a key has. */
const policyName = 'default'

export const PutKeyPolicy: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const name = reader.text('PolicyName', policyNameRule) ?? policyName
  const policy = reader.neededText('Policy', policyRule)
  const bypassesLockout = reader.flag('BypassPolicyLockoutSafetyCheck')
  reader.check()
  checkPolicyName(name)
  const conditions = { 'kms:BypassPolicyLockoutSafetyCheck': String(bypassesLockout) }
  await changeKey(call, { action: 'kms:PutKeyPolicy', reference, conditions }, (key) => {
    checkPolicySize(policy)
    const after = { ...key, policy }
    call.keys.policies.check(after, askerOf(call), bypassesLockout)
    return after
  })
}

export const GetKeyPolicy: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const name = reader.text('PolicyName', policyNameRule) ?? policyName
  reader.check()
  const key = authoriseKey(call, { action: 'kms:GetKeyPolicy', reference })
  checkPolicyName(name)
  return { Policy: key.policy, PolicyName: policyName }
}

export const ListKeyPolicies: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const page = readPage(reader, { usual: 100, max: 1_000 })
  reader.check()
  authoriseKey(call, { action: 'kms:ListKeyPolicies', reference })
  page()
  return { PolicyNames: [policyName], Truncated: false }
}

function checkPolicyName(name: string): void {
  if (name !== policyName) throw new KeyServiceError('NotFoundException', 'No such policy exists')
}

/** @throws {KeyServiceError} LimitExceededException */
export function checkPolicySize(policy: string): void {
  if (Buffer.byteLength(policy) > policyTextBytesMax)
    throw new KeyServiceError(
      'LimitExceededException',
      `Policy document length breached. Policy document must be no larger than ${policyTextBytesMax} bytes.`,
    )
}
