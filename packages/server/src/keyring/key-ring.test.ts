import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import type { AccountId } from '@opentrail/core/event'
import { systemRandom } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore, type FaultPoint } from '../control/index.ts'
import { CipherError } from './cipher.ts'
import type { NonceBudget } from './data-keys.ts'
import { openKeyRing } from './key-ring.ts'
import { parseRootKey, RootKeyError } from './root-key.ts'

const account = '111122223333' as AccountId
const other = '444455556666' as AccountId
const newRootText = () => randomBytes(32).toString('base64')
const rootText = newRootText()
const ringOf = (control: ControlStore, value = rootText, budget?: NonceBudget) =>
  openKeyRing({
    control,
    source: { kind: 'environment', variable: 'ROOT', value },
    random: systemRandom,
    now: () => 0,
    ...(budget && { budget }),
  })
const text = (value: string) => [Buffer.from(value)]

describe('records', () => {
  test('what was sealed is opened, in parts or in one, also by the next process', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    await ring.cipher.prepare(account)
    const next = await ringOf(control)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), fc.string({ unit: 'binary' }), async (parts, context) => {
        const sealed = ring.cipher.seal(account, parts, context)
        assert.deepEqual(await ring.cipher.open(account, sealed, context), Buffer.concat(parts))
        assert.deepEqual(await next.cipher.open(account, sealed, context), Buffer.concat(parts))
      }),
    )
  })

  test('no changed bit, other context, other account or cut opens', async () => {
    const { cipher } = await ringOf(createMemoryControlStore())
    await cipher.prepare(account)
    await cipher.prepare(other)
    const sealed = cipher.seal(account, text('the record'), 'segment 1')
    for (let byte = 0; byte < sealed.length; byte++) {
      const changed = Buffer.from(sealed)
      changed[byte]! ^= 1 << (byte % 8)
      await assert.rejects(cipher.open(account, changed, 'segment 1'), CipherError, `byte ${byte}`)
      await assert.rejects(cipher.open(account, sealed.subarray(0, byte), 'segment 1'), CipherError, `cut at ${byte}`)
    }
    await assert.rejects(cipher.open(account, sealed, 'segment 2'), CipherError)
    await assert.rejects(cipher.open(other, sealed, 'segment 1'), CipherError)
    assert.equal(String(await cipher.open(account, sealed, 'segment 1')), 'the record')
  })

  test('the same plaintext never seals to the same bytes', async () => {
    const { cipher } = await ringOf(createMemoryControlStore())
    await cipher.prepare(account)
    const sealed = new Set(Array.from({ length: 1_000 }, () => cipher.seal(account, text('x'), '').toString('hex')))
    assert.equal(sealed.size, 1_000)
  })

  test('sealing before the key is there is refused', async () => {
    const ring = await ringOf(createMemoryControlStore())
    assert.throws(() => ring.cipher.seal(account, [], ''), /has not been prepared/)
    await ring.cipher.prepare(account)
    const sealed = ring.cipher.seal(account, text('x'), '')
    // Having opened something does not make an account ready to seal: no nonces are reserved yet.
    const control = createMemoryControlStore()
    const first = await ringOf(control)
    await first.cipher.prepare(account)
    const reader = await ringOf(control)
    await assert.rejects(reader.cipher.open(account, sealed, ''), CipherError)
    assert.throws(() => reader.cipher.seal(account, [], ''), /has not been prepared/)
  })

  test('data keys lie in the store only wrapped', async () => {
    const control = createMemoryControlStore()
    const seen: Uint8Array[] = []
    const random = {
      bytes(length: number) {
        const bytes = randomBytes(length)
        if (length === 32) seen.push(bytes)
        return bytes
      },
    }
    const source = { kind: 'environment', variable: 'ROOT', value: rootText } as const
    const ring = await openKeyRing({ control, source, random, now: () => 0 })
    await ring.cipher.prepare(account)
    assert.equal(seen.length, 2)
    const stored = JSON.stringify(await control.list(''))
    for (const key of [...seen, Buffer.from(rootText, 'base64')])
      for (const encoding of ['base64', 'hex'] as const)
        assert.ok(!stored.includes(Buffer.from(key).toString(encoding).slice(0, 12)))
  })
})

