import assert from 'node:assert/strict'
import { test } from 'vitest'
import { awsVerdict, checkLogFile, type DigestLogFile, type FetchedLogFile } from './index.ts'

const entry: DigestLogFile = {
  s3Bucket: 'b',
  s3Object: 'k',
  hashValue: 'a'.repeat(64),
  hashAlgorithm: 'SHA-256',
  newestEventTime: '2026-03-04T10:13:40Z',
  oldestEventTime: '2026-03-04T10:13:40Z',
}
const place = { bucket: 'b', key: 'k' }
const found = { ...place, status: 'found', sha256: 'a'.repeat(64), hasTrailingData: false } as const
const mismatch = "hash value doesn't match"

test.each<[string, FetchedLogFile, string[], string]>([
  ['sound', found, [], 'valid'],
  ['changed', { ...found, sha256: 'b'.repeat(64) }, ['log-file-hash-differs'], `INVALID: ${mismatch}`],
  ['gone', { ...place, status: 'not-found' }, ['log-file-not-found'], 'INVALID: not found'],
  ['no gzip', { ...place, status: 'not-gzip' }, ['log-file-format'], 'INVALID: invalid format'],
  ['cut short', { ...place, status: 'cut-short' }, ['log-file-format'], `INVALID: ${mismatch}`],
  [
    'longer and changed',
    { ...found, sha256: 'b'.repeat(64), hasTrailingData: true },
    ['log-file-trailing-data', 'log-file-hash-differs'],
    'INVALID: unexpected data after end of compressed stream',
  ],
])('a log file is %s', (_, fetched, kinds, text) => {
  const findings = checkLogFile(entry, fetched)
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    kinds,
  )
  const verdict = awsVerdict({ type: 'log-file', ...place, homeRegion: 'eu-west-1' }, findings)
  assert.equal(verdict.status === 'aborted' ? '' : verdict.text, `Log file\ts3://b/k\t${text}`)
})

test('a log file that the store would not hand out is not called sound', () => {
  const findings = checkLogFile(entry, { ...place, status: 'unreadable', reason: 'AccessDenied' })
  assert.deepEqual(
    findings.map(({ kind, data }) => [kind, data['reason']]),
    [['log-file-unreadable', 'AccessDenied']],
  )
  assert.equal(awsVerdict({ type: 'log-file', ...place, homeRegion: 'x' }, findings).status, 'aborted')
})
