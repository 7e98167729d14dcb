import { createHash, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { SigningKeyUnavailableError } from './signing-keys.ts'

export interface KeyPair {
  /** PKCS#1 `RSAPublicKey`, DER. */
  readonly publicKey: Buffer
  readonly privateKey: KeyObject
}

export type GenerateKeyPair = () => Promise<KeyPair>

const modulusLength = 2_048
const generateInPool = promisify(generateKeyPair)

/** Takes some 100 ms in a thread of the pool. Its randomness is the cryptographic library's own. */
export const generateRsaKeyPair: GenerateKeyPair = async () => {
  const { publicKey, privateKey } = await generateInPool('rsa', { modulusLength })
  return { publicKey: pkcs1(publicKey), privateKey }
}

export const pkcs1 = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'pkcs1', format: 'der' })

export const fingerprintOf = (publicKey: Uint8Array): string => createHash('md5').update(publicKey).digest('hex')

/**
 * At most `atOnce` generations run; the others wait in their order, `waitingMax` at most.
 * @returns what throws {SigningKeyUnavailableError} when too many wait.
 */
export function limitGeneration(
  generate: GenerateKeyPair,
  { atOnce, waitingMax }: { readonly atOnce: number; readonly waitingMax: number },
): GenerateKeyPair {
  let free = atOnce
  const waiting: (() => void)[] = []
  return async () => {
    if (free > 0) free--
    else if (waiting.length >= waitingMax)
      throw new SigningKeyUnavailableError(`${waitingMax} key pairs are waiting to be generated`)
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await generate()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
