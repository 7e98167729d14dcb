import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import type { ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { openBytes, sealBytes } from '../keyring/sealed-bytes.ts'
import { createSigningKeys, type SigningKeysOptions } from './control-signing-keys.ts'
import { pkcs1, type GenerateKeyPair, type KeyPair } from './key-pair.ts'
import type { PublicKeyView, SigningKeys } from './signing-keys.ts'

/** Too small to protect anything, and made in a millisecond. */
export function smallKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 512 })
  return { publicKey: pkcs1(publicKey), privateKey }
}

/** Another pair each time, from a few made before: for tests that need many. */
export function pooledKeyPairs(size: number): () => GenerateKeyPair {
  const pool = Array.from({ length: size }, smallKeyPair)
  return () => {
    let taken = 0
    return async () => {
      const pair = pool[taken++]
      if (!pair) throw new Error(`more than ${size} key pairs were made`)
      await new Promise((resolve) => setImmediate(resolve))
      return pair
    }
  }
}

/** What the key ring does with secrets. */
export function fakeKeyRing(): Pick<KeyRing, 'sealSecret' | 'openSecret'> {
  const key = createSecretKey(randomBytes(32))
  return {
    sealSecret: (purpose, secret) => sealBytes(key, randomBytes(12), new Uint8Array(0), [secret], purpose),
    openSecret: (purpose, sealed) => openBytes(key, 0, sealed, purpose),
  }
}

/** The keys of one process, by a clock that the test sets, and what they told. */
export function openTestKeys(
  control: ControlStore,
  options: Partial<SigningKeysOptions> & { readonly time: { now: number } },
): SigningKeys & { readonly made: string[]; readonly destroyed: string[] } {
  const made: string[] = []
  const destroyed: string[] = []
  const keys = createSigningKeys({
    control,
    keyRing: fakeKeyRing(),
    now: () => options.time.now,
    generate: async () => smallKeyPair(),
    events: { made: (_, fingerprint) => made.push(fingerprint), destroyed: (_, one) => destroyed.push(one) },
    ...options,
  })
  return { ...keys, made, destroyed }
}

/** As a verifier does it: from the published bytes alone. */
export function isSignedBy({ publicKey }: Pick<PublicKeyView, 'publicKey'>, text: string, signature: string): boolean {
  const key = createPublicKey({ key: publicKey, type: 'pkcs1', format: 'der' })
  return verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'hex'))
}
