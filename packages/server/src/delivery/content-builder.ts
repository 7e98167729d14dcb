import { availableParallelism } from 'node:os'
import type { LogFileKind, SelectingVersion } from '@opentrail/core/delivery'
import type { Region, Sequence, StreamId } from '@opentrail/core/event'
import type { Journal } from '../journal/index.ts'
import { createGate } from '../process/index.ts'
import { contentLimits, type ContentLimits } from './content-limits.ts'
import { createContentMemo } from './content-memo.ts'
import { createPageReader } from './content-pages.ts'
import { buildRange } from './content-range.ts'
import { createInPlaceRunner, createWorkerRunner, type ContentRunner } from './content-runner.ts'

/** Whose log files of which entries. */
export interface ContentRequest {
  readonly stream: StreamId
  /** The range is (after, to]; `to` is durable. */
  readonly after: Sequence | 0
  readonly to: Sequence
  /** Of one trail: all that were in force for any entry of the range, and the ones before each change. */
  readonly versions: readonly SelectingVersion[]
  readonly leadingRegion: Region
  /** A plan that is repeated takes exactly (after, to]; otherwise the range is cut where a file is full. */
  readonly isExact: boolean
}

export interface FileContent {
  readonly kind: LogFileKind
  /** One gzip member. May be shared with other callers: not to be changed or handed to another thread. */
  readonly body: Uint8Array
  /** Hexadecimal, of the uncompressed JSON. */
  readonly sha256: string
  /** Uncompressed. */
  readonly bytes: number
  readonly count: number
  /** Which entries behind `after` they are, by the codec of `@opentrail/core/delivery`. */
  readonly positions: Uint8Array
  /** Event times, ms. */
  readonly oldest: number
  readonly newest: number
  /** All records are about OpenTrail's (or CloudTrail's) own deliveries. */
  readonly isOwnDeliveriesOnly: boolean
}

export interface LogContent {
  /** Where the range ends: `to` of the request, or earlier where a file was full. */
  readonly to: Sequence
  /** At most one per kind, in the order of `logFileKinds`; empty where nothing was selected. */
  readonly files: readonly FileContent[]
  /** Of the last entry of the range; 0 where there is none. */
  readonly configVersion: number
  /** `changesConfig` values in the range, in order. */
  readonly changes: readonly number[]
  /** So many entries at the front of the range are gone: retention has removed them. */
  readonly missing: number
}

/** Makes the log files of a range of the journal. The same range, versions and limits give the same uncompressed bytes. */
export interface ContentBuilder {
  /**
   * Waits its turn where many build. Leaves nothing behind when it fails or `signal` aborts (then it rejects with the
   * signal's reason, within the time of one page or one packing), and can be called again.
   * @throws {RangeError} `to` is not durable, or lies before `after`. @throws {JournalUnavailableError} the journal cannot be read.
   * @throws {ContentWorkerError} a worker died. @throws {ContentTooLargeError} an exact range is beyond the quota.
   */
  build(request: ContentRequest, signal?: AbortSignal): Promise<LogContent>
  /** Aborts what is under way. */
  close(): Promise<void>
}

export interface ContentBuilderOptions {
  readonly journal: Pick<Journal, 'read' | 'durable'>
  /** Threads; by default one or two. */
  readonly workers?: number
  readonly limits?: Partial<ContentLimits>
}

/** One makes about 40,000 events a second; the others are left to intake and queries. */
const workersMax = 2

/**
 * On worker threads; the main thread only copies pages. One more range than there are workers is built at once, so that
 * one is read while the others are worked on: at most three, each with up to `bytesMax` of records here and, while they
 * are packed, once more in its worker.
 */
export function createContentBuilder({ journal, workers, limits }: ContentBuilderOptions): ContentBuilder {
  const threads = workers ?? Math.min(workersMax, Math.max(1, availableParallelism() - 1))
  return createBuilder(journal, contentLimits(limits), createWorkerRunner(threads), threads + 1)
}

/** The same results on the calling thread, one range at a time: for simulations. */
export const createInPlaceContentBuilder = ({
  journal,
  limits,
}: Omit<ContentBuilderOptions, 'workers'>): ContentBuilder =>
  createBuilder(journal, contentLimits(limits), createInPlaceRunner(), 1)

/** `buildsMax`: ranges under work at once. */
export function createBuilder(
  journal: Pick<Journal, 'read' | 'durable'>,
  limits: ContentLimits,
  runner: ContentRunner,
  buildsMax: number,
): ContentBuilder {
  const pages = createPageReader(journal, limits)
  const gate = createGate(buildsMax)
  const contents = createContentMemo(limits.contentCacheBytesMax, (request, signal) =>
    gate(signal, () => buildRange(request, { pages, runner, limits }, signal)),
  )
  const running = new Map<AbortController, Promise<unknown>>()
  let closed = false

  return {
    async build(request, signal) {
      if (closed) throw new Error('the content builder is closed')
      const { stream, after, to } = request
      if (to < after) throw new RangeError(`the range (${after}, ${to}] ends before it begins`)
      if (to > journal.durable(stream)) throw new RangeError(`${stream} is not durable up to ${to}`)
      signal?.throwIfAborted()
      const stop = new AbortController()
      const onAbort = (): void => stop.abort(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const started = contents(request, stop.signal)
      running.set(stop, started)
      try {
        return await started
      } finally {
        running.delete(stop)
        signal?.removeEventListener('abort', onAbort)
      }
    },
    async close() {
      closed = true
      for (const stop of running.keys()) stop.abort(new Error('the content builder is closed'))
      await Promise.allSettled(running.values())
      await runner.close()
    },
  }
}
