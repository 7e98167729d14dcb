export { createSigningKeys, type SigningKeysOptions } from './control-signing-keys.ts'
export { type GenerateKeyPair, type KeyPair } from './key-pair.ts'
export { createRotationJob } from './rotation-job.ts'
export {
  SigningKeyDestroyedError,
  SigningKeyError,
  SigningKeyUnavailableError,
  type PublicKeyView,
  type SigningKey,
  type SigningKeyEvents,
  type SigningKeys,
} from './signing-keys.ts'
