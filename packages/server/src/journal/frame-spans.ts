import { streamParts } from '@opentrail/core/event'
import { frameContext } from './log-format.ts'
import type { PlacedFrame } from './log-scan.ts'
import type { SegmentReading } from './segment.ts'

/** Frames are read together up to this many bytes: decrypting them is the longest that sealing holds up the event loop. */
export const spanBytesMax = 256 * 1024
/** Bytes of other streams read along and thrown away rather than reading twice: about what one call costs. */
const gapBytesMax = 16 * 1024

/** Cuts the frames of one stream into spans to be read with one call each. A larger frame is a span by itself. */
export function* spansOf(frames: Iterable<PlacedFrame>): Generator<readonly PlacedFrame[]> {
  let span: PlacedFrame[] = []
  let start = 0
  let end = 0
  for (const frame of frames) {
    const behind = frame.offset + frame.length
    if (span.length > 0 && (behind - start > spanBytesMax || frame.offset - end > gapBytesMax)) {
      yield span
      span = []
    }
    if (span.length === 0) start = frame.offset
    span.push(frame)
    end = behind
  }
  if (span.length > 0) yield span
}

/** Decrypts the entries of a span's frames. @throws {CipherError} the account's key is gone, or the bytes were changed. */
export async function openSpan(
  { files, cipher }: SegmentReading,
  path: string,
  number: number,
  span: readonly PlacedFrame[],
): Promise<Buffer[]> {
  const start = span[0]!.offset
  const last = span.at(-1)!
  const bytes = await files.use(path, (file) => file.read(start, last.offset + last.length - start))
  const opened: Buffer[] = []
  for (const { offset, payloadOffset, length, stream, first } of span) {
    const sealed = bytes.subarray(offset + payloadOffset - start, offset + length - start)
    opened.push(await cipher.open(streamParts(stream).account, sealed, frameContext(number, stream, first)))
  }
  return opened
}
