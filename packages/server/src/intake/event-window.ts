import { randomInt } from 'node:crypto'
import type { NewEntry, Sequence } from '@opentrail/core/event'

/** At 25,000 events/s the count bounds it to 40 s of retries, at ordinary rates the time does. 2^20 entries take 64 MB. */
export const windowEntriesMax = 2 ** 20
export const windowMs = 60 * 60 * 1_000
/** There is a window for each stream, and most streams are quiet. */
const entriesMin = 64

export type WindowAnswer =
  | { readonly kind: 'new' }
  | { readonly kind: 'duplicate'; readonly sequence: Sequence }
  /** The id is taken by other bytes: whoever sends an id first could otherwise suppress the real event. */
  | { readonly kind: 'reused'; readonly sequence: Sequence }

/**
 * Which event ids a stream has stored lately, and for which bytes. Oldest first out, by count and by admission time.
 * Open addressing over typed arrays: a JavaScript Map of the same content takes four times the memory.
 */
export interface EventWindow {
  find(entry: NewEntry): WindowAnswer
  add(entry: NewEntry, sequence: Sequence): void
  readonly size: number
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const keyMark = Buffer.from('"idFromKey":true')
/** The id was made from an Idempotency-Key and the input: the same id made that way again means the same input. */
export const isIdFromKey = (entry: NewEntry): boolean =>
  Buffer.from(entry.envelope.buffer, entry.envelope.byteOffset, entry.envelope.byteLength).includes(keyMark)

export function createEventWindow(entriesMax = windowEntriesMax, ageMsMax = windowMs): EventWindow {
  let capacity = Math.min(entriesMin, entriesMax)
  let ids = Buffer.alloc(capacity * 16)
  let contents = Buffer.alloc(capacity * 16)
  let fromKey = new Uint8Array(capacity)
  let sequences = new Float64Array(capacity)
  let times = new Float64Array(capacity)
  /** Slot -> ring position + 1; 0 is empty. Twice the capacity, so that probes stay short. */
  let slots = new Int32Array(capacity * 2)
  let oldest = 0
  let size = 0

  // Keyed, because producers choose ids: without a secret they could choose ones that all land in the same place.
  const seeds = [0, 4, 8, 12].map((offset) => ({ offset, factor: randomInt(2 ** 31) * 2 + 1 }))
  const home = (id: Buffer, at: number) => {
    let mixed = 0
    for (const { offset, factor } of seeds) {
      mixed = Math.imul(mixed ^ id.readInt32LE(at + offset), factor)
      mixed ^= mixed >>> 15
    }
    return (mixed >>> 0) % slots.length
  }
  const sameId = (position: number, id: Buffer) => ids.compare(id, 0, 16, position * 16, position * 16 + 16) === 0

  function slotOf(id: Buffer): number {
    for (let slot = home(id, 0); ; slot = (slot + 1) % slots.length) {
      const position = slots[slot]! - 1
      if (position < 0 || sameId(position, id)) return slot
    }
  }

  /** Backward-shift deletion: no tombstones, so a full window does not slow down with age. */
  function removeOldest(): void {
    let hole = slotOf(ids.subarray(oldest * 16, oldest * 16 + 16))
    for (let slot = (hole + 1) % slots.length; slots[slot] !== 0; slot = (slot + 1) % slots.length) {
      const wanted = home(ids, (slots[slot]! - 1) * 16)
      const between = hole <= slot ? wanted > hole && wanted <= slot : wanted > hole || wanted <= slot
      if (between) continue
      slots[hole] = slots[slot]!
      hole = slot
    }
    slots[hole] = 0
    oldest = (oldest + 1) % capacity
    size--
  }

  function grow(): void {
    const previous = { capacity, ids, contents, fromKey, sequences, times, oldest, size }
    capacity = Math.min(capacity * 2, entriesMax)
    ids = Buffer.alloc(capacity * 16)
    contents = Buffer.alloc(capacity * 16)
    fromKey = new Uint8Array(capacity)
    sequences = new Float64Array(capacity)
    times = new Float64Array(capacity)
    slots = new Int32Array(capacity * 2)
    oldest = 0
    for (size = 0; size < previous.size; size++) {
      const from = (previous.oldest + size) % previous.capacity
      previous.ids.copy(ids, size * 16, from * 16, from * 16 + 16)
      previous.contents.copy(contents, size * 16, from * 16, from * 16 + 16)
      fromKey[size] = previous.fromKey[from]!
      sequences[size] = previous.sequences[from]!
      times[size] = previous.times[from]!
      slots[slotOf(ids.subarray(size * 16, size * 16 + 16))] = size + 1
    }
  }

  return {
    find(entry) {
      const position = slots[slotOf(asBuffer(entry.idKey))]! - 1
      if (position < 0) return { kind: 'new' }
      const sequence = sequences[position]! as Sequence
      const sameBytes = contents.compare(entry.recordHash, 0, 16, position * 16, position * 16 + 16) === 0
      const same = sameBytes || (fromKey[position] === 1 && isIdFromKey(entry))
      return { kind: same ? 'duplicate' : 'reused', sequence }
    },
    add(entry, sequence) {
      while (size > 0 && times[oldest]! < entry.admittedAt - ageMsMax) removeOldest()
      if (size === capacity) {
        if (capacity < entriesMax) grow()
        else removeOldest()
      }
      const position = (oldest + size) % capacity
      const id = asBuffer(entry.idKey)
      const slot = slotOf(id)
      // The same id twice cannot come from the writer; from a journal that holds it twice the first one stands.
      if (slots[slot] !== 0) return
      id.copy(ids, position * 16)
      contents.set(entry.recordHash.subarray(0, 16), position * 16)
      fromKey[position] = isIdFromKey(entry) ? 1 : 0
      sequences[position] = sequence
      times[position] = entry.admittedAt
      slots[slot] = position + 1
      size++
    },
    get size() {
      return size
    },
  }
}
