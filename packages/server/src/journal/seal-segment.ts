import { streamParts, type Sequence, type StreamId } from '@opentrail/core/event'
import type { Disk, DiskFile } from '../disk/index.ts'
import { CipherError } from '../keyring/index.ts'
import { openSpan, spansOf } from './frame-spans.ts'
import { frameLast, type PlacedFrame } from './log-scan.ts'
import { blockContext, encodeFooter, idsContext, sealedMagic } from './sealed-format.ts'
import type { BlockKind, SealedBlock, SealedRange, SealedStream } from './sealed-format.ts'
import type { Sealer } from './sealer.ts'
import type { LogSegment, SegmentReading } from './segment.ts'
import { segmentName, temporaryName } from './segment-names.ts'
import { groupsBySize } from './groups.ts'

/** Entries compressed with one request: enough for blocks to be cut well, little enough to hold in memory twice. */
const runBytesMax = 4 * 1024 * 1024
/** Ids encrypted together: some 60,000, read with one call; more would hold up the event loop. */
const idBlockBytesMax = 1024 * 1024

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
  const { account } = streamParts(stream)
  const { sealer, blockBytes, reading } = options
  const offset = output.position
  const blocks: SealedBlock[] = []
  const columns = createIdColumns()

  const put = async (kind: BlockKind, parts: readonly { first: Sequence; count: number; bytes: Uint8Array }[]) => {
    let offset = output.position
    for (const { first, count, bytes } of parts) {
      blocks.push({ kind, first, count, offset, length: bytes.length })
      offset += bytes.length
    }
    await output.write(parts.map(({ bytes }) => bytes))
  }
  const pack = async (run: readonly PlacedFrame[], entries: Uint8Array<ArrayBuffer>): Promise<void> => {
    const { first } = run[0]!
    const count = run.reduce((sum, { count }) => sum + count, 0)
    const packed = await sealer.pack({ stream, first, count, entries, blockBytes })
    columns.add(first, count, packed.ids)
    const seal = (bytes: Uint8Array, at: Sequence): Buffer =>
      reading.cipher.seal(account, [bytes], blockContext(log.number, stream, at))
    await put(
      'block',
      packed.blocks.map(({ first, count, bytes }) => ({ first, count, bytes: seal(bytes, first) })),
    )
  }
  const copy = async ({ offset, payloadOffset, length, first, count }: PlacedFrame): Promise<void> => {
    const bytes = await reading.files.use(log.path, (file) => file.read(offset + payloadOffset, length - payloadOffset))
    await put('frame', [{ first, count, bytes }])
  }

  const available = await ifAvailable(() => reading.cipher.prepare(account).then(() => true))
  for (const run of groupsBySize(frames, ({ length }) => length, runBytesMax)) {
    const entries = available && (await ifAvailable(() => openRun(reading, log, run)))
    if (entries) await pack(run, entries)
    else for (const frame of run) await copy(frame)
  }
  const ids: SealedRange[] = []
  for (const { first, count, parts } of columns.list) {
    const sealed = reading.cipher.seal(account, parts, idsContext(log.number, stream, first))
    ids.push({ first, count, offset: output.position, length: sealed.length })
    await output.write([sealed])
  }
  const last = frames.at(-1)!
  return {
    stream,
    first: frames[0]!.first,
    last: frameLast(last),
    oldest: frames.reduce((oldest, frame) => Math.min(oldest, frame.oldest), Infinity),
    newest: frames.reduce((newest, frame) => Math.max(newest, frame.newest), -Infinity),
    frontier: last.frontier,
    offset,
    blocks,
    ids,
  }
}

/** Decrypts a run into memory of its own. The event loop goes on with each span's read. */
async function openRun(reading: SegmentReading, log: LogSegment, run: readonly PlacedFrame[]) {
  // Ciphertext is longer than what it holds.
  const entries = new Uint8Array(run.reduce((sum, { length, payloadOffset }) => sum + length - payloadOffset, 0))
  let length = 0
  for (const span of spansOf(run)) {
    for (const opened of await openSpan(reading, log.path, log.number, span)) {
      entries.set(opened, length)
      length += opened.length
    }
  }
  return entries.subarray(0, length)
}

/** The parts of a stream's id column, gathered into blocks of consecutive entries. */
function createIdColumns() {
  const list: { readonly first: Sequence; count: number; bytes: number; readonly parts: Uint8Array[] }[] = []
  return {
    list,
    add(first: Sequence, count: number, part: Uint8Array): void {
      const last = list.at(-1)
      if (!last || last.first + last.count !== first || last.bytes + part.length > idBlockBytesMax) {
        list.push({ first, count, bytes: part.length, parts: [part] })
        return
      }
      last.count += count
      last.bytes += part.length
      last.parts.push(part)
    },
  }
}

/** Undefined where the account's key is gone: its frames are then kept as they are, so nothing is lost if it comes back. */
async function ifAvailable<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof CipherError) return undefined
    throw error
  }
}
