import type { Sequence, StreamId } from '@opentrail/core/event'
import { streamParts } from '@opentrail/core/event'
import { CipherError, type RecordCipher } from '../keyring/index.ts'
import { unpackBlock } from './block-codec.ts'
import type { ByteCache } from './byte-cache.ts'
import { encodedRun, entryOffsets, type EntryRun } from './entry-run.ts'
import type { FilePool } from './file-pool.ts'
import { openSpan, spansOf } from './frame-spans.ts'
import { decodeIds, idsOf } from './id-column.ts'
import type { RecentIds } from './journal.ts'
import { frameContext } from './log-format.ts'
import { frameLast, type PlacedFrame } from './log-scan.ts'
import { blockContext, idsContext, readFooter } from './sealed-format.ts'
import type { SealedBlock, SealedFooter, SealedRange, SealedStream } from './sealed-format.ts'
import { segmentName } from './segment-names.ts'
import type { StreamTable } from './stream-table.ts'

export interface StreamSpan {
  readonly last: Sequence
  /** Latest admittedAt, ms. */
  readonly newest: number
}

/** One file of the journal, sealed or not, as reading and retention see it. */
export interface Segment {
  readonly number: number
  readonly path: string
  readonly sealed: boolean
  readonly bytes: number
  /** The stream's last sequence before this segment. */
  before(stream: StreamId): Promise<Sequence | 0>
  spans(): Promise<ReadonlyMap<StreamId, StreamSpan>>
  /** What the segment holds of one stream; undefined where nothing. */
  span(stream: StreamId): Promise<StreamSpan | undefined>
  /** The ids stored together with this entry's, from it on or from further in front; undefined where there is no such entry. */
  ids(stream: StreamId, sequence: Sequence): Promise<IdPage | undefined>
  /** The entries stored together with this one; undefined where the segment does not hold it. */
  run(stream: StreamId, sequence: Sequence): Promise<EntryRun | undefined>
}

export interface IdPage {
  /** Where to read on from. */
  readonly last: Sequence
  readonly parts: readonly RecentIds[]
  /** The account's key is gone, or the bytes were changed: `parts` is empty. */
  readonly unreadable?: CipherError
}

/** What segments share: open files, keys and the memory of what was read last. */
export interface SegmentReading {
  readonly directory: string
  readonly files: FilePool
  readonly cipher: RecordCipher
  /** Decrypted runs; one bound for all segments. */
  readonly runs: ByteCache<EntryRun>
  readonly footers: ByteCache<SealedFooter>
  /** Loads under way, so that readers of one block share it. Bounded by the readers. */
  readonly loading: Map<string, Promise<unknown>>
}

/** A log: frames are listed here as they become durable. */
export interface LogSegment extends Segment {
  readonly frames: readonly PlacedFrame[]
  readonly streamsBefore: StreamTable
  oldest: number
  newest: number
  bytes: number
  /** Takes in a frame that became durable, with its entries where they are at hand. */
  add(frame: PlacedFrame, run?: EntryRun): void
}

export function createLogSegment(
  reading: SegmentReading,
  number: number,
  streamsBefore: StreamTable,
  bytes: number,
): LogSegment {
  const frames: PlacedFrame[] = []
  const byStream = new Map<StreamId, PlacedFrame[]>()
  const path = `${reading.directory}/${segmentName(number, 'log')}`
  const keyOf = (frame: PlacedFrame): string => `${path}:${frame.offset}`
  return {
    number,
    path,
    sealed: false,
    bytes,
    frames,
    streamsBefore,
    oldest: Infinity,
    newest: -Infinity,
    add(frame, run) {
      frames.push(frame)
      const own = byStream.get(frame.stream)
      if (own) own.push(frame)
      else byStream.set(frame.stream, [frame])
      this.oldest = Math.min(this.oldest, frame.oldest)
      this.newest = Math.max(this.newest, frame.newest)
      if (run) reading.runs.set(keyOf(frame), run, run.bytes)
    },
    before: async (stream) => streamsBefore.get(stream)?.last ?? 0,
    async spans() {
      return new Map([...byStream].map(([stream, own]) => [stream, spanOf(own)]))
    },
    async span(stream) {
      const own = byStream.get(stream)
      return own && spanOf(own)
    },
    async ids(stream, sequence) {
      const own = byStream.get(stream) ?? []
      const index = indexOfRun(own, sequence)
      return index < 0 ? undefined : frameIds(reading, path, number, own, index)
    },
    async run(stream, sequence) {
      const own = byStream.get(stream) ?? []
      const frame = own[indexOfRun(own, sequence)]
      if (!frame) return undefined
      return cached(reading, reading.runs, keyOf(frame), async () => {
        const bytes = await openFrame(reading, path, number, frame)
        const run = encodedRun(bytes, stream, frame.first, frame.count)
        return { value: run, bytes: run.bytes }
      })
    },
  }
}

const spanOf = (frames: readonly PlacedFrame[]): StreamSpan => ({
  last: frameLast(frames.at(-1)!),
  newest: frames.reduce((newest, frame) => Math.max(newest, frame.newest), -Infinity),
})

