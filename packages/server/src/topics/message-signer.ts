import { createHash, createPrivateKey, createPublicKey, generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '../clock/index.ts'
import { ControlConflictError, ControlUnavailableError, type ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { selfSignedCertificate } from './certificate.ts'

/** Signs what subscribers get, with one key for the whole deployment. */
export interface MessageSigner {
  /** PEM, with the public key. */
  readonly certificate: string
  /** Names the certificate in `SigningCertURL`: hexadecimal. */
  readonly fingerprint: string
  /** Base64. Version 1: RSA with SHA-1, version 2: with SHA-256. */
  sign(text: string, version: '1' | '2'): Promise<string>
}

interface SigningDocument {
  readonly certificate: string
  /** Base64 of PKCS#8 DER, sealed by the key ring. */
  readonly privateKey: string
}

const documentKey = 'topics/signing'
const purpose = 'topics/signing'
const modulusLength = 2_048
const dayMs = 86_400_000
/** Readers keep a certificate for good, and there is nobody who would revoke it. */
const validMs = 20 * 365 * dayMs
const inPool = { generate: promisify(generateKeyPair), sign: promisify(sign) }

/** Opens the key, or makes it at the first start. `wall`: ms. @throws {ControlUnavailableError}; the key ring's errors */
export async function openMessageSigner(options: {
  readonly control: ControlStore
  readonly keyRing: Pick<KeyRing, 'sealSecret' | 'openSecret'>
  readonly random: Random
  readonly wall: () => number
}): Promise<MessageSigner> {
  const { control, keyRing } = options
  const found = await control.get<SigningDocument>(documentKey)
  const { certificate, privateKey } = found?.value ?? (await makeDocument(options))
  const secret = keyRing.openSecret(purpose, Buffer.from(privateKey, 'base64'))
  const key: KeyObject = createPrivateKey({ key: secret, type: 'pkcs8', format: 'der' })
  const der = createPublicKey(certificate).export({ type: 'spki', format: 'der' })
  return {
    certificate,
    fingerprint: createHash('sha256').update(der).digest('hex').slice(0, 32),
    sign: async (text, version) =>
      (await inPool.sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), key)).toString('base64'),
  }
}

/** Of two processes that start at once the first one's key holds. */
async function makeDocument(options: Parameters<typeof openMessageSigner>[0]): Promise<SigningDocument> {
  const { control, keyRing, random, wall } = options
  const { publicKey, privateKey } = await inPool.generate('rsa', { modulusLength })
  const now = wall()
  const certificate = selfSignedCertificate({
    publicKey,
    privateKey,
    commonName: 'OpenTrail topics',
    serial: random.bytes(16),
    notBefore: now - dayMs,
    notAfter: now + validMs,
  })
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
  const value = { certificate, privateKey: keyRing.sealSecret(purpose, secret).toString('base64') }
  try {
    await control.transact([{ key: documentKey, value, ifVersion: 0 }])
    return value
  } catch (error) {
    if (!(error instanceof ControlConflictError || error instanceof ControlUnavailableError)) throw error
    const first = await control.get<SigningDocument>(documentKey)
    if (!first) throw error
    return first.value
  }
}
