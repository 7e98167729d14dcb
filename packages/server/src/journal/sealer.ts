import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { packBlock } from './block-codec.ts'
import { encodedRun, type EntryRun } from './entry-run.ts'

/** Consecutive encoded entries of one stream, to be cut into blocks. Plain data, so that it crosses threads. */
export interface PackRequest {
  readonly stream: StreamId
  readonly first: Sequence
  readonly count: number
  readonly entries: Uint8Array
  /** A block is closed once its entries reach this many bytes, encoded. */
  readonly blockBytes: number
  /** `make`: build one from these entries, use it and return it. */
  readonly dictionary: Uint8Array | 'make' | undefined
}

export interface PackedBlock {
  readonly first: Sequence
  readonly count: number
  readonly bytes: Uint8Array
}

export interface PackResult {
  readonly blocks: readonly PackedBlock[]
  /** The dictionary made on request. */
  readonly dictionary?: Uint8Array
}

/** Compresses entries into blocks. It sees plaintext but never keys: encryption stays with the caller. */
export interface Sealer {
  pack(request: PackRequest): Promise<PackResult>
  close(): Promise<void>
}

/**
 * Bytes of sample entries that every block of a stream starts from. Larger ones cost more to load per block than they save.
 * Must not exceed deflate's 32 KiB window, beyond which it would be ignored.
 */
const dictionaryBytes = 32 * 1024

/** Compresses on the calling thread: for tests, and for processes that append little. */
export function createInlineSealer(): Sealer {
  return {
    async pack(request) {
      return packRun(request)
    },
    async close() {},
  }
}

export function packRun(request: PackRequest): PackResult {
  const { stream, first, count, entries } = request
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength)
  const run = encodedRun(bytes, stream, first, count)
  const made = request.dictionary === 'make' ? sampleOf(run) : undefined
  const dictionary = request.dictionary === 'make' ? made : request.dictionary
  const blocks: PackedBlock[] = []
  let block: StoredEntry[] = []
  let size = 0
  for (let index = 0; index < count; index++) {
    const entry = run.at(index)
    block.push(entry)
    size += entry.envelope.length + entry.record.length
    if (size < request.blockBytes && index < count - 1) continue
    blocks.push({ first: block[0]!.sequence, count: block.length, bytes: packBlock(block, dictionary) })
    block = []
    size = 0
  }
  return { blocks, ...(made && { dictionary: made }) }
}

/** Entries spread evenly over the run, as they stand in a block, so that the most common fields are surely in it. */
function sampleOf(run: EntryRun): Buffer {
  const average = run.bytes / run.count
  const wanted = Math.max(1, Math.floor(dictionaryBytes / average))
  const step = Math.max(1, Math.floor(run.count / wanted))
  const parts: Uint8Array[] = []
  let length = 0
  for (let index = 0; index < run.count && length < dictionaryBytes; index += step) {
    const { envelope, record } = run.at(index)
    parts.push(envelope, record)
    length += envelope.length + record.length
  }
  return Buffer.concat(parts).subarray(0, dictionaryBytes)
}
