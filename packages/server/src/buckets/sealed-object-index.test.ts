import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { formatKey } from './directory-records.ts'
import { openMemoryObjectIndex } from './memory-object-index.ts'
import { createSealedObjectIndex, secretId } from './sealed-object-index.ts'

const key = (name: string): Buffer => Buffer.from(name)
const secret = Buffer.alloc(32, 1)

describe('sealed index', () => {
  test('opens the example of the XAES-256-GCM specification', async () => {
    const inner = openMemoryObjectIndex()
    const sealed = Buffer.concat([
      Buffer.from([1]),
      Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX'),
      Buffer.from('ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271', 'hex'),
    ])
    // Its additional data is empty, and so is the key of the record here.
    await inner.transact((transaction) => transaction.put(Buffer.alloc(0), sealed))
    assert.equal(createSealedObjectIndex(inner, secret).get(Buffer.alloc(0))?.toString(), 'XAES-256-GCM')
  })

  test('values come back under their own key alone, and nothing of them is stored', async () => {
    const inner = openMemoryObjectIndex()
    const index = createSealedObjectIndex(inner, secret)
    const value = Buffer.from('{"policy":"secret"}')
    await index.transact((transaction) => {
      transaction.put(key('oa'), value)
      transaction.put(key('ob'), value)
      transaction.put(key('la'), Buffer.alloc(0))
      transaction.put(formatKey, Buffer.from('{"format":2}'))
      assert.deepEqual(transaction.get(key('oa')), value)
    })
    assert.deepEqual(
      index.range(key('o'), undefined, 10).map((entry) => entry.value),
      [value, value],
    )
    const [a, b] = [inner.get(key('oa'))!, inner.get(key('ob'))!]
    assert.notDeepEqual(a, b)
    assert.ok(!a.includes('secret'))
    assert.equal(inner.get(key('la'))!.length, 0)
    assert.equal(inner.get(formatKey)!.toString(), '{"format":2}')
    await inner.transact((transaction) => transaction.put(key('ob'), a))
    assert.throws(() => index.get(key('ob')), /was changed/)
    for (let at = 1; at < a.length; at++) {
      const changed = Buffer.from(a)
      changed[at]! ^= 1
      await inner.transact((transaction) => transaction.put(key('oa'), changed))
      assert.throws(() => index.get(key('oa')), /was changed/, `byte ${at}`)
    }
    await inner.transact((transaction) => transaction.put(key('oa'), a.subarray(0, 20)))
    assert.throws(() => index.get(key('oa')), /was changed/)
  })

  test('what format 1 wrote is read as it is', async () => {
    const inner = openMemoryObjectIndex()
    await inner.transact((transaction) => transaction.put(key('oa'), Buffer.from('{}')))
    assert.equal(createSealedObjectIndex(inner, secret).get(key('oa'))!.toString(), '{}')
  })

  test('two secrets have two names', () => {
    assert.equal(secretId(secret), secretId(Buffer.from(secret)))
    assert.notEqual(secretId(secret), secretId(Buffer.alloc(32, 2)))
  })
})
