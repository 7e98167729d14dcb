import { createPrivateKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { noteSigner } from '@opentrail/core/checkpoint'
import { ControlConflictError, type ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'

/** The one key that signs the checkpoints of all logs of a deployment. */
export interface LogKey {
  /** Ed25519. */
  readonly privateKey: KeyObject
  /** 16 hex digits of the hash of its public half: tells deployments apart that were given no name. */
  readonly fingerprint: string
}

interface LogKeyDocument {
  /** Domain time, ms. */
  readonly createdAt: number
  /** Base64 of the 32 bytes of RFC 8032. */
  readonly publicKey: string
  /** Base64 of PKCS#8 DER sealed by the key ring. */
  readonly privateKey: string
}

export interface LogKeyOptions {
  readonly control: Pick<ControlStore, 'get' | 'transact'>
  readonly keyRing: Pick<KeyRing, 'sealSecret' | 'openSecret'>
  /** Domain time, ms. */
  readonly now: () => number
}

/** The stored key is not the one that was made. Another may not be made: verifiers know this one. */
export class LogKeyError extends Error {
  override readonly name = 'LogKeyError'
}

const documentKey = 'checkpoints/key'
const purpose = 'checkpoint-key'

/**
 * The deployment's key, made at the first start. Of two processes that make one at once both use the first one's.
 * @throws {LogKeyError} it cannot be opened. @throws {ControlUnavailableError}
 */
export async function openLogKey({ control, keyRing, now }: LogKeyOptions): Promise<LogKey> {
  const stored = await control.get<LogKeyDocument>(documentKey)
  if (stored) return openKey(keyRing, stored.value)
  const made = makeKey(keyRing, now())
  try {
    await control.transact([{ key: documentKey, value: made, ifVersion: 0 }])
    return openKey(keyRing, made)
  } catch (error) {
    if (!(error instanceof ControlConflictError)) throw error
    const first = await control.get<LogKeyDocument>(documentKey)
    if (!first) throw error
    return openKey(keyRing, first.value)
  }
}

function makeKey(keyRing: LogKeyOptions['keyRing'], createdAt: number): LogKeyDocument {
  // Microseconds, unlike an RSA key.
  const { privateKey } = generateKeyPairSync('ed25519')
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    createdAt,
    publicKey: publicKeyOf(privateKey).toString('base64'),
    privateKey: keyRing.sealSecret(purpose, secret).toString('base64'),
  }
}

function openKey(keyRing: LogKeyOptions['keyRing'], document: LogKeyDocument): LogKey {
  try {
    const secret = keyRing.openSecret(purpose, Buffer.from(document.privateKey, 'base64'))
    const privateKey = createPrivateKey({ key: secret, type: 'pkcs8', format: 'der' })
    const publicKey = publicKeyOf(privateKey)
    if (publicKey.toString('base64') !== document.publicKey) throw new Error('its two halves are of two keys')
    return { privateKey, fingerprint: hash('sha256', publicKey, 'hex').slice(0, 16) }
  } catch (cause) {
    throw new LogKeyError('the key that signs checkpoints cannot be opened', { cause })
  }
}

/** As RFC 8032 encodes it; the name is of no consequence for it. */
const publicKeyOf = (privateKey: KeyObject): Buffer => Buffer.from(noteSigner('key', privateKey).key.publicKey)
