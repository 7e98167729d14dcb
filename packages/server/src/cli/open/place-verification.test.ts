import assert from 'node:assert/strict'
import { setTimeout as later } from 'node:timers/promises'
import { describe, test } from 'vitest'
import type { CliContext } from '../context.ts'
import { openDirectoryLogStore } from '../log-files/directory-log-store.ts'
import { createPlaceVerification, type PlaceVerification } from './place-verification.ts'
import { signedPlace } from './signed-place.testing.ts'
import type { VerifyFlags } from './verify-place.ts'

const context = { environment: {}, now: () => Date.UTC(2026, 2, 5) } as unknown as CliContext

async function verificationOf(root: string, flags: Pick<VerifyFlags, 'publicKeys'>): Promise<PlaceVerification> {
  const store = await openDirectoryLogStore(root)
  return createPlaceVerification(context, { format: 'json', ...flags }, { store, narrowing: { from: 0, to: Infinity } })
}

async function result(verification: PlaceVerification) {
  while (verification.look().state === 'running') await later(10)
  return verification.look()
}

describe('the verification of a place', () => {
  test('without keys fails, and says what to do', async () => {
    const { root } = signedPlace()
    const { state, why, outcome, trails } = await result(await verificationOf(root, {}))
    assert.deepEqual([state, outcome, trails], ['failed', undefined, []])
    assert.match(why ?? '', /no public keys: name a file with --public-keys/)
  })

  test('that is closed ends without a verdict', async () => {
    const { root, publicKeys } = signedPlace()
    const verification = await verificationOf(root, { publicKeys })
    assert.equal(verification.look().state, 'running')
    await verification.close()
    const { state, outcome } = verification.look()
    assert.deepEqual([state, outcome], ['failed', undefined])
  })

  test('that nobody looked at has not begun', async () => {
    const { root, publicKeys } = signedPlace()
    const verification = await verificationOf(root, { publicKeys })
    await verification.close()
    assert.deepEqual(verification.look().checked, { digests: 0, logFiles: 0 })
  })
})
