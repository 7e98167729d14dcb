import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, test } from 'vitest'
import { signingKey } from './clean-bucket.testing.ts'
import {
  digestBytes,
  digestMetadata,
  publicKeyFingerprint,
  readDigest,
  signDigest,
  textToSign,
  type DigestFile,
} from './index.ts'
import { sha256Hex } from './digest-signature.ts'

const folder = 'AWSLogs/210000000001/CloudTrail-Digest/eu-west-1/2026/03/04'
const key = `${folder}/210000000001_CloudTrail-Digest_eu-west-1_main_eu-west-1_20260304T101112Z.json.gz`
/** In another order than CloudTrail's, with a member that is none of its. */
const first: DigestFile & { readonly note: string } = {
  logFiles: [],
  note: 'not part of a digest',
  digestS3Object: key,
  digestS3Bucket: 'audit-logs',
  digestEndTime: '2026-03-04T10:11:12Z',
  digestStartTime: '2026-03-04T09:11:12Z',
  digestPublicKeyFingerprint: '0123456789abcdef0123456789abcdef',
  digestSignatureAlgorithm: 'SHA256withRSA',
  awsAccountId: '210000000001',
  newestEventTime: null,
  oldestEventTime: null,
  previousDigestSignature: null,
  previousDigestHashAlgorithm: null,
  previousDigestHashValue: null,
  previousDigestS3Object: null,
  previousDigestS3Bucket: null,
}

describe('digest files', () => {
  test('a chain’s first digest has the bytes, the hash and the text to sign that it should', () => {
    const bytes = digestBytes(first)
    const text =
      `{"awsAccountId":"210000000001","digestStartTime":"2026-03-04T09:11:12Z","digestEndTime":"2026-03-04T10:11:12Z",` +
      `"digestS3Bucket":"audit-logs","digestS3Object":"${key}",` +
      `"digestPublicKeyFingerprint":"0123456789abcdef0123456789abcdef","digestSignatureAlgorithm":"SHA256withRSA",` +
      `"newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,` +
      `"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}`
    assert.equal(Buffer.from(bytes).toString(), text)
    assert.equal(bytes.length, 625)
    assert.equal(sha256Hex(bytes), '0f5162228a0e4e886e2cc4bc98e9be2c427a215219405138db1ebeec18890867')
    const toSign = textToSign(first, bytes)
    assert.equal(toSign.length, 242)
    assert.equal(toSign.split('\n').at(-1), 'null')
    assert.equal(sha256Hex(Buffer.from(toSign)), 'bbeba6fe1dd5aee4937bfd1164e791edfad024120c3117ac8799014eefe7cefc')
  })

  test('entries of log files are in CloudTrail’s order, and read back', () => {
    const entry = {
      oldestEventTime: '2026-03-04T10:07:02Z',
      newestEventTime: '2026-03-04T10:13:40Z',
      hashAlgorithm: 'SHA-256',
      hashValue: sha256Hex(Buffer.from('{"Records":[]}')),
      s3Object: 'a.json.gz',
      s3Bucket: 'audit-logs',
    } as const
    const bytes = digestBytes({ ...first, logFiles: [entry] })
    assert.match(
      Buffer.from(bytes).toString(),
      /"logFiles":\[\{"s3Bucket":.*"s3Object":.*"hashValue":"26a792db.*ecff","hashAlgorithm":"SHA-256","newestEventTime":.*"oldestEventTime":.*\}\]\}$/,
    )
    const read = readDigest(bytes)
    assert.ok(read.ok)
    assert.deepEqual(read.digest.logFiles, [entry])
  })

  test('a later digest signs the signature of the one before', () => {
    const digest = { ...first, previousDigestSignature: 'ab12' }
    assert.equal(textToSign(digest, digestBytes(digest)).split('\n')[3], 'ab12')
  })

  test('the signature is 512 lower hex digits of PKCS#1 v1.5 over the text, and the metadata hold it', () => {
    const { privateKey, source, fingerprint } = signingKey(0, 0)
    const signature = signDigest('text', privateKey)
    assert.match(signature, /^[0-9a-f]{512}$/)
    const publicKey = createPublicKey({ key: Buffer.from(source.der), format: 'der', type: 'pkcs1' })
    assert.ok(verify('sha256', Buffer.from('text'), publicKey, Buffer.from(signature, 'hex')))
    assert.equal(publicKeyFingerprint(source.der), fingerprint)
    assert.deepEqual(digestMetadata(signature), { signature, 'signature-algorithm': 'SHA256withRSA' })
    assert.equal(
      digestMetadata(signature, Date.UTC(2026, 2, 4))['backfill-generation-timestamp'],
      '2026-03-04T00:00:00.000Z',
    )
  })
})
