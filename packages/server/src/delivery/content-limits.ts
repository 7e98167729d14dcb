/** The bounds of making log files; simulations make them small. */
export interface ContentLimits {
  /** Events of one range, in all its files together. */
  readonly eventsMax: number
  /** Uncompressed, the files of one range together. A single larger record is still a file. */
  readonly bytesMax: number
  /** Entries of a page: the main thread works on one without a pause. */
  readonly pageEntries: number
  /** About as many encoded bytes of a page. */
  readonly pageBytesMax: number
  /** Encoded pages kept for the other trails of their streams. */
  readonly pageCacheBytesMax: number
  /** Finished contents kept for trails that select the same, compressed. */
  readonly contentCacheBytesMax: number
}

const MiB = 2 ** 20

/** What CloudTrail promises of a file; a repeated plan is held to these alone, since working limits may have changed. */
export const logFileQuota = { eventsMax: 50_000, bytesMax: 50_000_000 } as const

export const defaultContentLimits: ContentLimits = {
  eventsMax: logFileQuota.eventsMax,
  // Half the quota: a build holds its records once and, while they are packed, a second time in the worker.
  bytesMax: 24 * MiB,
  // About 2 ms of the main thread, and one round trip to a worker for a thousand events.
  pageEntries: 1_024,
  // Records can be 256 KB each.
  pageBytesMax: 4 * MiB,
  // A full range with its envelopes: trails that select differently each go through all its pages. With fewer, every trail
  // reads the journal anew, at three times the main thread's time.
  pageCacheBytesMax: 40 * MiB,
  // A full file has 1 to 3 MiB.
  contentCacheBytesMax: 32 * MiB,
}

/** @throws {RangeError} a limit lies beyond what a file may have, or is not positive. */
export function contentLimits(changes: Partial<ContentLimits> = {}): ContentLimits {
  const limits = { ...defaultContentLimits, ...changes }
  if (limits.eventsMax > logFileQuota.eventsMax || limits.bytesMax > logFileQuota.bytesMax)
    throw new RangeError(`a log file has at most ${logFileQuota.eventsMax} events and ${logFileQuota.bytesMax} bytes`)
  if (limits.eventsMax < 1 || limits.pageEntries < 1) throw new RangeError('a file and a page have at least one event')
  return limits
}
