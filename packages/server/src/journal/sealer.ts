import { entryHeaderBytes, type Sequence, type StreamId } from '@opentrail/core/event'
import { packBlock } from './block-codec.ts'
import { entryOffsets } from './entry-run.ts'
import { encodeIds, idsOf } from './id-column.ts'

/** Consecutive encoded entries of one stream, to be cut into blocks. Plain data, so that it crosses threads. */
export interface PackRequest {
  readonly stream: StreamId
  readonly first: Sequence
  readonly count: number
  /** Given away, with all of the memory that it is a view of. */
  readonly entries: Uint8Array<ArrayBuffer>
  /** A block is closed once its envelopes and records reach this many bytes. */
  readonly blockBytes: number
}

export interface PackedBlock {
  readonly first: Sequence
  readonly count: number
  readonly bytes: Uint8Array
}

/** Views of one memory, so that it crosses threads in one piece. */
export interface PackResult {
  readonly blocks: readonly PackedBlock[]
  /** The entries' part of the id column. */
  readonly ids: Uint8Array<ArrayBuffer>
}

/** Compresses entries into blocks. It sees plaintext but never keys: encryption stays with the caller. */
export interface Sealer {
  pack(request: PackRequest): Promise<PackResult>
  close(): Promise<void>
}

/** Compresses on the calling thread: for tests, and for processes that append little. */
export function createInlineSealer(): Sealer {
  return {
    async pack(request) {
      return packRun(request)
    },
    async close() {},
  }
}

export function packRun({ first, count, entries, blockBytes }: PackRequest): PackResult {
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength)
  const encoded = { bytes, offsets: entryOffsets(bytes, count) }
  const packed: Buffer[] = [encodeIds(idsOf(encoded, first))]
  const starts: number[] = []
  for (let start = 0; start < count;) {
    const end = blockEnd(encoded.offsets, bytes.length, start, blockBytes)
    packed.push(packBlock(encoded, start, end))
    starts.push(start)
    start = end
  }
  const [ids, ...blocks] = inOneMemory(packed)
  const blockAt = (block: Uint8Array, index: number): PackedBlock => ({
    first: (first + starts[index]!) as Sequence,
    count: (starts[index + 1] ?? count) - starts[index]!,
    bytes: block,
  })
  return { ids: ids!, blocks: blocks.map(blockAt) }
}

/** The index behind the entry with which the block from `start` on reaches `blockBytes`. */
function blockEnd(offsets: Uint32Array, length: number, start: number, blockBytes: number): number {
  let end = start
  let size = 0
  while (end < offsets.length && size < blockBytes) {
    size += (offsets[end + 1] ?? length) - offsets[end]! - entryHeaderBytes
    end += 1
  }
  return end
}

function inOneMemory(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  const memory = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  return parts.map((part) => {
    memory.set(part, offset)
    return memory.subarray(offset, (offset += part.length))
  })
}
