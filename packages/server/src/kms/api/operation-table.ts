import type { Role } from '../../accounts/index.ts'

/** An operation of KMS, built or not. */
export interface KmsOperationEntry {
  readonly name: string
  /** The IAM action that guards it. */
  readonly action: string
  /** As CloudTrail records it: who encrypts or decrypts changes nothing. */
  readonly readOnly: boolean
}

const builtNames = `CancelKeyDeletion CreateAlias CreateKey Decrypt DeleteAlias DescribeKey DisableKey DisableKeyRotation
  EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateRandom GetKeyPolicy
  GetKeyRotationStatus ListAliases ListKeyPolicies ListKeyRotations ListKeys ListResourceTags PutKeyPolicy ReEncrypt
  RotateKeyOnDemand ScheduleKeyDeletion TagResource UntagResource UpdateAlias UpdateKeyDescription`
const otherNames = `ConnectCustomKeyStore CreateCustomKeyStore CreateGrant Decapsulate DeleteCustomKeyStore
  DeleteImportedKeyMaterial DeriveSharedSecret DescribeCustomKeyStores DisconnectCustomKeyStore Encapsulate
  GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateMac GetKeyLastUsage GetParametersForImport GetPublicKey
  ImportKeyMaterial ListGrants ListRetirableGrants ReplicateKey RetireGrant RevokeGrant Sign UpdateCustomKeyStore
  UpdatePrimaryRegion Verify VerifyMac`

const readOnlyName =
  /^(?:Describe|Get|List|Encrypt|Decrypt|ReEncrypt|Generate|Sign|Verify|DeriveSharedSecret|Encapsulate|Decapsulate)/

const names = (text: string): readonly string[] => text.split(/\s+/)

/** What this version does. */
export const builtKmsOperations: readonly string[] = names(builtNames)

/** The 56 operations of service `kms` (API version 2014-11-01), by name. */
export const kmsOperations: readonly KmsOperationEntry[] = [...names(builtNames), ...names(otherNames)]
  .sort()
  .map((name) => ({ name, action: `kms:${name}`, readOnly: readOnlyName.test(name) }))

/**
 * What a role gives its users beside key policies: an administrator everything, also on keys of other accounts that let
 * them in; an auditor what only reads settings.
 */
export const roleAllows = (role: Role, action: string): boolean =>
  role === 'administrator' || (role === 'auditor' && /^kms:(?:Describe|Get|List)/.test(action))
