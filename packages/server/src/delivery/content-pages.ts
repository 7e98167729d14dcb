import { encodedLength, encodeEntry, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import { createByteCache, type Journal } from '../journal/index.ts'
import type { ContentLimits } from './content-limits.ts'

/** Consecutive entries of a stream by the entry codec, behind the sequence that was asked for. Shared: never changed. */
export interface EncodedPage {
  readonly bytes: Uint8Array
  /** Not the one that was asked for where retention has removed that. */
  readonly first: Sequence
  readonly last: Sequence
}

export interface PageReader {
  /**
   * Entries after `after`, some of them perhaps behind `to`. Undefined: retention has removed all there were up to `to`,
   * which is durable. @throws {JournalUnavailableError} the disk cannot be read.
   */
  read(stream: StreamId, after: Sequence | 0, to: Sequence): Promise<EncodedPage | undefined>
}

/**
 * Reads and encodes each page once for all trails of its stream: those that ask while it is read wait for it, and the
 * last ones stay up to a bound. Pages end at multiples of their size, so that trails that begin in different places
 * meet from the second page on.
 */
export function createPageReader(
  journal: Pick<Journal, 'read'>,
  limits: Pick<ContentLimits, 'pageEntries' | 'pageBytesMax' | 'pageCacheBytesMax'>,
): PageReader {
  const { pageEntries, pageBytesMax } = limits
  const kept = createByteCache<EncodedPage>(limits.pageCacheBytesMax)
  /** Bounded by those who ask. */
  const loading = new Map<string, Promise<EncodedPage | undefined>>()

  async function load(key: string, stream: StreamId, after: Sequence | 0, limit: number) {
    const { entries } = await journal.read(stream, after, limit)
    if (entries.length === 0) return undefined
    const page = encodePage(entries, pageBytesMax)
    kept.set(key, page, page.bytes.length)
    return page
  }

  return {
    async read(stream, after, to) {
      const key = `${stream} ${after}`
      const known = kept.get(key)
      if (known) return known
      const limit = Math.min(to - after, pageEntries - (after % pageEntries))
      const waited = loading.get(`${key} ${limit}`)
      if (waited) return waited
      const started = load(key, stream, after, limit).finally(() => loading.delete(`${key} ${limit}`))
      loading.set(`${key} ${limit}`, started)
      return started
    },
  }
}

/** As many entries from the front as fit; at least one. */
function encodePage(entries: readonly StoredEntry[], bytesMax: number): EncodedPage {
  let length = 0
  let count = 0
  for (const entry of entries) {
    const more = encodedLength(entry)
    if (count > 0 && length + more > bytesMax) break
    length += more
    count += 1
  }
  // Not from the pool, and not cleared first: it is filled to the end.
  const bytes = Buffer.allocUnsafeSlow(length)
  let offset = 0
  for (let index = 0; index < count; index++) {
    const entry = entries[index]!
    offset = encodeEntry(bytes, offset, entry, entry.sequence)
  }
  return { bytes, first: entries[0]!.sequence, last: entries[count - 1]!.sequence }
}
