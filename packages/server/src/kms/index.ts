export {
  KeyServiceError,
  type DataKey,
  type EncryptionContext,
  type KeyDescription,
  type KeyService,
  type KeyUser,
} from './key-service.ts'
export { createKmsFront, type KmsFrontOptions } from './api/kms-front.ts'
export { builtKmsOperations, kmsOperations, type KmsOperationEntry } from './api/operation-table.ts'
export { createBuiltInKeyService } from './built-in-key-service.ts'
export { createKeyJob } from './key-job.ts'
export { openBuiltInKeys, type BuiltInKeysOptions } from './open-built-in-keys.ts'
export { type BuiltInKeys } from './key-use.ts'
export { createKmsClient, type KmsClient, type KmsClientOptions } from './kms-client.ts'
export { createRemoteKeyService } from './remote-key-service.ts'
