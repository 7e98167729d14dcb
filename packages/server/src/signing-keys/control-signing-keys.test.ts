import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'vitest'
import type { Region } from '@opentrail/core/event'
import { ControlConflictError, createMemoryControlStore, type ControlStore, type FaultPoint } from '../control/index.ts'
import type { PeriodDocument } from './key-documents.ts'
import { generateRsaKeyPair } from './key-pair.ts'
import {
  SigningKeyDestroyedError,
  SigningKeyError,
  SigningKeyUnavailableError,
  type SigningKey,
  type SigningKeys,
} from './signing-keys.ts'
import { fakeKeyRing, isSignedBy, openTestKeys, smallKeyPair } from './signing-keys.testing.ts'

const region = 'eu-west-1' as Region
const other = 'us-east-1' as Region
const dayMs = 86_400_000
/** A period's first moment: a whole number of four weeks since 1970. */
const start = 743 * 28 * dayMs
const documents = (control: ControlStore) => control.list<PeriodDocument>('signing-keys/')
const fingerprints = async (keys: SigningKeys, from: number, to: number, of = region) =>
  (await keys.list(of, from, to)).map(({ fingerprint }) => fingerprint)
const validity = ({ validFrom, validTo }: SigningKey) => [(validFrom - start) / dayMs, (validTo - start) / dayMs]

describe('a key', () => {
  test('is RSA-2048, named by the MD5 of its PKCS#1 bytes, and its signatures verify with these', async () => {
    const keys = openTestKeys(createMemoryControlStore(), { time: { now: start }, generate: generateRsaKeyPair })
    const key = await keys.current(region)
    assert.match(key.fingerprint, /^[0-9a-f]{32}$/)
    assert.equal(key.fingerprint, createHash('md5').update(key.publicKey).digest('hex'))
    const text = '2026-03-04T10:11:12Z\nbücket/key\nabc\nnull'
    const signature = key.sign(text)
    assert.match(signature, /^[0-9a-f]{512}$/)
    const [published] = await keys.list(region, start, start)
    assert.ok(isSignedBy(published!, text, signature))
    assert.ok(!isSignedBy(published!, `${text}\n`, signature))
  })

  test('is one for a Region, the same for every caller and the next process', async () => {
    const control = createMemoryControlStore()
    const options = { time: { now: start + 5 }, keyRing: fakeKeyRing() }
    const [first, second] = [openTestKeys(control, options), openTestKeys(control, options)]
    const asked = await Promise.all([1, 2, 3].flatMap(() => [first.current(region), second.current(region)]))
    const found = new Set(asked.map(({ fingerprint }) => fingerprint))
    assert.equal(found.size, 1)
    assert.equal(first.made.length + second.made.length, 1)
    const third = openTestKeys(control, options)
    assert.equal((await third.current(region)).fingerprint, asked[0]!.fingerprint)
    assert.notEqual((await third.current(other)).fingerprint, asked[0]!.fingerprint)
    const signature = (await third.current(region)).sign('text')
    assert.ok(isSignedBy(asked[0]!, 'text', signature))
  })

  test('lies in the store without its private half in the clear', async () => {
    const control = createMemoryControlStore()
    const pair = smallKeyPair()
    await openTestKeys(control, { time: { now: start }, generate: async () => pair }).current(region)
    const stored = JSON.stringify(await documents(control))
    const secret = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
    // The modulus is in both halves; the private exponent begins in the middle.
    for (let offset = 120; offset < 240; offset++)
      assert.ok(
        !stored.includes(
          secret
            .subarray(offset, offset + 30)
            .toString('base64')
            .slice(0, 24),
        ),
      )
    assert.ok(stored.includes(pair.publicKey.toString('base64')))
  })
})

