import { dirname } from 'node:path'
import { encodedLength, streamParts } from '@opentrail/core/event'
import type { NewEntry, Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import type { Disk } from '../disk/index.ts'
import { CipherError, type RecordCipher } from '../keyring/index.ts'
import { layOutGroup, type PendingFrame, type WaitingAppend } from './append-group.ts'
import { createByteCache } from './byte-cache.ts'
import { epochFileName, takeEpoch } from './epoch-file.ts'
import { createFilePool } from './file-pool.ts'
import {
  JournalFencedError,
  JournalFullError,
  JournalUnavailableError,
  type DurableListener,
  type Journal,
} from './journal.ts'
import { frameLast } from './log-scan.ts'
import { createLogWriter } from './log-writer.ts'
import { createMutex } from '../process/index.ts'
import { firstKept, openSegments, type OpeningReport } from './open-segments.ts'
import { sealSegment } from './seal-segment.ts'
import type { Sealer } from './sealer.ts'
import { getEntries, readEntries, readIds, type SegmentList } from './segment-list.ts'
import { segmentName } from './segment-names.ts'
import { JournalCorruptError } from './segment-names.ts'
import { createSealedSegment, type LogSegment, type Segment, type SegmentReading } from './segment.ts'

/** Sealed segments of this many bytes uncompressed: few enough files, and one is sealed within about a second. */
const segmentBytesDefault = 64 * 1024 * 1024
/** A log is changed after a day even if it is small, so that retention can let go of days, not of segments. */
const segmentAgeMsDefault = 24 * 60 * 60 * 1000
/** Space kept back for the service's own audit events: an administrator can act, on the record, while intake is refused. */
const reserveBytesDefault = 16 * 1024 * 1024
/** Entries per block of a sealed segment, in bytes: below, files grow quickly; above, reading one entry costs more. */
export const blockBytesDefault = 64 * 1024
/** Decrypted entries kept for readers, beside 32 MiB of indexes. */
const cacheBytesDefault = 32 * 1024 * 1024
const footerCacheBytes = 32 * 1024 * 1024
/** Files open for reading; far below the usual limit of 1,024 per process. */
const filesMax = 64
/** Appends waiting while the disk is busy. Beyond it they are refused: the caller knows better than a queue what to do. */
const queueBytesMax = 64 * 1024 * 1024
/** One write and sync: larger ones delay everybody in them without saving much. */
const groupBytesMax = 8 * 1024 * 1024
/** One append has to fit a group. */
const appendBytesMax = groupBytesMax
/** What a frame takes beside its entries, generously: head, Merkle nodes, key id, nonce, tag. */
const frameOverheadBytes = 2048

export interface SegmentJournalOptions {
  readonly disk: Disk
  /** Absolute; made if absent. Nothing else may be kept there. */
  readonly directory: string
  readonly cipher: RecordCipher
  /** Stays the caller's to close. */
  readonly sealer: Sealer
  /** Cap on the files' size together. */
  readonly bytesMax: number
  readonly reserveBytes?: number
  readonly segmentBytes?: number
  readonly segmentAgeMs?: number
  readonly blockBytes?: number
  readonly cacheBytesMax?: number
  /** Told of failures that nobody waits for: background sealing (tried again later), or a listener that threw. */
  readonly onFault?: (what: string, error: unknown) => void
}

export interface SegmentJournal extends Journal {
  /** Resolves when no sealing is under way. */
  settled(): Promise<void>
}

/**
 * The journal in files of one directory: all streams in one log, synced in groups, sealed (regrouped by stream, compressed and
 * indexed) once full. Takes the journal over from any earlier writer. Needs the directory for itself: a lock that keeps a
 * second process out is the caller's; the epoch checked before each write only stops a writer that was left behind.
 * @throws {JournalCorruptError} acknowledged data is damaged or missing.
 */
export async function openSegmentJournal(
  options: SegmentJournalOptions,
): Promise<{ journal: SegmentJournal; opened: OpeningReport }> {
  const { disk, directory, cipher, bytesMax } = options
  const segmentBytes = options.segmentBytes ?? segmentBytesDefault
  const segmentAgeMs = options.segmentAgeMs ?? segmentAgeMsDefault
  const reserveBytes = options.reserveBytes ?? Math.min(reserveBytesDefault, Math.floor(bytesMax / 8))
  const onFault = options.onFault ?? (() => {})
  const reading: SegmentReading = {
    directory,
    cipher,
    files: createFilePool(disk, filesMax),
    runs: createByteCache(options.cacheBytesMax ?? cacheBytesDefault),
    footers: createByteCache(footerCacheBytes),
    loading: new Map(),
  }
  await disk.makeDirectory(directory)
  await disk.syncDirectory(dirname(directory))
  const epoch = await takeEpoch(disk, `${directory}/${epochFileName}`)
  const letGo = async (): Promise<void> => {
    await reading.files.close()
    await epoch.close()
  }
  const found = await openSegments(disk, reading).catch(async (error: unknown) => {
    await letGo()
    throw error
  })
  const { streams } = found
  const list: SegmentList = { segments: found.segments }
  const writer = await createLogWriter({
    disk,
    reading,
    epoch: epoch.epoch,
    streams,
    active: found.active,
    onRotated(log) {
      replaceSegments([...list.segments, log])
      sealSoon()
    },
  })
  if (!found.active) list.segments = [writer.log]
  let first = await firstKept(list.segments, streams.keys())
  /** Of all segments but the one being written. */
  let settledBytes = bytesOf(list.segments.slice(0, -1))

  const listeners = new Set<DurableListener>()
  const writing = createMutex()
  const maintaining = createMutex()
  /** Sealed segments whose log may still be there. */
  const sealedLogs = new Set<number>()
  let queue: WaitingAppend[] = []
  let queuedBytes = 0
  let draining: Promise<void> | undefined
  let sealing = false
  let fenced = false
  let closed = false

  function replaceSegments(segments: readonly Segment[]): void {
    list.segments = segments
    settledBytes = bytesOf(segments.slice(0, -1))
  }

  function refuseUnlessOpen(): void {
    if (closed) throw new JournalUnavailableError('the journal is closed')
    if (fenced) throw new JournalFencedError(`another writer has taken over ${directory}`)
  }

  function refuseUnlessRoom(bytes: number, reserve: boolean): void {
    const used = settledBytes + writer.log.bytes + queuedBytes
    const limit = reserve ? bytesMax : bytesMax - reserveBytes
    if (used + bytes > limit) throw new JournalFullError(`the journal holds ${used} of ${limit} bytes`)
    if (queuedBytes + bytes > queueBytesMax) throw new JournalFullError('too many appends wait for the disk')
  }

  async function append(
    stream: StreamId,
    entries: readonly NewEntry[],
    { reserve = false }: { readonly reserve?: boolean } = {},
  ): Promise<Sequence> {
    refuseUnlessOpen()
    if (entries.length === 0) return (streams.get(stream)?.last ?? 0) as Sequence
    let bytes = frameOverheadBytes
    for (const entry of entries) bytes += encodedLength(entry)
    if (bytes > appendBytesMax) throw new RangeError(`an append of ${bytes} bytes; at most ${appendBytesMax} at once`)
    await cipher.prepare(streamParts(stream).account)
    refuseUnlessOpen()
    refuseUnlessRoom(bytes, reserve)
    return new Promise((resolve, reject) => {
      queue.push({ stream, entries, bytes, resolve, reject })
      queuedBytes += bytes
      draining ??= drain()
    })
  }

  /** Writes group after group: whatever arrives while one is being synced goes into the next. */
  async function drain(): Promise<void> {
    // Calls made in the same turn share the first group.
    await Promise.resolve()
    while (queue.length > 0) {
      const { group, bytes } = takeGroup()
      try {
        await writing(() => commit(group))
      } catch (error) {
        for (const append of group) append.reject(error)
      }
      queuedBytes -= bytes
    }
    // Right here, with no turn in between: an append that comes later has to start a new round.
    draining = undefined
  }

  function takeGroup(): { group: readonly WaitingAppend[]; bytes: number } {
    let count = 1
    let { bytes } = queue[0]!
    for (; count < queue.length && bytes + queue[count]!.bytes <= groupBytesMax; count++) bytes += queue[count]!.bytes
    const group = queue.slice(0, count)
    queue = queue.slice(count)
    return { group, bytes }
  }

  async function commit(group: readonly WaitingAppend[]): Promise<void> {
    // Read while the group is laid out, so that it delays nobody; the answer is waited for before anything is written.
    const owned = stillOwned()
    owned.catch(() => undefined)
    if (!writer.isReady || writer.log.bytes >= segmentBytes || isAged(writer.log, group)) {
      refuseUnlessOwned(await owned)
      await writer.ready()
      if (writer.log.bytes >= segmentBytes || isAged(writer.log, group)) await writer.rotate()
    }
    const place = { segment: writer.log.number, offset: writer.offset, streams, cipher }
    const { frames, parts } = layOutGroup(group, place)
    refuseUnlessOwned(await owned)
    if (frames.length === 0) return
    const { log } = writer
    await writer.commit(parts)
    for (const pending of frames) acknowledge(log, pending)
    for (const pending of frames) notify(pending)
  }

  async function stillOwned(): Promise<boolean> {
    try {
      return await epoch.current()
    } catch (cause) {
      throw new JournalUnavailableError('cannot tell whether the journal is still ours', { cause })
    }
  }

  function refuseUnlessOwned(owned: boolean): void {
    if (!owned) fenced = true
    if (fenced) throw new JournalFencedError(`another writer has taken over ${directory}`)
  }

  const isAged = (log: LogSegment, group: readonly WaitingAppend[]): boolean =>
    group.some(({ entries }) => entries[0]!.admittedAt - log.oldest > segmentAgeMs)

  function acknowledge(log: LogSegment, { frame, run, appends }: PendingFrame): void {
    log.add(frame, run)
    streams.set(frame.stream, { last: frameLast(frame), frontier: frame.frontier })
    if (!first.has(frame.stream)) first.set(frame.stream, 1 as Sequence)
    let last = frame.first - 1
    for (const append of appends) append.resolve((last += append.entries.length) as Sequence)
  }

  function notify({ frame: { stream, first, frontier }, entries, rows }: PendingFrame): void {
    if (listeners.size === 0) return
    const stored = entries.map(({ idKey, recordHash, admittedAt, envelope, record }, index): StoredEntry => {
      return { stream, sequence: (first + index) as Sequence, admittedAt, idKey, recordHash, envelope, record }
    })
    for (const listener of listeners) {
      try {
        listener(stream, stored, { frontier, rows })
      } catch (error) {
        onFault('a journal listener failed', error)
      }
    }
  }

  /** Seals in the background, one segment at a time, oldest first. A failure leaves the log and is tried again later. */
  function sealSoon(): void {
    if (sealing || closed) return
    sealing = true
    void maintaining(async () => {
      try {
        await sealAll()
      } catch (error) {
        onFault('sealing a journal segment failed', error)
      } finally {
        sealing = false
      }
    })
  }

  async function sealAll(): Promise<void> {
    for (;;) {
      const log = list.segments.find((segment) => !segment.sealed)
      if (!log || log === writer.log || closed) return
      const blockBytes = options.blockBytes ?? blockBytesDefault
      const bytes = await sealSegment(log as LogSegment, { disk, reading, sealer: options.sealer, blockBytes })
      const sealed = createSealedSegment(reading, log.number, bytes)
      replaceSegments(list.segments.map((segment) => (segment === log ? sealed : segment)))
      await reading.files.forget(log.path)
      await removeLog(log.number)
    }
  }

  /** The log of a sealed segment. If that fails it is tried again at the next opening, or before the segment itself goes. */
  async function removeLog(number: number): Promise<void> {
    sealedLogs.add(number)
    await disk.unlink(`${directory}/${segmentName(number, 'log')}`)
    await disk.syncDirectory(directory)
    sealedLogs.delete(number)
  }

  async function retain(admittedBefore: number, cursors: ReadonlyMap<StreamId, Sequence | 0>): Promise<number> {
    const isFree = async (segment: Segment): Promise<boolean> =>
      [...(await segment.spans())].every(
        ([stream, { last, newest }]) => newest < admittedBefore && (cursors.get(stream) ?? last) >= last,
      )
    let freed = 0
    // Oldest first and each made durable before the next: what is left has no gaps, whenever the power fails.
    for (;;) {
      const oldest = list.segments[0]!
      if (oldest === writer.log && (writer.log.frames.length === 0 || !(await isFree(oldest)))) break
      if (oldest === writer.log) await writing(rotateOwned)
      if (!(await isFree(oldest))) break
      await remove(oldest)
      freed += oldest.bytes
    }
    sealSoon()
    return freed
  }

  async function rotateOwned(): Promise<void> {
    refuseUnlessOwned(await stillOwned())
    await writer.ready()
    await writer.rotate()
  }

  /** A segment's file has been removed, and the folder's sync after that has not succeeded. */
  let isRemovalOpen = false

  async function syncRemoval(): Promise<void> {
    await disk.syncDirectory(directory)
    isRemovalOpen = false
  }

  async function remove(oldest: Segment): Promise<void> {
    // Else a power cut could bring the one before back and leave a gap behind it.
    if (isRemovalOpen) await syncRemoval()
    const spans = await oldest.spans()
    // A log that outlived its sealed segment would look like one out of order.
    if (sealedLogs.has(oldest.number)) await removeLog(oldest.number)
    // And so would a sealed file whose sealing failed after it got its name.
    if (!oldest.sealed) await disk.unlink(`${directory}/${segmentName(oldest.number, 'seg')}`)
    const before = new Map([...spans.keys()].map((stream) => [stream, first.get(stream)!]))
    // Out of the list first: a reader that finds the file gone then sees that it was removed, and where to go on.
    replaceSegments(list.segments.slice(1))
    for (const [stream, { last }] of spans) first.set(stream, (last + 1) as Sequence)
    try {
      await disk.unlink(oldest.path)
    } catch (error) {
      replaceSegments([oldest, ...list.segments])
      for (const [stream, sequence] of before) first.set(stream, sequence)
      throw error
    }
    isRemovalOpen = true
    await reading.files.forget(oldest.path)
    await syncRemoval()
  }

  sealSoon()
  const durable = (stream: StreamId): Sequence | 0 => streams.get(stream)?.last ?? 0
  const isKept = (stream: StreamId, sequence: Sequence): boolean =>
    sequence >= (first.get(stream) ?? Infinity) && sequence <= durable(stream)
  const journal: SegmentJournal = {
    append,
    async read(stream, after, limit) {
      for (;;) {
        const from = Math.max(after + 1, first.get(stream) ?? 1) as Sequence
        const entries = await readable(readEntries(list, stream, from, durable(stream), Math.max(1, limit)))
        // Retention may have removed what the page was to begin with: it begins behind that, and is not the end.
        if (entries.length === 0 && (first.get(stream) ?? 1) > from) continue
        return { entries, last: entries.at(-1)?.sequence ?? (after as Sequence) }
      }
    },
    async get(stream, sequences) {
      const kept = sequences.filter((sequence) => isKept(stream, sequence))
      const found = await readable(getEntries(list, stream, kept))
      if (kept.length === sequences.length) return found
      let next = 0
      return sequences.map((sequence) => (sequence === kept[next] ? found[next++] : undefined))
    },
    recentIds(stream, after, admittedFrom) {
      const firstKept = (): Sequence => first.get(stream) ?? (1 as Sequence)
      const from = Math.max(after + 1, firstKept()) as Sequence
      const onUnreadable = (error: unknown): void => onFault(`the recent ids of ${stream} cannot be read`, error)
      return readIds(list, stream, { from, to: durable(stream), admittedFrom, firstKept }, onUnreadable)
    },
    streams: () =>
      [...streams].map(([stream, { last, frontier }]) => ({
        stream,
        first: first.get(stream)!,
        last: last as Sequence,
        frontier,
      })),
    durable,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    retain: (admittedBefore, cursors) => maintaining(() => retain(admittedBefore, cursors)),
    stats: () => ({
      bytes: settledBytes + writer.log.bytes,
      bytesMax,
      segments: list.segments.length,
      unsealedSegments: list.segments.filter(({ sealed }) => !sealed).length,
    }),
    async settled() {
      for (;;) {
        if (!sealing) return
        await maintaining(async () => {})
      }
    },
    async close() {
      if (closed) return
      for (;;) {
        if (!draining) break
        await draining
      }
      closed = true
      await maintaining(async () => {})
      await writer.close()
      await letGo()
    },
  }
  return { journal, opened: found.report }
}

/** A disk that cannot be read is as good a reason to come back later as one that cannot be written. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    if (cause instanceof CipherError || cause instanceof JournalCorruptError) throw cause
    throw new JournalUnavailableError('the journal cannot be read', { cause })
  }
}

const bytesOf = (segments: readonly Segment[]): number => segments.reduce((sum, { bytes }) => sum + bytes, 0)
