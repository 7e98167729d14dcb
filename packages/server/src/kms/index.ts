export {
  KeyServiceError,
  type DataKey,
  type EncryptionContext,
  type KeyDescription,
  type KeyService,
  type KeyUser,
} from './key-service.ts'