describe('time', () => {
  test('a key signs for four weeks and is valid a day longer at both ends', async () => {
    const time = { now: start }
    const keys = openTestKeys(createMemoryControlStore(), { time })
    const first = await keys.current(region)
    assert.deepEqual(validity(first), [-1, 29])
    time.now = start + 28 * dayMs - 1
    assert.equal((await keys.current(region)).fingerprint, first.fingerprint)
    time.now++
    const second = await keys.current(region)
    assert.deepEqual(validity(second), [27, 57])
    assert.notEqual(second.fingerprint, first.fingerprint)
    assert.equal((await keys.at(region, time.now - 1)).fingerprint, first.fingerprint)
  })

  test('the successor of a key in use is made in its last day, so that nobody waits', async () => {
    const time = { now: start }
    const keys = openTestKeys(createMemoryControlStore(), { time })
    await keys.current(region)
    await keys.current(other)
    time.now = start + 27 * dayMs - 1
    await keys.rotateDue(time.now)
    assert.equal(keys.made.length, 2)
    time.now++
    await keys.rotateDue(time.now)
    assert.equal(keys.made.length, 4)
    const next = await fingerprints(keys, start + 29 * dayMs, start + 29 * dayMs)
    time.now = start + 28 * dayMs
    assert.deepEqual([(await keys.current(region)).fingerprint], next)
    assert.equal(keys.made.length, 4)
  })

  test('a Region that nothing asks for gets no successors, however far the clock is moved', async () => {
    const time = { now: start }
    const keys = openTestKeys(createMemoryControlStore(), { time })
    await keys.current(region)
    for (let day = 0; day < 400; day++) {
      time.now += dayMs
      await keys.rotateDue(time.now)
    }
    assert.equal(keys.made.length, 2)
    await keys.current(region)
    assert.equal(keys.made.length, 3)
  })

  test('a private half is destroyed a week after its validity, the public one stays', async () => {
    const control = createMemoryControlStore()
    const time = { now: start }
    const keys = openTestKeys(control, { time })
    const { fingerprint } = await keys.current(region)
    const gone = start + 36 * dayMs
    time.now = gone - 1
    await keys.rotateDue(time.now)
    assert.ok(isSignedBy(await keyNamed(keys, fingerprint), 'late', (await keyNamed(keys, fingerprint)).sign('late')))
    time.now = gone
    await keys.rotateDue(time.now)
    assert.deepEqual(keys.destroyed, [fingerprint])
    await assert.rejects(keys.byFingerprint(region, fingerprint), (error) => {
      assert.ok(error instanceof SigningKeyDestroyedError)
      assert.match(error.message, new RegExp(`${fingerprint} of eu-west-1`))
      return true
    })
    assert.ok(!JSON.stringify(await documents(control)).includes('"privateKey"'))
    assert.deepEqual(await fingerprints(keys, start, start), [fingerprint])
  })

  test('a private half that another process destroyed leaves the memory, too', async () => {
    const control = createMemoryControlStore()
    const options = { time: { now: start }, keyRing: fakeKeyRing() }
    const [first, second] = [openTestKeys(control, options), openTestKeys(control, options)]
    const { fingerprint } = await first.current(region)
    options.time.now += 40 * dayMs
    await second.rotateDue(options.time.now)
    await first.rotateDue(options.time.now)
    assert.deepEqual([first.destroyed, second.destroyed], [[], [fingerprint]])
    await assert.rejects(first.byFingerprint(region, fingerprint), SigningKeyDestroyedError)
  })

  test('a clock set back finds a key again, also where its private half was destroyed', async () => {
    const time = { now: start }
    const control = createMemoryControlStore()
    const keys = openTestKeys(control, { time })
    const first = await keys.current(region)
    time.now += 28 * dayMs
    await keys.current(region)
    time.now = start
    assert.equal((await keys.current(region)).fingerprint, first.fingerprint)
    time.now += 300 * dayMs
    await keys.rotateDue(time.now)
    assert.equal(keys.destroyed.length, 2)
    time.now = start
    const again = await keys.current(region)
    assert.deepEqual(validity(again), [-1, 29])
    assert.notEqual(again.fingerprint, first.fingerprint)
    const all = [first.fingerprint, again.fingerprint]
    assert.deepEqual((await fingerprints(keys, start, start)).toSorted(), all.toSorted())
    assert.equal((await keys.current(region)).fingerprint, again.fingerprint)
  })

  test('a digest planned long ago is signed by a key that was valid then, and may take a week', async () => {
    const time = { now: start + 500 * dayMs }
    const keys = openTestKeys(createMemoryControlStore(), { time })
    const late = await keys.at(region, start)
    assert.deepEqual(validity(late), [-1, 29])
    time.now += 7 * dayMs - 1
    await keys.rotateDue(time.now)
    assert.equal((await keyNamed(keys, late.fingerprint)).fingerprint, late.fingerprint)
    time.now += dayMs
    await keys.rotateDue(time.now)
    assert.deepEqual(keys.destroyed, [late.fingerprint])
  })

  test('there is a key before 1970, too, and none at a time that is none', async () => {
    const keys = openTestKeys(createMemoryControlStore(), { time: { now: -1 } })
    const { validFrom, validTo } = await keys.current(region)
    assert.ok(validFrom < -1 && validTo > -1)
    await assert.rejects(keys.at(region, Number.NaN), RangeError)
  })
})

