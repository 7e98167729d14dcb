import { parseLogFileKey } from '../delivery/index.ts'
import { parseEventTime } from '../event/index.ts'
import type { DigestFile } from './digest-file.ts'
import type { ExpectedChain } from './expected-chain.ts'
import type { Place } from './fetched.ts'
import { finding, type Finding } from './finding.ts'

/** What is wrong with what a digest says, whoever has signed it. */
export const checkContent = (
  place: Place,
  digest: DigestFile,
  expected: ExpectedChain,
  windowMs: number,
): Finding[] => [
  ...checkWindow(place, digest, windowMs),
  ...checkPrevious(place, digest),
  ...checkEventTimes(place, digest),
  ...checkEntries(place, digest, expected),
]

function checkWindow(place: Place, digest: DigestFile, windowMs: number): Finding[] {
  const { digestStartTime: start, digestEndTime: end } = digest
  const lengthMs = (parseEventTime(end) ?? 0) - (parseEventTime(start) ?? 0)
  if (lengthMs === windowMs) return []
  const message = `The digest covers ${lengthMs / 1000} seconds, from ${start} to ${end}, instead of ${windowMs / 1000}.`
  return [finding('window-length', place, message, { start, end })]
}

/** The five members that name the previous digest are null together. */
function checkPrevious(place: Place, digest: DigestFile): Finding[] {
  const link = [
    digest.previousDigestS3Bucket,
    digest.previousDigestS3Object,
    digest.previousDigestHashValue,
    digest.previousDigestHashAlgorithm,
    digest.previousDigestSignature,
  ]
  const nulls = link.filter((value) => value === null).length
  if (nulls === 0 || nulls === link.length) return []
  return [
    finding('link-incomplete', place, `Of five members that name the previous digest ${nulls} are null.`, { nulls }),
  ]
}

function checkEventTimes(place: Place, digest: DigestFile): Finding[] {
  let newest: string | null = null
  let oldest: string | null = null
  for (const file of digest.logFiles) {
    // The one form of times sorts as text.
    if (newest === null || file.newestEventTime > newest) newest = file.newestEventTime
    if (oldest === null || file.oldestEventTime < oldest) oldest = file.oldestEventTime
  }
  if (newest === digest.newestEventTime && oldest === digest.oldestEventTime) return []
  const message = 'The newest and oldest event times of the digest are not those of its log files.'
  return [finding('event-times-differ', place, message, { newest, oldest })]
}

function checkEntries(place: Place, digest: DigestFile, expected: ExpectedChain): Finding[] {
  const findings: Finding[] = []
  const seen = new Set<string>()
  for (const [index, { s3Bucket, s3Object }] of digest.logFiles.entries()) {
    const name = parseLogFileKey(s3Object)
    const isOwn = name?.account === expected.account && name.region === expected.sourceRegion
    const data = { index, s3Bucket, s3Object }
    if (!isOwn) {
      const message = `Entry ${index} is no log file of the digest's account and Region.`
      findings.push(finding('log-file-foreign', place, message, data))
    }
    const file = `${s3Bucket}/${s3Object}`
    if (seen.has(file)) {
      const message = `Entry ${index} lists a log file that the digest has already listed.`
      findings.push(finding('log-file-listed-twice', place, message, data))
    }
    seen.add(file)
  }
  return findings
}
