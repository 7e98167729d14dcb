import { crc32 } from 'node:zlib'
import type { Sequence, StreamId } from '@opentrail/core/event'
import type { MerkleFrontier } from '@opentrail/core/merkle'
import type { DiskFile } from '../disk/index.ts'
import { JournalCorruptError } from './segment-names.ts'
import { frontierFromJson, nodesToJson } from './stream-table.ts'

/**
 * The sealed segment file, `<number>.seg`: never changed once it has its name. Per stream blocks of entries, then blocks of
 * their ids, each encrypted by itself, then the footer (JSON, no content of records) and 24 bytes that find it:
 *
 *     magic `OTSEG\r\n\0`   blocks   footer   f64 offset of the footer, u32 length, u32 crc32, magic
 */
/** Format 1 had dictionaries and no ids; it was never released. */
export const sealedFormat = 2
export const sealedMagic = Buffer.from('OTSEG\r\n\0', 'latin1')
const trailerBytes = 24

/** `block`: compressed. `frame`: a log's frame as it was, because its key was not at hand (or destroyed) while sealing. */
export type BlockKind = 'block' | 'frame'
const kinds: readonly BlockKind[] = ['block', 'frame']

export interface SealedStream {
  readonly stream: StreamId
  readonly first: Sequence
  readonly last: Sequence
  /** Earliest and latest admittedAt, ms. */
  readonly oldest: number
  readonly newest: number
  /** Behind the last entry. */
  readonly frontier: MerkleFrontier
  /** Where the first block begins. */
  readonly offset: number
  readonly blocks: readonly SealedBlock[]
  /** The id column, behind the blocks. Entries in blocks of kind `frame` are not in it. */
  readonly ids: readonly SealedRange[]
}

/** Entries stored together, and where. */
export interface SealedRange {
  readonly first: Sequence
  readonly count: number
  readonly offset: number
  readonly length: number
}
export interface SealedBlock extends SealedRange {
  readonly kind: BlockKind
}

export interface SealedFooter {
  readonly number: number
  /** The last sequence of every stream before this segment. */
  readonly before: ReadonlyMap<StreamId, Sequence>
  readonly streams: ReadonlyMap<StreamId, SealedStream>
}

interface FooterJson {
  readonly format: number
  readonly number: number
  readonly before: readonly (readonly [string, number])[]
  readonly streams: readonly StreamJson[]
}
interface StreamJson {
  readonly stream: string
  readonly first: number
  readonly oldest: number
  readonly newest: number
  readonly nodes: readonly string[]
  readonly offset: number
  /** Per block; where blocks begin follows from the lengths, their first sequences from the counts. */
  readonly counts: readonly number[]
  readonly lengths: readonly number[]
  readonly kinds: readonly number[]
  /** First sequence, entries and length of each id block; they lie one behind the other after the blocks. */
  readonly ids: readonly (readonly [number, number, number])[]
}

/** Footer and trailer, to be written at `offset`. */
export function encodeFooter(footer: SealedFooter, offset: number): Buffer {
  const json: FooterJson = {
    format: sealedFormat,
    number: footer.number,
    before: [...footer.before],
    streams: [...footer.streams.values()].map((stream) => ({
      stream: stream.stream,
      first: stream.first,
      oldest: stream.oldest,
      newest: stream.newest,
      nodes: nodesToJson(stream.frontier),
      offset: stream.offset,
      counts: stream.blocks.map(({ count }) => count),
      lengths: stream.blocks.map(({ length }) => length),
      kinds: stream.blocks.every(({ kind }) => kind === 'block')
        ? []
        : stream.blocks.map(({ kind }) => kinds.indexOf(kind)),
      ids: stream.ids.map(({ first, count, length }) => [first, count, length]),
    })),
  }
  const body = Buffer.from(JSON.stringify(json))
  const trailer = Buffer.alloc(trailerBytes)
  trailer.writeDoubleLE(offset, 0)
  trailer.writeUInt32LE(body.length, 8)
  trailer.writeUInt32LE(crc32(body), 12)
  sealedMagic.copy(trailer, 16)
  return Buffer.concat([body, trailer])
}

/** @throws {JournalCorruptError} the file is not a whole sealed segment `number`, or is of a newer format. */
export async function readFooter(
  file: DiskFile,
  name: string,
  number: number,
): Promise<{ footer: SealedFooter; bytes: number }> {
  const size = await file.size()
  const trailer = await file.read(Math.max(0, size - trailerBytes), trailerBytes)
  if (trailer.length < trailerBytes || !trailer.subarray(16).equals(sealedMagic))
    throw new JournalCorruptError(`${name} does not end as a sealed segment does`)
  const length = trailer.readUInt32LE(8)
  const body = await file.read(trailer.readDoubleLE(0), length)
  if (body.length < length || crc32(body) !== trailer.readUInt32LE(12))
    throw new JournalCorruptError(`the index of ${name} is damaged`)
  const json = JSON.parse(body.toString()) as FooterJson
  if (json.format > sealedFormat)
    throw new JournalCorruptError(`${name} was written by a newer version: sealed format ${json.format}`)
  if (json.format < sealedFormat)
    throw new JournalCorruptError(`${name} was written by a version before the first release: format ${json.format}`)
  if (json.number !== number) throw new JournalCorruptError(`${name} says it is segment ${json.number}`)
  const footer: SealedFooter = {
    number,
    before: new Map(json.before as [StreamId, Sequence][]),
    streams: new Map(json.streams.map((stream) => [stream.stream as StreamId, streamFromJson(stream)])),
  }
  return { footer, bytes: length }
}

function streamFromJson(json: StreamJson): SealedStream {
  const blocks: SealedBlock[] = []
  let { offset } = json
  let first = json.first
  json.counts.forEach((count, index) => {
    const length = json.lengths[index]!
    blocks.push({ kind: kinds[json.kinds[index] ?? 0]!, first: first as Sequence, count, offset, length })
    first += count
    offset += length
  })
  const ids = json.ids.map(([first, count, length]): SealedRange => {
    const range = { first: first as Sequence, count, offset, length }
    offset += length
    return range
  })
  return {
    stream: json.stream as StreamId,
    first: json.first as Sequence,
    last: (first - 1) as Sequence,
    oldest: json.oldest,
    newest: json.newest,
    frontier: frontierFromJson(first - 1, json.nodes),
    offset: json.offset,
    blocks,
    ids,
  }
}

/** Binds a block's ciphertext to its place, as `frameContext` does for frames. */
export const blockContext = (segment: number, stream: StreamId, first: number): string =>
  `journal/segment/${segment}/${stream}/${first}`
export const idsContext = (segment: number, stream: StreamId, first: number): string =>
  `journal/segment/${segment}/${stream}/${first}/ids`
