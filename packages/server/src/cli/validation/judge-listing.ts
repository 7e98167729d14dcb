import type { Finding, LogFileLedger } from '@opentrail/core/digest'
import { parseLogFileKey } from '@opentrail/core/delivery'
import { dayFolder, type TimeRange } from './digest-listing.ts'
import type { ObjectSource } from './object-source.ts'
import { accountFolder, type TrailPlace } from './trail-place.ts'

const hourMs = 3_600_000

/**
 * Compares what lies in the Region's folder of log files with what the digests list. Resolves to the number of objects that
 * were compared. @throws {SourceError}
 */
export async function judgeListing(
  { source, trail, range }: { source: ObjectSource; trail: TrailPlace; range: TimeRange },
  ledger: LogFileLedger,
  buckets: readonly string[],
  onFinding: (finding: Finding) => void,
): Promise<number> {
  const folder = `${accountFolder(trail)}/CloudTrail/${trail.chain.sourceRegion}/`
  // Keys begin with their day, so the listing begins a day early and ends soon after the range.
  const after = `${folder}${dayFolder(range.from - 24 * hourMs)}`
  let count = 0
  for (const bucket of buckets)
    for await (const key of source.list(bucket, folder, after)) {
      const stamp = parseLogFileKey(key)?.stamp
      if (stamp !== undefined && stamp > range.to + hourMs) {
        // Other names sort among these; the day after has none that matter.
        if (stamp > range.to + 48 * hourMs) break
        continue
      }
      if (stamp !== undefined && stamp < range.from) continue
      count++
      const found = ledger.judge({ bucket, key })
      if (found) onFinding(found)
    }
  return count
}
