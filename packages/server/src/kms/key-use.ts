import type { KeyObject } from 'node:crypto'
import type { Random } from '../clock/index.ts'
import { openCiphertext, readCiphertext, sealCiphertext, type CiphertextOrigin } from './ciphertext.ts'
import { currentMaterial, keyArn, keyState, type KeyDocument } from './key-documents.ts'
import type { KeyMaterials } from './key-materials.ts'
import type { KeyPolicies } from './key-policy.ts'
import { KeyServiceError, type EncryptionContext } from './key-service.ts'
import type { KeyStore } from './key-store.ts'

/** What the built-in KMS is made of. */
export interface BuiltInKeys {
  readonly store: KeyStore
  readonly materials: KeyMaterials
  readonly policies: KeyPolicies
  /** Of the whole installation: recognises its own ciphertexts. */
  readonly markKey: Uint8Array
  readonly random: Random
  /** Domain time, ms. */
  readonly now: () => number
}

/** @throws {KeyServiceError} DisabledException, KMSInvalidStateException */
export function checkUsable(key: KeyDocument): void {
  const state = keyState(key)
  if (state === 'Disabled') throw new KeyServiceError('DisabledException', `${keyArn(key)} is disabled.`)
  if (state === 'PendingDeletion') throw pendingDeletion(key)
}

export const pendingDeletion = (key: KeyDocument): KeyServiceError =>
  new KeyServiceError('KMSInvalidStateException', `${keyArn(key)} is pending deletion.`)

/** Constant: which part of it is wrong, the key, the data or the context, is nobody's business. */
export const invalidCiphertext = (): KeyServiceError =>
  new KeyServiceError('InvalidCiphertextException', 'The ciphertext or its encryption context is not valid.')

/** Under the key's newest material. @throws {KeyServiceError} the key cannot be used, or opened */
export function encrypt(
  { materials, markKey, random }: BuiltInKeys,
  key: KeyDocument,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  checkUsable(key)
  const { version } = currentMaterial(key)
  const material = opened(materials.open(key, version))
  return sealCiphertext({ keyId: key.id, materialVersion: version, material, markKey, random, context }, plaintext)
}

/** What a ciphertext names. @throws {KeyServiceError} InvalidCiphertextException: it was changed, or made elsewhere */
export function originOf({ markKey }: BuiltInKeys, blob: Uint8Array): CiphertextOrigin {
  const origin = readCiphertext(blob, markKey)
  if (!origin) throw invalidCiphertext()
  return origin
}

/** Of a ciphertext that names this key. @throws {KeyServiceError} InvalidCiphertextException, or the key cannot be used */
export function decrypt(
  { materials }: BuiltInKeys,
  key: KeyDocument,
  { blob, materialVersion }: { readonly blob: Uint8Array; readonly materialVersion: number },
  context: EncryptionContext,
): { readonly plaintext: Buffer; readonly materialId: string } {
  checkUsable(key)
  const material = materials.open(key, materialVersion)
  const plaintext = material && openCiphertext(blob, material, context)
  if (!plaintext) throw invalidCiphertext()
  return { plaintext, materialId: key.materials.find(({ version }) => version === materialVersion)!.id }
}

function opened(material: KeyObject | undefined): KeyObject {
  if (!material) throw new TypeError('a key without its current material')
  return material
}
