import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '../clock/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import type { KeyDocument, MaterialDocument, RotationCause } from './key-documents.ts'
import { KeyServiceError } from './key-service.ts'

/** AES-256. */
const materialBytes = 32
/** Opened materials in memory; beyond it the one opened longest ago is opened anew when needed. Some 200 bytes each. */
const openedMax = 10_000

/** The material of keys, sealed by the key ring in the store and opened in memory. */
export interface KeyMaterials {
  /** A new generation, to be stored with its key. */
  generate(keyId: string, version: number, createdAt: number, cause?: RotationCause): MaterialDocument
  /** @throws {KeyServiceError} KMSInternalException: it cannot be opened under the root key in force. */
  open(key: KeyDocument, version: number): KeyObject | undefined
  /** Of a key that is gone. */
  forget(keyId: string): void
}

export function createKeyMaterials({
  keyRing,
  random,
}: {
  readonly keyRing: Pick<KeyRing, 'sealSecret' | 'openSecret'>
  readonly random: Random
}): KeyMaterials {
  const opened = new Map<string, KeyObject>()
  return {
    generate(keyId, version, createdAt, cause) {
      const secret = Buffer.from(random.bytes(materialBytes))
      const sealed = keyRing.sealSecret(purpose(keyId, version), secret).toString('base64')
      secret.fill(0)
      const id = Buffer.from(random.bytes(32)).toString('hex')
      return { version, id, createdAt, ...(cause && { cause }), sealed }
    },
    open(key, version) {
      const material = key.materials.find((each) => each.version === version)
      if (!material) return undefined
      const place = purpose(key.id, version)
      const known = opened.get(place)
      if (known) return known
      const secret = unseal(keyRing, place, material)
      const object = createSecretKey(secret)
      secret.fill(0)
      opened.set(place, object)
      const [oldest] = opened.keys()
      if (opened.size > openedMax && oldest !== undefined) opened.delete(oldest)
      return object
    },
    forget(keyId) {
      for (const place of opened.keys()) if (place.startsWith(purpose(keyId, ''))) opened.delete(place)
    },
  }
}

/** Binds a material to its place: put into another key's document it does not open. */
const purpose = (keyId: string, version: number | ''): string => `kms-key/${keyId}/${version}`

function unseal(keyRing: Pick<KeyRing, 'openSecret'>, place: string, { sealed }: MaterialDocument): Buffer {
  try {
    return keyRing.openSecret(place, Buffer.from(sealed, 'base64'))
  } catch (cause) {
    throw new KeyServiceError('KMSInternalException', 'The key material cannot be opened.', { cause })
  }
}
