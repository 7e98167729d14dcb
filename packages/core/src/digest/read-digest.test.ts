import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { cleanBucket } from './clean-bucket.testing.ts'
import { readDigest } from './index.ts'
import { isWithinShape } from './json-shape.ts'
import { digestLogFilesMax } from './read-digest.ts'

const { written } = cleanBucket()
const { bytes, digest } = written[0]![1]!
const text = Buffer.from(bytes).toString()
const faultOf = (changed: string | Uint8Array): string => {
  const read = readDigest(typeof changed === 'string' ? Buffer.from(changed) : changed)
  return read.ok ? 'none' : read.field
}

describe('reading digests', () => {
  test('what was written is read, spaced or not, with members that are not known', () => {
    assert.deepEqual(readDigest(bytes), { ok: true, digest })
    const spaced = JSON.stringify({ ...digest, later: { deep: [1, [2]] } }, undefined, 2)
    assert.equal(faultOf(`${spaced}\n`), 'none')
  })

  test.each([
    ['awsAccountId', 1],
    ['awsAccountId', '12'],
    ['digestStartTime', '2026-03-04T09:11:12.000Z'],
    ['digestEndTime', '2026-02-31T09:11:12Z'],
    ['digestS3Bucket', 'a\nb'],
    ['digestS3Object', ''],
    ['digestS3Object', 'x'.repeat(1025)],
    ['digestPublicKeyFingerprint', 'AB'],
    ['digestSignatureAlgorithm', 'none'],
    ['newestEventTime', 0],
    ['previousDigestHashValue', 'abc'],
    ['previousDigestHashAlgorithm', 'MD5'],
    ['previousDigestSignature', 'a'],
    ['logFiles', {}],
    ['logFiles', undefined],
    ['oldestEventTime', undefined],
  ])('the member %s is not %j', (name, value) => {
    assert.equal(faultOf(JSON.stringify({ ...digest, [name]: value })), name)
  })

  test.each([
    ['hashValue', 'AB'],
    ['hashAlgorithm', null],
    ['s3Object', undefined],
    ['newestEventTime', null],
  ])('the member %s of an entry is not %j', (name, value) => {
    const logFiles = [digest.logFiles[0], { ...digest.logFiles[1], [name]: value }]
    assert.equal(faultOf(JSON.stringify({ ...digest, logFiles })), `logFiles[1].${name}`)
  })

  test.each(['', '[]', 'null', '"x"', text.slice(1), `${text}x`, `\uFEFF${text}`])(
    '%.12s... is no digest',
    (changed) => {
      assert.equal(faultOf(changed), '')
    },
  )

  test('bytes that are not UTF-8 are refused', () => {
    const broken = Uint8Array.from(bytes)
    broken[20] = 0xff
    assert.equal(faultOf(broken), '')
  })

  test('depth and number of values are bounded before anything is built of them', () => {
    const deep = `{"x":${'['.repeat(1000)}${']'.repeat(1000)}}`
    assert.equal(faultOf(deep), '')
    const many = `{"x":[${'[],'.repeat(10 * digestLogFilesMax)}[]]}`
    assert.equal(faultOf(many), '')
    const shape = { depthMax: 2, valuesMax: 10 }
    assert.ok(isWithinShape(Buffer.from('{"a":["[[[[,,,,,,,,,,,","\\"[[[\\\\"]}'), shape))
    assert.ok(!isWithinShape(Buffer.from('{"a":[[]]}'), shape))
    assert.ok(!isWithinShape(Buffer.from('[1,2,3,4,5,6,7,8,9,10]'), shape))
  })

  test('nothing throws, whatever the bytes, and none is taken for a digest', () => {
    const json = fc.json().map((value) => Buffer.from(value))
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), json), (given) => assert.equal(readDigest(given).ok, false)))
  })
})
