import assert from 'node:assert/strict'
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import { ciphertextOverheadBytes, openCiphertext, readCiphertext, sealCiphertext } from './ciphertext.ts'
import { contextBytes } from './encryption-context.ts'
import { base64, openKmsWorld } from './kms.testing.ts'

const [material, markKey, keyId] = [createSecretKey(randomBytes(32)), randomBytes(32), randomUUID()]
const seal = (plaintext: Uint8Array, context = {}, materialVersion = 1) =>
  sealCiphertext({ keyId, materialVersion, material, markKey, random: systemRandom, context }, plaintext)

const texts = fc.string({ unit: 'binary', maxLength: 12 })
const contexts = fc.dictionary(texts, texts, { maxKeys: 5, noNullPrototype: true })
const plaintexts = fc.uint8Array({ minLength: 1, maxLength: 100 })

describe('a ciphertext', () => {
  test('names its key and material, and opens to what was sealed', () => {
    fc.assert(
      fc.property(plaintexts, contexts, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (plaintext, context, version) => {
        const blob = seal(plaintext, context, version)
        assert.equal(blob.length, plaintext.length + ciphertextOverheadBytes)
        assert.deepEqual(readCiphertext(blob, markKey), { keyId, materialVersion: version })
        assert.deepEqual([...openCiphertext(blob, material, context)!], [...plaintext])
      }),
    )
  })

  test('is not read once any bit of it, or its length, was changed', () => {
    const blob = seal(Buffer.from('secret'), { a: 'b' })
    for (let at = 0; at < blob.length * 8; at++) {
      const changed = Buffer.from(blob)
      changed[at >> 3]! ^= 1 << (at & 7)
      assert.equal(readCiphertext(changed, markKey), undefined, `bit ${at}`)
    }
    for (let length = 0; length < blob.length; length++)
      assert.equal(readCiphertext(blob.subarray(0, length), markKey), undefined, `${length} bytes`)
    assert.equal(readCiphertext(Buffer.concat([blob, Buffer.of(0)]), markKey), undefined)
    assert.equal(readCiphertext(blob, randomBytes(32)), undefined)
  })

  test('stays closed where header, body or tag were changed by somebody who can mark', () => {
    const blob = seal(Buffer.from('secret'), { a: 'b' })
    // What the mark protects, the cipher protects once more: but for the mark itself every byte is authenticated.
    for (let at = 0; at < blob.length - 16; at++) {
      const changed = blob.with(at, blob[at]! ^ 1)
      assert.equal(openCiphertext(changed, material, { a: 'b' }), undefined, `byte ${at}`)
    }
  })

  test('opens under its own context alone', () => {
    fc.assert(
      fc.property(contexts, contexts, (context, other) => {
        const isSame = isEqual(context, other)
        const opened = openCiphertext(seal(Buffer.of(1), context), material, other)
        assert.equal(opened !== undefined, isSame)
      }),
    )
  })

  test('does not open under another material', () => {
    assert.equal(openCiphertext(seal(Buffer.of(1)), createSecretKey(randomBytes(32)), {}), undefined)
  })
})

/** By pairs, whatever their order. */
function isEqual(a: Record<string, string>, b: Record<string, string>): boolean {
  const [first, second] = [Object.entries(a), new Map(Object.entries(b))]
  return first.length === second.size && first.every(([name, value]) => second.get(name) === value)
}

test('contexts have the same bytes in whatever order, and never those of another', () => {
  fc.assert(
    fc.property(contexts, contexts, (context, other) => {
      const reversed = Object.fromEntries(Object.entries(context).toReversed())
      assert.ok(contextBytes(context).equals(contextBytes(reversed)))
      assert.equal(contextBytes(context).equals(contextBytes(other)), isEqual(context, other))
    }),
  )
})

test('over the wire, whatever was done to a ciphertext gets the same answer', async () => {
  const world = await openKmsWorld()
  const { id } = await world.createKey()
  const { CiphertextBlob } = await world.ok('Encrypt', { KeyId: id, Plaintext: base64('secret') })
  const blob = Buffer.from(CiphertextBlob as string, 'base64')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(20),
      async (flips, cut) => {
        const changed = Buffer.from(blob)
        for (const [at, mask] of flips) changed[at]! ^= mask
        fc.pre(cut > 0 || !changed.equals(blob))
        const { status, text } = await world.call('Decrypt', {
          CiphertextBlob: base64(changed.subarray(0, changed.length - cut)),
        })
        assert.deepEqual([status, text], [400, '{"__type":"InvalidCiphertextException"}'])
      },
    ),
    { numRuns: 200 },
  )
})
