export { CipherError, type RecordCipher } from './cipher.ts'
