import type { Sequence, StreamId } from '@opentrail/core/event'
import type { Disk } from '../disk/index.ts'
import { epochFileName } from './epoch-file.ts'
import { frameLast, scanLog, type LogScan } from './log-scan.ts'
import { readFooter } from './sealed-format.ts'
import { isTemporaryName, JournalCorruptError, parseSegmentName, segmentName } from './segment-names.ts'
import { createLogSegment, createSealedSegment } from './segment.ts'
import type { LogSegment, Segment, SegmentReading } from './segment.ts'
import type { StreamPosition } from './stream-table.ts'

/** What an opening found and put right. */
export interface OpeningReport {
  readonly segments: number
  readonly unsealedSegments: number
  /** Bytes of a torn write cut from the end of the newest log; they were never acknowledged. */
  readonly tornBytesCut: number
  /** Files left behind by an interrupted sealing or rotation and removed. */
  readonly removed: readonly string[]
}

export interface OpenedSegments {
  /** Ascending, without gaps. Empty for a new journal. */
  readonly segments: Segment[]
  /** The newest log, to be continued; undefined for a new journal. */
  readonly active: LogSegment | undefined
  readonly streams: Map<StreamId, StreamPosition>
  readonly report: OpeningReport
}

/** Sizes asked for at once: hides a call's latency, far below any limit on open files. */
const measuredAtOnce = 16

/**
 * Finds out what the directory holds and puts right what a crash can leave: temporary files, a log that is sealed already, a
 * log without its header, a torn tail. @throws {JournalCorruptError} anything that no crash explains.
 */
export async function openSegments(disk: Disk, reading: SegmentReading): Promise<OpenedSegments> {
  const { directory } = reading
  const removed: string[] = []
  const remove = async (name: string): Promise<void> => {
    await disk.unlink(`${directory}/${name}`)
    removed.push(name)
  }
  // The predecessor may have been killed between a change and its sync: names that are seen have to last, too, before
  // the other copy of a sealed log goes or anything is built on a new one.
  await disk.syncDirectory(directory)
  const { logs, sealed, temporary } = await listSegments(disk, directory)
  for (const name of temporary) await remove(name)
  for (const number of sealed) {
    if (!logs.has(number)) continue
    // The sealed file got its name only after it was durable, but make sure before the other copy goes.
    const name = segmentName(number, 'seg')
    await reading.files.use(`${directory}/${name}`, (file) => readFooter(file, name, number))
    await remove(segmentName(number, 'log'))
    logs.delete(number)
  }
  const scans = await scanLogs(disk, directory, [...logs].sort(ascending), remove)
  if (removed.length > 0) await disk.syncDirectory(directory)
  refuseGaps([...sealed, ...scans.map(({ number }) => number)].sort(ascending))
  if (scans.length === 0 && sealed.size > 0)
    throw new JournalCorruptError(`${directory} has sealed segments but no log: the newest file is missing`)

  const segments: Segment[] = await measureSealed(disk, reading, [...sealed].sort(ascending))
  const streams = new Map<StreamId, StreamPosition>()
  let active: LogSegment | undefined
  let tornBytesCut = 0
  for (const { number, scan } of scans) {
    tornBytesCut += await makeLast(disk, `${directory}/${segmentName(number, 'log')}`, scan)
    active = createLogSegment(reading, number, scan.header!.streams, scan.end)
    for (const [stream, position] of scan.header!.streams) streams.set(stream, position)
    for (const frame of scan.frames) {
      active.add(frame)
      streams.set(frame.stream, { last: frameLast(frame), frontier: frame.frontier })
    }
    segments.push(active)
  }
  if (segments.some((segment, index) => index > 0 && segment.number <= segments[index - 1]!.number))
    throw new JournalCorruptError(`${directory} has an unsealed log older than a sealed segment`)
  const report = { segments: segments.length, unsealedSegments: scans.length, tornBytesCut, removed }
  return { segments, active, streams, report }
}

