import type { Sequence, StreamId } from '@opentrail/core/event'
import type { DiskFile } from '../disk/index.ts'
import { claimedFrameLength, decodeFrame, decodeLogHeader, frameMagicBytes, framePrefixBytes } from './log-format.ts'
import type { Frame, LogHeader } from './log-format.ts'
import { JournalCorruptError } from './segment-names.ts'

/** Read ahead while scanning: large enough that the calls do not count, small beside a segment. */
const windowBytes = 4 * 1024 * 1024

export interface PlacedFrame extends Frame {
  readonly offset: number
}

export interface LogScan {
  /** Undefined where the header is incomplete and no frame follows it: the file was never used. */
  readonly header: LogHeader | undefined
  readonly headerEnd: number
  readonly frames: readonly PlacedFrame[]
  /** Where the last valid frame ends. */
  readonly end: number
  readonly size: number
}

/** Reads through a file with few calls: `view` answers from a window as long as it reaches. */
function slidingView(file: DiskFile): (position: number, length: number) => Promise<Buffer> {
  let window: Buffer = Buffer.alloc(0)
  let start = 0
  return async (position, length) => {
    if (position < start || position + length > start + window.length) {
      window = await file.read(position, Math.max(length, windowBytes))
      start = position
    }
    return window.subarray(position - start, position - start + length)
  }
}

/**
 * Reads a log and checks every frame. `knownEnd` is where the next segment says that its frames end; undefined for the
 * newest log, whose end is the last valid frame unless something behind it proves that more was acknowledged.
 * @throws {JournalCorruptError} acknowledged data is damaged.
 */
export async function scanLog(file: DiskFile, name: string, number: number, knownEnd?: number): Promise<LogScan> {
  const size = await file.size()
  const view = slidingView(file)
  const decoded = await decodeLogHeader(view)
  if (!decoded) {
    const claim = await findFrame(view, 0, size, number, () => true)
    if (claim !== undefined || knownEnd !== undefined) throw new JournalCorruptError(`${name} has a damaged header`)
    return { header: undefined, headerEnd: 0, frames: [], end: 0, size }
  }
  if (decoded.header.number !== number)
    throw new JournalCorruptError(`${name} says it is segment ${decoded.header.number}`)
  const limit = knownEnd ?? size
  const next = new Map<StreamId, number>([...decoded.header.streams].map(([stream, { last }]) => [stream, last + 1]))
  const frames: PlacedFrame[] = []
  let end = decoded.end
  while (end < limit) {
    const frame = await frameAt(view, end, limit)
    if (!frame || frame.segment !== number) break
    if (frame.first !== (next.get(frame.stream) ?? 1))
      throw new JournalCorruptError(
        `${name} at ${end}: ${frame.stream} goes on at ${frame.first}, not ${next.get(frame.stream) ?? 1}`,
      )
    next.set(frame.stream, frame.first + frame.count)
    frames.push({ ...frame, offset: end })
    end += frame.length
  }
  await refuseDamage(view, name, number, end, size, knownEnd)
  return { header: decoded.header, headerEnd: decoded.end, frames, end, size }
}

type View = (position: number, length: number) => Promise<Buffer>

/** Tells a torn tail, which was never acknowledged, from damage to what was. */
async function refuseDamage(view: View, name: string, number: number, end: number, size: number, knownEnd?: number) {
  const damaged = `${name} is damaged at offset ${end}, inside acknowledged data`
  if (knownEnd !== undefined) {
    if (end !== knownEnd)
      throw new JournalCorruptError(`${damaged}: the next segment says it is whole up to ${knownEnd}`)
    return
  }
  const witness = await findFrame(view, end + 1, size, number, (frame) => frame.durableOffset > end)
  if (witness !== undefined)
    throw new JournalCorruptError(`${damaged}: the frame at ${witness} was written after it was durable`)
}

async function frameAt(view: View, offset: number, limit: number): Promise<Frame | undefined> {
  const length = claimedFrameLength(await view(offset, framePrefixBytes))
  if (length === undefined || offset + length > limit) return undefined
  return decodeFrame(await view(offset, length))
}

/** The first offset from `from` on where a valid frame of this segment fits `wanted`. */
async function findFrame(
  view: View,
  from: number,
  size: number,
  number: number,
  wanted: (frame: Frame) => boolean,
): Promise<number | undefined> {
  for (let position = from; position < size;) {
    const window = await view(position, Math.min(windowBytes, size - position))
    const found = window.indexOf(frameMagicBytes)
    // A magic may lie across the window's end, so the next window begins three bytes earlier.
    if (found < 0) position += Math.max(1, window.length - (frameMagicBytes.length - 1))
    else {
      const frame = await frameAt(view, position + found, size)
      if (frame && frame.segment === number && wanted(frame)) return position + found
      position += found + 1
    }
  }
  return undefined
}

/** Last sequence of a frame. */
export const frameLast = (frame: Frame): Sequence => (frame.first + frame.count - 1) as Sequence
