import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'vitest'
import { mutationsOf, privateKeyOf, signerOf, withOneCharacterChanged } from './checkpoint.testing.ts'
import { encodeVerifierKey, isSignedBy, noteKey, noteSigner, parseVerifierKey } from './note-key.ts'

/** The key of Go's checksum database, as every Go toolchain has it. */
const published = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'

test('a published verifier key is read and written', () => {
  const reading = parseVerifierKey(published)
  assert.ok(reading.ok)
  assert.equal(reading.key.name, 'sum.golang.org')
  assert.equal(reading.key.id, 0x033de0ae)
  assert.equal(reading.key.publicKey.length, 32)
  assert.equal(encodeVerifierKey(reading.key), published)
})

test('a published secret key has the published verifier key', () => {
  const secret = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64')
  const signer = noteSigner('PeterNeumann', privateKeyOf(secret.subarray(1)))
  assert.equal(encodeVerifierKey(signer.key), 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
})

test('the id is of the name as well as of the key', () => {
  const { publicKey } = signerOf('a').key
  assert.notEqual(noteKey('a', publicKey).id, noteKey('b', publicKey).id)
})

test('no changed verifier key is accepted', () => {
  for (const changed of withOneCharacterChanged(published)) assert.equal(parseVerifierKey(changed).ok, false, changed)
  for (let from = 0; from < published.length; from++)
    for (let to = from; to < published.length; to++) assert.equal(parseVerifierKey(published.slice(from, to)).ok, false)
})

test('a key of another algorithm or length is refused though its id is right', () => {
  for (const encoded of [
    'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  ])
    assert.equal(parseVerifierKey(encoded).ok, false)
})

test('what is read of a mutated verifier key is written the same, and nothing throws', () => {
  const property = fc.property(mutationsOf(published), (text) => {
    const reading = parseVerifierKey(text)
    assert.ok(!reading.ok || encodeVerifierKey(reading.key) === text)
  })
  fc.assert(property, { numRuns: 500, interruptAfterTimeLimit: 3_000 })
})

test('a name that would break a line or a verifier key is refused', () => {
  const { publicKey } = signerOf('a').key
  for (const name of ['', 'a b', 'a+b', 'a\n', 'a\u00a0b', 'a\u2003b', 'a\u0085', 'a\u0000', '\ud800'])
    assert.throws(() => noteKey(name, publicKey), RangeError, JSON.stringify(name))
  assert.equal(noteKey('журнал.example/ä', publicKey).name, 'журнал.example/ä')
})

test('another kind or length of key is refused', () => {
  assert.throws(() => noteKey('a', new Uint8Array(31)), RangeError)
  assert.throws(() => noteSigner('a', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), RangeError)
  assert.throws(() => noteSigner('a', generateKeyPairSync('x25519').privateKey), RangeError)
})

test('signatures of any length and keys of any bytes are answered, not thrown at', () => {
  const { key, sign } = signerOf('a')
  const text = Buffer.from('text')
  assert.equal(isSignedBy(key, text, sign(text)), true)
  for (const length of [0, 1, 63, 65, 1_000]) assert.equal(isSignedBy(key, text, new Uint8Array(length)), false)
  for (const fill of [0, 1, 255])
    for (const length of [0, 31, 32, 33])
      assert.equal(isSignedBy({ ...key, publicKey: new Uint8Array(length).fill(fill) }, text, sign(text)), false)
})
