import { currentMaterial, keyArn, keyState, type KeyDocument, type KeyTag } from '../key-documents.ts'

/** Times go over the wire as seconds since the epoch. */
export const wireTime = (milliseconds: number): number => milliseconds / 1_000

/** `KeyMetadata`. */
export const wireKey = (key: KeyDocument): Record<string, unknown> => ({
  AWSAccountId: key.account,
  KeyId: key.id,
  Arn: keyArn(key),
  CreationDate: wireTime(key.createdAt),
  Enabled: keyState(key) === 'Enabled',
  Description: key.description,
  KeyUsage: 'ENCRYPT_DECRYPT',
  KeyState: keyState(key),
  ...(key.deletionAt !== undefined && { DeletionDate: wireTime(key.deletionAt) }),
  Origin: 'AWS_KMS',
  KeyManager: 'CUSTOMER',
  CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  KeySpec: 'SYMMETRIC_DEFAULT',
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  MultiRegion: false,
  CurrentKeyMaterialId: currentMaterial(key).id,
})

export const wireTag = ({ key, value }: KeyTag): Record<string, unknown> => ({ TagKey: key, TagValue: value })
