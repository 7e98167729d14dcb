import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'

/** Where a signature is valid: one day, one Region, one service. */
export interface CredentialScope {
  /** `YYYYMMDD`, UTC. */
  readonly day: string
  readonly region: string
  readonly service: string
}

export const scopeText = (scope: CredentialScope): string =>
  `${scope.day}/${scope.region}/${scope.service}/aws4_request`

const step = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  return step(step(step(step(`AWS4${secretAccessKey}`, scope.day), scope.region), scope.service), 'aws4_request')
}

/** Node.js takes keys as bytes, too, and is several times slower with them. */
export type SigningKey = KeyObject | Buffer

/** Hexadecimal HMAC-SHA256; the text counts as wire bytes. */
export const signature = (signingKey: SigningKey, text: string): string =>
  createHmac('sha256', signingKey).update(text, 'latin1').digest('hex')

/** Compares without telling by its duration where two texts differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')]
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * Signing keys by access key and scope. Deriving one costs four HMACs, more than all the rest of a verification.
 * Bounded: the least recently used goes first. Only keys of known credentials and configured Regions may be asked for,
 * so that strangers cannot push the others out.
 */
export function createSigningKeyCache(entriesMax: number) {
  const entries = new Map<string, { readonly secretAccessKey: string; readonly key: KeyObject }>()
  return {
    get size() {
      return entries.size
    },
    get(accessKeyId: string, secretAccessKey: string, scope: CredentialScope): KeyObject {
      const name = `${accessKeyId}/${scope.day}/${scope.region}/${scope.service}`
      const cached = entries.get(name)
      entries.delete(name)
      // A secret that was replaced under the same id must not go on working from here.
      const entry =
        cached?.secretAccessKey === secretAccessKey
          ? cached
          : { secretAccessKey, key: createSecretKey(deriveSigningKey(secretAccessKey, scope)) }
      entries.set(name, entry)
      if (entries.size > entriesMax) entries.delete(entries.keys().next().value!)
      return entry.key
    },
  }
}
