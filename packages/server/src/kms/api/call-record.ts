import { recordedTime, type ApiCall } from '../../selftrail/index.ts'
import type { KmsInput } from './input.ts'

/**
 * Parameters that are recorded; all others are data, or secrets. The encryption context is no secret: AWS records it, and
 * says so.
 */
const recordedNames = new Set(
  `AliasName BypassPolicyLockoutSafetyCheck CustomKeyStoreId CustomerMasterKeySpec Description
  DestinationEncryptionAlgorithm DestinationEncryptionContext DestinationKeyId DryRun EncryptionAlgorithm
  EncryptionContext GrantId GranteePrincipal IncludeKeyMaterial KeyAgreementAlgorithm KeyId KeyPairSpec KeySpec KeyUsage
  Limit MacAlgorithm Marker MultiRegion Name NumberOfBytes Operations Origin PendingWindowInDays Policy PolicyName
  PrimaryRegion ReplicaRegion RetiringPrincipal RotationPeriodInDays SigningAlgorithm SourceEncryptionAlgorithm
  SourceEncryptionContext SourceKeyId TagKeys Tags TargetKeyId`.split(/\s+/),
)
/** What stands in a record even where the request leaves it to KMS. */
const defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  CreateKey: {
    description: '',
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    multiRegion: false,
    bypassPolicyLockoutSafetyCheck: false,
  },
  Decrypt: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
  Encrypt: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
  PutKeyPolicy: { policyName: 'default', bypassPolicyLockoutSafetyCheck: false },
  ReEncrypt: {
    sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  },
  ScheduleKeyDeletion: { pendingWindowInDays: 30 },
}

/** A request's parameters as CloudTrail records those of KMS: in lower camel case, without data. */
export function recordedParameters(operation: string, input: KmsInput): Partial<ApiCall> {
  const sent = Object.entries(input).filter(([name, value]) => recordedNames.has(name) && value !== null)
  const parameters = {
    ...defaults[operation],
    ...Object.fromEntries(sent.map(([name, value]) => lowered(name, value))),
  }
  return Object.keys(parameters).length > 0 ? { requestParameters: parameters } : {}
}

export const recordedAnswer = (output: Readonly<Record<string, unknown>>): Partial<ApiCall> => {
  const elements = Object.fromEntries(Object.entries(output).map(([name, value]) => lowered(name, value)))
  return Object.keys(elements).length > 0 ? { responseElements: elements } : {}
}

/** Structures of KMS's own are lowered, too; the names in an encryption context are the caller's. */
const ownStructures = new Set(['Tags', 'KeyMetadata'])

function lowered(name: string, value: unknown): readonly [string, unknown] {
  const lowerName = name.charAt(0).toLowerCase() + name.slice(1)
  if (name.endsWith('Date') && typeof value === 'number') return [lowerName, recordedTime(value)]
  return [lowerName, ownStructures.has(name) ? loweredMembers(value) : value]
}

function loweredMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(loweredElement)
  return loweredElement(value)
}

const loweredElement = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => lowered(name, member)))
    : value
