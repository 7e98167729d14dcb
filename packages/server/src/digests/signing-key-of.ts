import type { Region } from '@opentrail/core/event'
import { SigningKeyDestroyedError, type SigningKey, type SigningKeys } from '../signing-keys/index.ts'

/** The key that a plan names. Undefined: it cannot sign any more, and what it was to sign is planned anew. */
export async function signingKeyOf(
  keys: Pick<SigningKeys, 'byFingerprint'>,
  region: Region,
  fingerprint: string,
): Promise<SigningKey | undefined> {
  try {
    return await keys.byFingerprint(region, fingerprint)
  } catch (error) {
    if (error instanceof SigningKeyDestroyedError) return undefined
    throw error
  }
}
