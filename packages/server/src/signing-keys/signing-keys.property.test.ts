import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import type { Region } from '@opentrail/core/event'
import { createMemoryControlStore, type FaultPoint } from '../control/index.ts'
import type { PeriodDocument } from './key-documents.ts'
import { SigningKeyDestroyedError, SigningKeyUnavailableError } from './signing-keys.ts'
import { fakeKeyRing, isSignedBy, openTestKeys, pooledKeyPairs } from './signing-keys.testing.ts'

const dayMs = 86_400_000
const now = Date.parse('2026-11-21T12:00:00Z')
const regions = ['eu-west-1', 'us-east-1'] as Region[]
const stepsMax = 25
/** Two processes, each of which may throw a pair away that the other was faster to store. */
const keyPairs = pooledKeyPairs(2 * 2 * (stepsMax + 1))

const step = fc.record({
  jumpMs: fc.oneof(fc.constant(0), fc.integer({ min: -90 * dayMs, max: 90 * dayMs })),
  agoMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 * dayMs })),
  region: fc.constantFrom(...regions),
  fault: fc.option(fc.constantFrom<FaultPoint>('before', 'after'), { nil: undefined }),
  act: fc.constantFrom('sign', 'sign', 'rotate', 'restart'),
})

test('two processes, failing writes and a jumping clock: one private half a period, and every signature verifies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: stepsMax }), async (steps) => {
      let fault: FaultPoint | undefined
      const control = createMemoryControlStore({ fault: () => [fault, (fault = undefined)][0] })
      const time = { now }
      const options = { time, keyRing: fakeKeyRing(), generate: keyPairs() }
      const open = () => [openTestKeys(control, options), openTestKeys(control, options)] as const
      let processes = open()
      const signatures: { region: Region; fingerprint: string; signature: string; at: number }[] = []
      for (const { jumpMs, agoMs, region, act, ...planned } of steps) {
        time.now += jumpMs
        fault = planned.fault
        if (act === 'restart') processes = open()
        // A failure is one of the injected ones; the next hour tries again.
        else if (act === 'rotate') for (const keys of processes) await keys.rotateDue(time.now).catch(() => {})
        else {
          const at = time.now - agoMs
          for (const given of await Promise.all(processes.map((keys) => keys.at(region, at)))) {
            assert.ok(given.validFrom <= at && at < given.validTo)
            signatures.push({ region, fingerprint: given.fingerprint, signature: given.sign('text'), at })
          }
        }
      }
      fault = undefined
      for (const { key, value } of await control.list<PeriodDocument>('signing-keys/'))
        assert.ok(value.keys.filter(({ privateKey }) => privateKey !== undefined).length <= 1, key)
      const [keys] = open()
      for (const { region, fingerprint, signature, at } of signatures) {
        const published = (await keys.list(region, at, at)).find((each) => each.fingerprint === fingerprint)
        assert.ok(published && isSignedBy(published, 'text', signature))
        const found = await keys.byFingerprint(region, fingerprint).catch((error: unknown) => error)
        assert.ok(found instanceof SigningKeyDestroyedError || (found as { sign?: unknown }).sign !== undefined)
      }
    }),
    { numRuns: 60 },
  )
})

test('generations that wait are bounded', async () => {
  const keys = openTestKeys(createMemoryControlStore(), { time: { now }, generate: () => new Promise(() => {}) })
  const outcomes = Array.from({ length: 1_010 }, (_, index) => keys.at('eu-west-1' as Region, index * 28 * dayMs))
  const refused = await Promise.race(outcomes.map((each) => each.catch((error: unknown) => error)))
  assert.ok(refused instanceof SigningKeyUnavailableError)
})