/** Decrypts a frame's entries. @throws {CipherError} the account's key is gone, or the bytes were changed. */
export async function openFrame(
  reading: SegmentReading,
  path: string,
  number: number,
  frame: PlacedFrame,
): Promise<Buffer> {
  const { offset, length, payloadOffset, stream, first } = frame
  const sealed = await reading.files.use(path, (file) => file.read(offset + payloadOffset, length - payloadOffset))
  return reading.cipher.open(streamParts(stream).account, sealed, frameContext(number, stream, first))
}

/** The ids in one span of frames, from the frame at `index` on. */
async function frameIds(
  reading: SegmentReading,
  path: string,
  number: number,
  frames: readonly PlacedFrame[],
  index: number,
): Promise<IdPage> {
  // The first span alone is wanted, and none has more frames than fit into it.
  const [span] = spansOf(frames.slice(index, index + framesAtOnce))
  return idPage(frameLast(span!.at(-1)!), async () => {
    const opened = await openSpan(reading, path, number, span!)
    return opened.map((bytes, at) => frameIdsOf(bytes, span![at]!))
  })
}
/** Frames of one span, at most: bounds what is looked at, since a span of small frames holds about as many. */
const framesAtOnce = 1_024

const frameIdsOf = (bytes: Buffer, { first, count }: { readonly first: Sequence; readonly count: number }): RecentIds =>
  idsOf({ bytes, offsets: entryOffsets(bytes, count) }, first)

async function idPage(last: Sequence, load: () => Promise<RecentIds[]>): Promise<IdPage> {
  try {
    return { last, parts: await load() }
  } catch (error) {
    if (!(error instanceof CipherError)) throw error
    return { last, parts: [], unreadable: error }
  }
}

export function createSealedSegment(reading: SegmentReading, number: number, bytes: number): Segment {
  const name = segmentName(number, 'seg')
  const path = `${reading.directory}/${name}`
  const footer = (): Promise<SealedFooter> =>
    cached(reading, reading.footers, path, async () => {
      const read = await reading.files.use(path, (file) => readFooter(file, name, number))
      // As objects the index takes about four times the room that it takes as text.
      return { value: read.footer, bytes: read.bytes * 4 }
    })
  const at = (offset: number, length: number): Promise<Buffer> =>
    reading.files.use(path, (file) => file.read(offset, length))

  async function open(stream: StreamId, range: SealedRange, context: string): Promise<Buffer> {
    return reading.cipher.open(streamParts(stream).account, await at(range.offset, range.length), context)
  }

  async function load(stream: StreamId, block: SealedBlock): Promise<EntryRun> {
    const { first, count } = block
    if (block.kind === 'block')
      return unpackBlock(await open(stream, block, blockContext(number, stream, first)), { stream, first, count })
    return encodedRun(await open(stream, block, frameContext(number, stream, first)), stream, first, count)
  }

  async function loadIds({ stream, ids, blocks }: SealedStream, sequence: Sequence): Promise<IdPage | undefined> {
    const range = ids[indexOfRun(ids, sequence)]
    if (range) {
      return idPage(endOf(range), async () => {
        const column = await open(stream, range, idsContext(number, stream, range.first))
        return decodeIds(column, range.first, range.count)
      })
    }
    const frame = blocks[indexOfRun(blocks, sequence)]
    if (!frame) return undefined
    return idPage(endOf(frame), async () => [
      frameIdsOf(await open(stream, frame, frameContext(number, stream, frame.first)), frame),
    ])
  }

  return {
    number,
    path,
    sealed: true,
    bytes,
    before: async (stream) => (await footer()).before.get(stream) ?? 0,
    spans: async () => (await footer()).streams,
    span: async (stream) => (await footer()).streams.get(stream),
    async ids(stream, sequence) {
      const sealed = (await footer()).streams.get(stream)
      return sealed && loadIds(sealed, sequence)
    },
    async run(stream, sequence) {
      const sealed = (await footer()).streams.get(stream)
      const block = sealed?.blocks[indexOfRun(sealed.blocks, sequence)]
      if (!sealed || !block) return undefined
      return cached(reading, reading.runs, `${path}:${block.offset}`, async () => {
        const run = await load(stream, block)
        return { value: run, bytes: run.bytes }
      })
    },
  }
}

const endOf = ({ first, count }: SealedRange): Sequence => (first + count - 1) as Sequence

/** The index of the run that holds `sequence`, by halving; -1 where none does. */
function indexOfRun(runs: readonly { readonly first: Sequence; readonly count: number }[], sequence: Sequence): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[middle]!.first <= sequence) low = middle + 1
    else high = middle
  }
  const candidate = runs[low - 1]
  return candidate && sequence < candidate.first + candidate.count ? low - 1 : -1
}

async function cached<Value>(
  reading: SegmentReading,
  cache: ByteCache<Value>,
  key: string,
  load: () => Promise<{ readonly value: Value; readonly bytes: number }>,
): Promise<Value> {
  const known = cache.get(key)
  if (known !== undefined) return known
  const waiting = reading.loading.get(key)
  if (waiting) return waiting as Promise<Value>
  const started = load()
    .then(({ value, bytes }) => {
      cache.set(key, value, bytes)
      return value
    })
    .finally(() => reading.loading.delete(key))
  reading.loading.set(key, started)
  return started
}