/** The oldest entry kept of each stream: everything from the oldest segment on is there. */
export async function firstKept(
  segments: readonly Segment[],
  streams: Iterable<StreamId>,
): Promise<Map<StreamId, Sequence>> {
  const first = new Map<StreamId, Sequence>()
  for (const stream of streams) first.set(stream, (((await segments[0]?.before(stream)) ?? 0) + 1) as Sequence)
  return first
}

const ascending = (a: number, b: number): number => a - b

async function listSegments(disk: Disk, directory: string) {
  const logs = new Set<number>()
  const sealed = new Set<number>()
  const temporary: string[] = []
  for (const name of await disk.list(directory)) {
    const parsed = parseSegmentName(name)
    if (parsed) (parsed.kind === 'log' ? logs : sealed).add(parsed.number)
    else if (isTemporaryName(name)) temporary.push(name)
    else if (name !== epochFileName)
      throw new JournalCorruptError(`${directory}/${name} is not a file of the journal: move it away`)
  }
  return { logs, sealed, temporary }
}

interface ScannedLog {
  readonly number: number
  readonly scan: LogScan
}

/** Newest first, because a log's end stands in the header of the one after it. */
async function scanLogs(
  disk: Disk,
  directory: string,
  numbers: readonly number[],
  remove: (name: string) => Promise<void>,
): Promise<ScannedLog[]> {
  const scans: ScannedLog[] = []
  for (const number of numbers.toReversed()) {
    const name = segmentName(number, 'log')
    const next = scans[0]?.scan.header?.previous
    if (scans[0] && next?.number !== number)
      throw new JournalCorruptError(`${segmentName(scans[0].number, 'log')} follows ${next?.number}, not ${number}`)
    const scan = await withFile(disk, `${directory}/${name}`, (file) => scanLog(file, name, number, next?.end))
    // Made, and the power failed before its header was durable: nothing was ever written to it.
    if (!scan.header) await remove(name)
    else scans.unshift({ number, scan })
  }
  return scans
}

/**
 * Cuts a torn tail, and makes what was read durable: a predecessor killed between write and sync leaves frames that can be
 * read and that a power cut would still remove. The last group is written again, because after a failed sync the pages
 * count as clean, and syncing alone would not store them. Resolves to the bytes cut.
 */
async function makeLast(disk: Disk, path: string, scan: LogScan): Promise<number> {
  const file = await disk.open(path, 'write')
  try {
    if (scan.size > scan.end) await file.truncate(scan.end)
    const from = scan.frames.at(-1)?.durableOffset ?? 0
    await file.write(from, [await file.read(from, scan.end - from)])
    await file.datasync()
  } finally {
    await file.close()
  }
  return scan.size - scan.end
}

async function measureSealed(disk: Disk, reading: SegmentReading, numbers: readonly number[]): Promise<Segment[]> {
  const segments: Segment[] = []
  for (let at = 0; at < numbers.length; at += measuredAtOnce) {
    const measured = numbers.slice(at, at + measuredAtOnce).map(async (number) => {
      const path = `${reading.directory}/${segmentName(number, 'seg')}`
      return createSealedSegment(reading, number, await withFile(disk, path, (file) => file.size()))
    })
    segments.push(...(await Promise.all(measured)))
  }
  return segments
}

async function withFile<T>(
  disk: Disk,
  path: string,
  action: (file: Awaited<ReturnType<Disk['open']>>) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, 'read')
  try {
    return await action(file)
  } finally {
    await file.close()
  }
}

function refuseGaps(numbers: readonly number[]): void {
  for (let index = 1; index < numbers.length; index++)
    if (numbers[index] !== numbers[index - 1]! + 1)
      throw new JournalCorruptError(
        `segments between ${segmentName(numbers[index - 1]!, 'seg')} and ${segmentName(numbers[index]!, 'seg')} are missing`,
      )
}
