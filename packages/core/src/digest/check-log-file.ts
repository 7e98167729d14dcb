import type { DigestLogFile } from './digest-file.ts'
import type { FetchedLogFile } from './fetched.ts'
import { finding, type Finding } from './finding.ts'

/** Checks a log file against the entry of an authentic digest. An empty list: it is as it was delivered. */
export function checkLogFile(entry: DigestLogFile, fetched: FetchedLogFile): Finding[] {
  const place = { bucket: entry.s3Bucket, key: entry.s3Object }
  if (fetched.status === 'not-found')
    return [finding('log-file-not-found', place, 'The log file is not in the bucket.')]
  if (fetched.status === 'unreadable')
    return [finding('log-file-unreadable', place, 'The log file could not be read.', { reason: fetched.reason })]
  if (fetched.status !== 'found')
    return [finding('log-file-format', place, 'The log file is no whole gzip stream.', { reason: fetched.status })]
  const findings: Finding[] = []
  if (fetched.hasTrailingData)
    findings.push(finding('log-file-trailing-data', place, 'There are bytes behind the end of the log file.'))
  if (fetched.sha256 !== entry.hashValue) {
    const data = { expected: entry.hashValue, actual: fetched.sha256 }
    findings.push(finding('log-file-hash-differs', place, 'The log file is not as it was delivered.', data))
  }
  return findings
}
