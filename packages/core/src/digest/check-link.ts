import { formatEventTime } from '../event/index.ts'
import type { DigestHead } from './digest-head.ts'
import { parseDigestKey } from './digest-key.ts'
import { isSamePlace } from './fetched.ts'
import { finding, type Finding } from './finding.ts'

/**
 * Checks that `newer` points at `older`, at its content and at its signature, and that its time begins where the older one's
 * ends. An empty list means an intact link. Both must be believable by themselves.
 */
export function checkLink(newer: DigestHead, older: DigestHead): Finding[] {
  const { previous } = newer
  if (!previous || !isSamePlace(previous, older.place)) {
    const message = 'The digest does not name the older one as its predecessor.'
    return [
      finding('link-elsewhere', newer.place, message, { previousKey: previous?.key ?? null, older: older.place.key }),
    ]
  }
  return [...checkContentLink(newer, older), ...checkContinuity(newer, older)]
}

function checkContentLink({ place, previous }: DigestHead, older: DigestHead): Finding[] {
  const findings: Finding[] = []
  const data = (expected: string | null, actual: string | null) => ({ newer: place.key, expected, actual })
  if (previous?.sha256 !== older.sha256) {
    const message = 'The content is not that of the digest which the next one was linked to.'
    findings.push(finding('link-hash-differs', older.place, message, data(previous?.sha256 ?? null, older.sha256)))
  }
  // Letter case is no difference: it is the same signature.
  const [expected, actual] = [previous?.signature ?? null, older.signature ?? null]
  if (expected?.toLowerCase() !== actual?.toLowerCase()) {
    const message = 'The signature is not that of the digest which the next one was linked to.'
    findings.push(finding('link-signature-differs', older.place, message, data(expected, actual)))
  }
  return findings
}

function checkContinuity(newer: DigestHead, older: DigestHead): Finding[] {
  const lateMs = newer.startTime - older.endTime
  // Backfill digests are made for the hours that need one.
  const isBackfill = parseDigestKey(newer.place.key)?.isBackfill ?? false
  if (lateMs === 0 || (isBackfill && lateMs > 0)) return []
  const [end, start] = [formatEventTime(older.endTime), formatEventTime(newer.startTime)]
  const data = { older: older.place.key, olderEnd: end, newerStart: start }
  if (lateMs > 0)
    return [
      finding('window-hole', newer.place, `The older digest ends at ${end}, this one begins only at ${start}.`, data),
    ]
  const message = `This digest begins at ${start}, before the older one ends at ${end}.`
  return [finding('window-overlap', newer.place, message, data)]
}
