import { crc32 } from 'node:zlib'
import type { Sequence, StreamId } from '@opentrail/core/event'
import type { MerkleFrontier } from '@opentrail/core/merkle'
import { JournalCorruptError } from './segment-names.ts'
import { streamTableFromJson, streamTableToJson, type StreamTable, type StreamTableJson } from './stream-table.ts'

/**
 * The unsealed segment file, `<number>.log`: a header, then frames back to back. Little endian.
 *
 *     header  0 magic `OTLOG\r\n\0`   8 u32 format   12 u32 length of the body   16 u32 crc32 of body   20 body (JSON)
 *     frame   0 u32 magic   4 u32 length of the frame   8 u32 crc32 of all that follows
 *            12 u16 length of the stream's name   14 u16 Merkle nodes   16 u32 entries
 *            20 f64 first sequence   28 f64 durable offset   36 f64 segment number   44 f64 oldest, 52 f64 newest admittedAt
 *            60 stream's name, 32 bytes per node of the stream's frontier behind this frame, sealed entries
 *
 * `durable offset` says how much of the file was synced when the frame was written. So a valid frame behind a damaged one
 * proves that the damage lies in acknowledged data when it claims more than the damage's offset, and a torn write otherwise.
 */
export const logFormat = 1
const headerMagic = Buffer.from('OTLOG\r\n\0', 'latin1')
const headerPrefixBytes = 20
const frameMagic = 0x4d52464f
export const frameMagicBytes = Buffer.from('OFRM', 'latin1')
export const framePrefixBytes = 60
const nodeBytes = 32

export interface LogHeader {
  readonly number: number
  /** Epoch of the writer that made the file. */
  readonly epoch: number
  /** The segment before and where its frames end; null for the first ever. What lies behind that end was never acknowledged. */
  readonly previous: { readonly number: number; readonly end: number } | null
  /** Every stream that ever had an entry, as it stood when the file was made. */
  readonly streams: StreamTable
}

export interface Frame {
  readonly stream: StreamId
  readonly first: Sequence
  readonly count: number
  /** Of the stream, behind this frame. */
  readonly frontier: MerkleFrontier
  readonly oldest: number
  readonly newest: number
  readonly segment: number
  readonly durableOffset: number
  /** Length of the whole frame, and of what precedes its payload. */
  readonly length: number
  readonly payloadOffset: number
}

export function encodeLogHeader(header: LogHeader): Buffer {
  const { number, epoch, previous, streams } = header
  const body = Buffer.from(JSON.stringify({ number, epoch, previous, streams: streamTableToJson(streams) }))
  const prefix = Buffer.alloc(headerPrefixBytes)
  headerMagic.copy(prefix)
  prefix.writeUInt32LE(logFormat, 8)
  prefix.writeUInt32LE(body.length, 12)
  prefix.writeUInt32LE(crc32(body), 16)
  return Buffer.concat([prefix, body])
}

/** Reads a header through `view`; undefined where it is incomplete, as after a crash while the file was made. */
export async function decodeLogHeader(
  view: (position: number, length: number) => Promise<Buffer>,
): Promise<{ header: LogHeader; end: number } | undefined> {
  const prefix = await view(0, headerPrefixBytes)
  if (prefix.length < headerPrefixBytes || !prefix.subarray(0, 8).equals(headerMagic)) return undefined
  const format = prefix.readUInt32LE(8)
  if (format > logFormat) throw new JournalCorruptError(`written by a newer version: journal format ${format}`)
  const length = prefix.readUInt32LE(12)
  const crc = prefix.readUInt32LE(16)
  const body = await view(headerPrefixBytes, length)
  if (body.length < length || crc32(body) !== crc) return undefined
  const json = JSON.parse(body.toString()) as Omit<LogHeader, 'streams'> & { streams: StreamTableJson }
  return { header: { ...json, streams: streamTableFromJson(json.streams) }, end: headerPrefixBytes + length }
}

/** The frame's bytes before its payload, checksum included. */
export function encodeFrameHead(frame: Omit<Frame, 'length' | 'payloadOffset'>, payload: Uint8Array): Buffer {
  const name = Buffer.from(frame.stream)
  const { nodes } = frame.frontier
  const payloadOffset = framePrefixBytes + name.length + nodes.length * nodeBytes
  const head = Buffer.alloc(payloadOffset)
  head.writeUInt32LE(frameMagic, 0)
  head.writeUInt32LE(payloadOffset + payload.length, 4)
  head.writeUInt16LE(name.length, 12)
  head.writeUInt16LE(nodes.length, 14)
  head.writeUInt32LE(frame.count, 16)
  head.writeDoubleLE(frame.first, 20)
  head.writeDoubleLE(frame.durableOffset, 28)
  head.writeDoubleLE(frame.segment, 36)
  head.writeDoubleLE(frame.oldest, 44)
  head.writeDoubleLE(frame.newest, 52)
  name.copy(head, framePrefixBytes)
  nodes.forEach((node, index) => head.set(node, framePrefixBytes + name.length + index * nodeBytes))
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(12))), 8)
  return head
}

/** The length a frame claims at the start of `prefix` (`framePrefixBytes` long); undefined where there is no frame. */
export function claimedFrameLength(prefix: Buffer): number | undefined {
  if (prefix.length < framePrefixBytes || prefix.readUInt32LE(0) !== frameMagic) return undefined
  const length = prefix.readUInt32LE(4)
  return length >= framePrefixBytes + prefix.readUInt16LE(12) + prefix.readUInt16LE(14) * nodeBytes ? length : undefined
}

/** Reads a whole frame; undefined unless it is complete and its checksum is right. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  const length = claimedFrameLength(bytes)
  if (length === undefined || bytes.length < length) return undefined
  if (crc32(bytes.subarray(12, length)) !== bytes.readUInt32LE(8)) return undefined
  const nodesOffset = framePrefixBytes + bytes.readUInt16LE(12)
  const payloadOffset = nodesOffset + bytes.readUInt16LE(14) * nodeBytes
  const count = bytes.readUInt32LE(16)
  const first = bytes.readDoubleLE(20) as Sequence
  const nodes: Uint8Array[] = []
  for (let at = nodesOffset; at < payloadOffset; at += nodeBytes)
    nodes.push(new Uint8Array(bytes.subarray(at, at + nodeBytes)))
  return {
    stream: bytes.toString('utf8', framePrefixBytes, nodesOffset) as StreamId,
    first,
    count,
    frontier: { size: first + count - 1, nodes },
    oldest: bytes.readDoubleLE(44),
    newest: bytes.readDoubleLE(52),
    segment: bytes.readDoubleLE(36),
    durableOffset: bytes.readDoubleLE(28),
    length,
    payloadOffset,
  }
}

/** Binds a frame's ciphertext to its place: one moved to another stream, sequence or segment does not open. */
export const frameContext = (segment: number, stream: StreamId, first: number): string =>
  `journal/log/${segment}/${stream}/${first}`
