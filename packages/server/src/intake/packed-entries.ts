import { decodeEntry, type NewEntry, type StreamId } from '@opentrail/core/event'

/** The entries that admission has packed one behind the other. They share its memory. */
export function unpackEntries(stream: StreamId, packed: Uint8Array, count: number): NewEntry[] {
  const source = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const entries: NewEntry[] = []
  for (let offset = 0; entries.length < count;) {
    const { entry, end } = decodeEntry(source, offset, stream)
    entries.push(entry)
    offset = end
  }
  return entries
}