describe('rotation and destruction', () => {
  test('a rotated key still opens what it sealed, in this process and the next', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    const reader = await ringOf(control)
    await ring.cipher.prepare(account)
    const sealed: Buffer[] = []
    for (let round = 0; round < 3; round++) {
      sealed.push(ring.cipher.seal(account, text(`round ${round}`), ''))
      await ring.rotate(account)
    }
    assert.equal(new Set(sealed.map((bytes) => bytes.readUInt32BE(1))).size, 3)
    for (const cipher of [ring.cipher, reader.cipher, (await ringOf(control)).cipher])
      for (const [round, bytes] of sealed.entries())
        assert.equal(String(await cipher.open(account, bytes, '')), `round ${round}`)
  })

  test('a key that another process made is found', async () => {
    const control = createMemoryControlStore()
    const [writer, reader] = [await ringOf(control), await ringOf(control)]
    await writer.cipher.prepare(account)
    await reader.cipher.prepare(account)
    await writer.rotate(account)
    const sealed = writer.cipher.seal(account, text('new'), '')
    assert.equal(String(await reader.cipher.open(account, sealed, '')), 'new')
  })

  test('after destruction nothing opens, and its key id does not come back', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    await ring.cipher.prepare(account)
    await ring.cipher.prepare(other)
    const lost = ring.cipher.seal(account, text('lost'), '')
    const kept = ring.cipher.seal(other, text('kept'), '')
    await ring.destroy(account)
    assert.throws(() => ring.cipher.seal(account, [], ''), /has not been prepared/)
    await ring.cipher.prepare(account)
    const after = ring.cipher.seal(account, text('after'), '')
    assert.notEqual(after.readUInt32BE(1), lost.readUInt32BE(1))
    for (const { cipher } of [ring, await ringOf(control)]) {
      await assert.rejects(cipher.open(account, lost, ''), /does not exist or was destroyed/)
      assert.equal(String(await cipher.open(account, after, '')), 'after')
      assert.equal(String(await cipher.open(other, kept, '')), 'kept')
    }
  })
})

