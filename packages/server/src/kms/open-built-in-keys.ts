import type { Random } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { createKeyMaterials } from './key-materials.ts'
import { createKeyPolicies } from './key-policy.ts'
import { openKeyStore } from './key-store.ts'
import type { BuiltInKeys } from './key-use.ts'

export interface BuiltInKeysOptions {
  readonly control: ControlStore
  readonly keyRing: Pick<KeyRing, 'sealSecret' | 'openSecret' | 'derive'>
  readonly random: Random
  /** Domain time, ms. */
  readonly now: () => number
}

/** The keys of the built-in KMS, of all accounts. @throws {ControlUnavailableError} */
export async function openBuiltInKeys({ control, keyRing, random, now }: BuiltInKeysOptions): Promise<BuiltInKeys> {
  return {
    store: await openKeyStore(control),
    materials: createKeyMaterials({ keyRing, random }),
    policies: createKeyPolicies(),
    markKey: keyRing.derive('KMS ciphertexts'),
    random,
    now,
  }
}
