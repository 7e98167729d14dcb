export { CipherError, type RecordCipher } from './cipher.ts'
export { openKeyRing, type KeyRing } from './key-ring.ts'
export { parseRootKey, RootKeyError, type RootKey } from './root-key.ts'
export { loadRootKey, type RootKeySource } from './root-key-source.ts'