describe('the number of nonces under one key', () => {
  const budget = { sealsPerKeyMax: 20, sealsReserved: 8 }

  test('is bounded over all processes: the key changes before', async () => {
    const control = createMemoryControlStore()
    const seals = new Map<number, number>()
    for (let process = 0; process < 12; process++) {
      const { cipher } = await ringOf(control, rootText, budget)
      for (let seal = 0; seal < 11; seal++) {
        await cipher.prepare(account)
        const id = cipher.seal(account, [], '').readUInt32BE(1)
        seals.set(id, (seals.get(id) ?? 0) + 1)
      }
    }
    assert.equal(
      [...seals.values()].reduce((sum, count) => sum + count, 0),
      12 * 11,
    )
    for (const [id, count] of seals) assert.ok(count <= budget.sealsPerKeyMax, `key ${id} sealed ${count} times`)
  })

  test('sealing stops when no more can be reserved, and goes on when the store is back', async () => {
    let down = false
    const control = createMemoryControlStore({ fault: () => (down ? 'before' : undefined) })
    const { cipher } = await ringOf(control, rootText, budget)
    await cipher.prepare(account)
    down = true
    for (let seal = 0; seal < budget.sealsReserved; seal++) cipher.seal(account, [], '')
    assert.throws(() => cipher.seal(account, [], ''), CipherError)
    await assert.rejects(cipher.prepare(account))
    down = false
    await cipher.prepare(account)
    cipher.seal(account, [], '')
  })

  test('is reserved ahead in the background while sealing goes on', async () => {
    const control = createMemoryControlStore()
    const { cipher } = await ringOf(control, rootText, { sealsPerKeyMax: 1_000, sealsReserved: 8 })
    await cipher.prepare(account)
    const reserved = async () => (await control.get<{ reserved: number }>(`keyring/account/${account}`))!.value.reserved
    for (let block = 2; block <= 10; block++) {
      while ((await reserved()) < 8 * block) {
        cipher.seal(account, [], '')
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    assert.equal(await reserved(), 80)
  })
})

describe('faults of the control store', () => {
  test('a first key whose outcome is unknown is found or made again, never replaced', async () => {
    for (const point of ['before', 'after'] satisfies FaultPoint[]) {
      const faults: (FaultPoint | undefined)[] = [undefined, point]
      const control = createMemoryControlStore({ fault: () => faults.shift() })
      const ring = await ringOf(control)
      await ring.cipher.prepare(account)
      const sealed = ring.cipher.seal(account, text(point), '')
      assert.equal(String(await (await ringOf(control)).cipher.open(account, sealed, '')), point)
      assert.equal(sealed.readUInt32BE(1), 1)
    }
  })

  test('many processes that prepare an account at once agree on its key', async () => {
    const control = createMemoryControlStore()
    const rings = await Promise.all(Array.from({ length: 4 }, () => ringOf(control)))
    await Promise.all(rings.map(({ cipher }) => cipher.prepare(account)))
    const ids = rings.map(({ cipher }) => cipher.seal(account, [], '').readUInt32BE(1))
    assert.deepEqual([...new Set(ids)], [1])
  })
})

describe('the root key', () => {
  test('another one is refused, naming both', async () => {
    const control = createMemoryControlStore()
    await ringOf(control)
    const wrong = newRootText()
    await assert.rejects(ringOf(control, wrong), (error) => {
      assert.ok(error instanceof RootKeyError)
      assert.match(error.message, /does not match/)
      assert.ok(error.message.includes(parseRootKey(rootText, '').id))
      assert.ok(error.message.includes(parseRootKey(wrong, '').id))
      return true
    })
    await ringOf(control)
  })

  test('a service key that was tampered with does not open', async () => {
    const control = createMemoryControlStore()
    await ringOf(control)
    const { value } = (await control.get<{ rootKeyId: string; wrapped: string }>('keyring/service'))!
    const wrapped = Buffer.from(value.wrapped, 'base64')
    wrapped[20]! ^= 1
    await control.transact([{ key: 'keyring/service', value: { ...value, wrapped: wrapped.toString('base64') } }])
    await assert.rejects(ringOf(control), CipherError)
  })

  test('a data key put in place of another account’s does not open', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    await ring.cipher.prepare(account)
    const { value } = (await control.get('keyring/account/111122223333'))!
    await control.transact([{ key: 'keyring/account/444455556666', value }])
    await assert.rejects(ring.cipher.prepare(other), CipherError)
  })

  test('rewrapping changes what opens the ring and nothing else', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    await ring.cipher.prepare(account)
    await ring.rotate(account)
    const sealed = ring.cipher.seal(account, text('before'), '')
    const secret = ring.sealSecret('p', Buffer.from('secret'))
    const derived = ring.derive('page tokens')
    const nextText = newRootText()
    await ring.rewrap(parseRootKey(nextText, 'test'))

    await assert.rejects(ringOf(control), RootKeyError)
    const next = await ringOf(control, nextText)
    // The ring that is open goes on, and what it makes now is wrapped with the new key.
    await ring.cipher.prepare(other)
    const later = ring.cipher.seal(other, text('later'), '')
    for (const opened of [ring, next]) {
      const { cipher } = opened
      assert.equal(String(await cipher.open(account, sealed, '')), 'before')
      assert.equal(String(await cipher.open(other, later, '')), 'later')
      assert.equal(String(opened.openSecret('p', secret)), 'secret')
      assert.deepEqual(opened.derive('page tokens'), derived)
    }
    const [oldId, nextId] = [parseRootKey(rootText, '').id, parseRootKey(nextText, '').id]
    const stored = JSON.stringify(await control.list('keyring/'))
    assert.ok(!stored.includes(oldId) && stored.includes(nextId))
  })

  test('a rewrap that fails leaves the old root key in force; one whose answer is lost stands', async () => {
    for (const point of ['before', 'after'] satisfies FaultPoint[]) {
      let fault: FaultPoint | undefined
      const control = createMemoryControlStore({ fault: () => fault })
      const ring = await ringOf(control)
      await ring.cipher.prepare(account)
      const sealed = ring.cipher.seal(account, text('x'), '')
      const nextText = newRootText()
      fault = point
      const outcome = await ring.rewrap(parseRootKey(nextText, '')).then(
        () => 'done',
        () => 'failed',
      )
      fault = undefined
      assert.equal(outcome, point === 'before' ? 'failed' : 'done')
      const { cipher } = await ringOf(control, point === 'before' ? rootText : nextText)
      assert.equal(String(await cipher.open(account, sealed, '')), 'x')
      assert.equal(String(await ring.cipher.open(account, sealed, '')), 'x')
    }
  })

  test('a generated file is made once, and is missed when it is gone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'opentrail-ring-'))
    const path = join(directory, 'root.key')
    const control = createMemoryControlStore()
    const open = () => openKeyRing({ control, source: { kind: 'generated', path }, random: systemRandom, now: () => 0 })
    const secret = (await open()).sealSecret('p', Buffer.from('s'))
    assert.equal(String((await open()).openSecret('p', secret)), 's')
    await rm(path)
    await assert.rejects(open(), /is missing/)
    await assert.rejects(open(), /is missing/)
    await rm(directory, { recursive: true })
  })
})

describe('secrets and derived keys', () => {
  test('a secret opens for its own purpose only, unchanged', async () => {
    const ring = await ringOf(createMemoryControlStore())
    const sealed = ring.sealSecret('key/A', Buffer.from('secret'))
    assert.ok(!sealed.includes('secret'))
    assert.equal(String(ring.openSecret('key/A', sealed)), 'secret')
    assert.throws(() => ring.openSecret('key/B', sealed), CipherError)
    for (let byte = 0; byte < sealed.length; byte++) {
      const changed = Buffer.from(sealed)
      changed[byte]! ^= 0x80
      assert.throws(() => ring.openSecret('key/A', changed), CipherError)
      assert.throws(() => ring.openSecret('key/A', sealed.subarray(0, byte)), CipherError)
    }
  })

  test('derived keys are stable per purpose and differ between purposes and installations', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    const key = ring.derive('a')
    assert.equal(key.length, 32)
    assert.deepEqual((await ringOf(control)).derive('a'), key)
    assert.notDeepEqual(ring.derive('b'), key)
    assert.notDeepEqual((await ringOf(createMemoryControlStore())).derive('a'), key)
  })
})