describe('the list', () => {
  test('has the keys of the Region whose validity overlaps, the earliest first', async () => {
    const time = { now: start }
    const keys = openTestKeys(createMemoryControlStore(), { time })
    const third = (await keys.at(region, start + 56 * dayMs)).fingerprint
    const first = (await keys.at(region, start)).fingerprint
    const second = (await keys.at(region, start + 28 * dayMs)).fingerprint
    await keys.at('eu-west-10' as Region, start)
    const days = async (from: number, to: number) => fingerprints(keys, start + from * dayMs, start + to * dayMs)
    assert.deepEqual(await days(-100, 100), [first, second, third])
    assert.deepEqual(await days(-100, -1), [first])
    assert.deepEqual(await days(0, 0), [first])
    assert.deepEqual(await days(27, 27), [first, second])
    assert.deepEqual(await days(29, 29), [second])
    assert.deepEqual(await days(-100, -2), [])
    assert.deepEqual(await fingerprints(keys, start, start, other), [])
  })
})

describe('faults', () => {
  test('nothing is signed with a key that is not durable: a crash before the write leaves none', async () => {
    let stored = () => {}
    const crashing = createMemoryControlStore({
      commitDelay: () => new Promise<void>((resolve) => (stored = resolve)),
    })
    const options = { time: { now: start }, keyRing: fakeKeyRing() }
    const given = openTestKeys(crashing, options).current(region)
    const outcome = assert.rejects(given, SigningKeyUnavailableError)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    const next = crashing.crash()
    stored()
    // Its later attempts find the store closed.
    await outcome
    assert.deepEqual(await documents(next), [])
    await openTestKeys(next, options).current(region)
    assert.equal((await documents(next))[0]!.value.keys.length, 1)
  })

  test('a write of unknown outcome is found or repeated, with the same key', async () => {
    for (const point of ['before', 'after'] satisfies FaultPoint[]) {
      const faults: FaultPoint[] = [point]
      const control = createMemoryControlStore({ fault: () => faults.shift() })
      let generated = 0
      const generate = async () => (generated++, smallKeyPair())
      const keys = openTestKeys(control, { time: { now: start }, generate })
      const { fingerprint } = await keys.current(region)
      assert.deepEqual([await fingerprints(keys, start, start), generated], [[fingerprint], 1], point)
      assert.deepEqual(keys.made, [fingerprint])
    }
  })

  test('a store that is down fails the call, and the next one after it is back succeeds', async () => {
    let down = true
    const control = createMemoryControlStore({ fault: () => (down ? 'before' : undefined) })
    const keys = openTestKeys(control, { time: { now: start } })
    await assert.rejects(keys.current(region), SigningKeyUnavailableError)
    down = false
    await keys.current(region)
    await control.close()
    await keys.current(region)
    for (const failing of [keys.current(other), keys.list(region, start, start), keys.byFingerprint(region, 'x')])
      await assert.rejects(failing, (error) => error instanceof SigningKeyUnavailableError && error.cause !== undefined)
    await assert.rejects(keys.rotateDue(start))
  })

  test('a destruction that fails is tried again the next hour', async () => {
    const time = { now: start }
    let fault: FaultPoint | undefined
    const keys = openTestKeys(createMemoryControlStore({ fault: () => fault }), { time })
    const { fingerprint } = await keys.current(region)
    time.now += 40 * dayMs
    fault = 'before'
    await assert.rejects(keys.rotateDue(time.now))
    fault = undefined
    await keys.rotateDue(time.now)
    assert.deepEqual(keys.destroyed, [fingerprint])
  })

  test('a destruction that comes too late removes no key that was made meanwhile', async () => {
    const control = createMemoryControlStore()
    const options = { time: { now: start }, keyRing: fakeKeyRing() }
    const keys = openTestKeys(control, options)
    const old = await keys.current(region)
    const seen = await documents(control)
    options.time.now += 40 * dayMs
    await keys.rotateDue(options.time.now)
    const late = await keys.at(region, start)
    const slow = openTestKeys({ ...control, list: async () => seen as never }, options)
    await assert.rejects(slow.rotateDue(options.time.now), ControlConflictError)
    const all = [old.fingerprint, late.fingerprint]
    assert.deepEqual((await fingerprints(keys, start, start)).toSorted(), all.toSorted())
  })

  test('a successor that cannot be made keeps no old private half', async () => {
    const time = { now: start - 28 * dayMs }
    let works = true
    const generate = async () => (works ? smallKeyPair() : Promise.reject(new Error('no entropy')))
    const keys = openTestKeys(createMemoryControlStore(), { time, generate })
    const old = await keys.at(region, start - 100 * dayMs)
    time.now = start
    await keys.current(region)
    time.now = start + 27 * dayMs
    works = false
    await assert.rejects(keys.rotateDue(time.now), /no entropy/)
    assert.deepEqual(keys.destroyed, [old.fingerprint])
  })

  test('many Regions at once: all get a key, two are generated at a time', async () => {
    let running = 0
    let runningMax = 0
    const generate = async () => {
      runningMax = Math.max(runningMax, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return smallKeyPair()
    }
    const keys = openTestKeys(createMemoryControlStore(), { time: { now: start }, generate })
    const made = await Promise.all(Array.from({ length: 30 }, (_, index) => keys.current(`r-${index}` as Region)))
    assert.equal(new Set(made.map(({ fingerprint }) => fingerprint)).size, 30)
    assert.equal(runningMax, 2)
  })

  test('a generation that fails gives its place back', async () => {
    let failures = 3
    const generate = async () => (failures-- > 0 ? Promise.reject(new Error('no entropy')) : smallKeyPair())
    const keys = openTestKeys(createMemoryControlStore(), { time: { now: start }, generate })
    for (let tries = 0; tries < 3; tries++) await assert.rejects(keys.current(region), /no entropy/)
    await keys.current(region)
  })

  test('a private half that was sealed by another ring, or for another place, is named', async () => {
    const control = createMemoryControlStore()
    const options = { time: { now: start }, keyRing: fakeKeyRing() }
    const { fingerprint } = await openTestKeys(control, options).current(region)
    const isNamed = (error: unknown): boolean => {
      assert.ok(error instanceof SigningKeyError && error.cause instanceof Error)
      assert.equal(error.message, `signing key ${fingerprint} of eu-west-1 cannot be opened`)
      return true
    }
    const stranger = openTestKeys(control, { time: { now: start } })
    await assert.rejects(stranger.current(region), isNamed)
    await assert.rejects(stranger.byFingerprint(region, fingerprint), isNamed)
    // Its public half goes on being published.
    assert.deepEqual(await fingerprints(stranger, start, start), [fingerprint])
    const { key, value } = (await documents(control))[0]!
    await control.transact([{ key: key.replace('eu-west-1', 'us-west-1'), value }])
    await assert.rejects(openTestKeys(control, options).current('us-west-1' as Region), SigningKeyError)
  })

  test('a public half that was changed in the store is never published', async () => {
    const control = createMemoryControlStore()
    const keys = openTestKeys(control, { time: { now: start } })
    await keys.current(region)
    const { key, value } = (await documents(control))[0]!
    const publicKey = smallKeyPair().publicKey.toString('base64')
    await control.transact([{ key, value: { keys: value.keys.map((one) => ({ ...one, publicKey })) } }])
    await assert.rejects(keys.list(region, start, start), /public half of signing key .* of eu-west-1 was changed/)
  })

  test('closing waits for keys that are being made', async () => {
    const control = createMemoryControlStore()
    const keys = openTestKeys(control, { time: { now: start } })
    void keys.current(region)
    await keys.close()
    assert.equal((await documents(control)).length, 1)
  })
})

async function keyNamed(keys: SigningKeys, fingerprint: string): Promise<SigningKey> {
  const key = await keys.byFingerprint(region, fingerprint)
  assert.ok(key)
  assert.equal(key.fingerprint, fingerprint)
  return key
}
