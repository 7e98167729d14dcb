import { streamParts, type Sequence, type StreamId } from '@opentrail/core/event'
import type { Disk, DiskFile } from '../disk/index.ts'
import { CipherError } from '../keyring/index.ts'
import { packBytes } from './block-codec.ts'
import { frameLast, type PlacedFrame } from './log-scan.ts'
import { blockContext, dictionaryContext, encodeFooter, sealedMagic } from './sealed-format.ts'
import type { BlockKind, SealedBlock, SealedStream } from './sealed-format.ts'
import type { Sealer } from './sealer.ts'
import { openFrame, type LogSegment, type SegmentReading } from './segment.ts'
import { segmentName, temporaryName } from './segment-names.ts'

/** Entries compressed with one request: enough for blocks to be cut well, little enough to hold in memory twice. */
const runBytesMax = 4 * 1024 * 1024
/** Below this a stream has too few blocks in the segment to earn a dictionary's room. */
const dictionaryFromBytes = 256 * 1024

export interface SealingOptions {
  readonly disk: Disk
  readonly reading: SegmentReading
  readonly sealer: Sealer
  readonly blockBytes: number
}

/**
 * Writes the log's entries again, by stream and compressed, as a sealed segment, and resolves to its size. The log itself
 * stays: the caller unlinks it. Whatever happens on the way, the log is still whole; a half-written file has a temporary name.
 */
export async function sealSegment(log: LogSegment, options: SealingOptions): Promise<number> {
  const { disk, reading } = options
  const temporary = `${reading.directory}/${temporaryName(log.number)}`
  await disk.unlink(temporary)
  const file = await disk.open(temporary, 'create')
  try {
    const bytes = await writeSealed(file, log, options)
    await file.datasync()
    await file.close()
    await disk.rename(temporary, `${reading.directory}/${segmentName(log.number, 'seg')}`)
    await disk.syncDirectory(reading.directory)
    return bytes
  } catch (error) {
    // Best effort: an opener removes temporary files too. What matters is the first error.
    await file.close().catch(() => undefined)
    await disk.unlink(temporary).catch(() => undefined)
    throw error
  }
}

async function writeSealed(file: DiskFile, log: LogSegment, options: SealingOptions): Promise<number> {
  const output = createOutput(file)
  await output.write([sealedMagic])
  const streams = new Map<StreamId, SealedStream>()
  for (const [stream, frames] of Map.groupBy(log.frames, (frame) => frame.stream))
    streams.set(stream, await writeStream(output, log, stream, frames, options))
  const before = new Map([...log.streamsBefore].map(([stream, { last }]) => [stream, last as Sequence]))
  await output.write([encodeFooter({ number: log.number, before, streams }, output.position)])
  return output.position
}

interface Output {
  readonly position: number
  write(parts: readonly Uint8Array[]): Promise<void>
}

function createOutput(file: DiskFile): Output {
  let position = 0
  return {
    get position() {
      return position
    },
    async write(parts) {
      await file.write(position, parts)
      for (const part of parts) position += part.length
    },
  }
}

async function writeStream(
  output: Output,
  log: LogSegment,
  stream: StreamId,
  frames: readonly PlacedFrame[],
  options: SealingOptions,
): Promise<SealedStream> {
  const { cipher, files } = options.reading
  const { account } = streamParts(stream)
  const total = frames.reduce((sum, { length }) => sum + length, 0)
  const start = output.position
  const blocks: SealedBlock[] = []
  let dictionary: Uint8Array | 'make' | undefined = total >= dictionaryFromBytes ? 'make' : undefined
  let dictionaryLength = 0

  const put = async (kind: BlockKind, parts: readonly { first: Sequence; count: number; bytes: Uint8Array }[]) => {
    let offset = output.position
    for (const { first, count, bytes } of parts) {
      blocks.push({ kind, first, count, offset, length: bytes.length })
      offset += bytes.length
    }
    await output.write(parts.map(({ bytes }) => bytes))
  }
  const pack = async (first: Sequence, count: number, entries: Buffer): Promise<void> => {
    const packed = await options.sealer.pack({
      stream,
      first,
      count,
      entries,
      blockBytes: options.blockBytes,
      dictionary,
    })
    // A dictionary precedes the stream's first block, so one that could not be made at the very start is not made later.
    if (dictionary === 'make') {
      dictionary = packed.dictionary
      const sealed = cipher.seal(account, [packBytes(dictionary!)], dictionaryContext(log.number, stream))
      dictionaryLength = sealed.length
      await output.write([sealed])
    }
    const seal = (bytes: Uint8Array, at: Sequence): Buffer =>
      cipher.seal(account, [bytes], blockContext(log.number, stream, at))
    await put(
      'block',
      packed.blocks.map(({ first, count, bytes }) => ({ first, count, bytes: seal(bytes, first) })),
    )
  }
  const copy = async ({ offset, payloadOffset, length, first, count }: PlacedFrame): Promise<void> => {
    const bytes = await files.use(log.path, (file) => file.read(offset + payloadOffset, length - payloadOffset))
    if (dictionary === 'make') dictionary = undefined
    await put('frame', [{ first, count, bytes }])
  }

  const available = await isAvailable(() => cipher.prepare(account))
  for (const run of runsOf(frames)) {
    const opened: Buffer[] = []
    const complete =
      available &&
      (await isAvailable(async () => {
        for (const frame of run) opened.push(await openFrame(options.reading, log.path, log.number, frame))
      }))
    if (complete)
      await pack(
        run[0]!.first,
        run.reduce((sum, { count }) => sum + count, 0),
        Buffer.concat(opened),
      )
    else for (const frame of run) await copy(frame)
  }
  const last = frames.at(-1)!
  return {
    stream,
    first: frames[0]!.first,
    last: frameLast(last),
    oldest: frames.reduce((oldest, frame) => Math.min(oldest, frame.oldest), Infinity),
    newest: frames.reduce((newest, frame) => Math.max(newest, frame.newest), -Infinity),
    frontier: last.frontier,
    dictionary: { offset: start, length: dictionaryLength },
    blocks,
  }
}

/** False where the account's key is gone: its frames are then kept as they are, so nothing is lost if it comes back. */
async function isAvailable(action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (error instanceof CipherError) return false
    throw error
  }
}

function* runsOf(frames: readonly PlacedFrame[]): Generator<readonly PlacedFrame[]> {
  let run: PlacedFrame[] = []
  let bytes = 0
  for (const frame of frames) {
    if (run.length > 0 && bytes + frame.length > runBytesMax) {
      yield run
      run = []
      bytes = 0
    }
    run.push(frame)
    bytes += frame.length
  }
  if (run.length > 0) yield run
}
