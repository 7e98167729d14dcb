import { randomInt } from 'node:crypto'
import { contentKey, type NewEntry, type Sequence, type StoredEntry } from '@opentrail/core/event'
import type { RecentIds } from '../journal/index.ts'

/** At 25,000 events/s the count bounds it to 40 s of retries, at ordinary rates the time does. 2^20 entries take 57 MB. */
export const windowEntriesMax = 2 ** 20
export const windowMs = 60 * 60 * 1_000
/** There is a window for each stream, and most streams are quiet. */
const entriesMin = 64

export type WindowAnswer =
  | { readonly kind: 'new' }
  | { readonly kind: 'duplicate'; readonly sequence: Sequence }
  /** The id is taken by other bytes: whoever sends an id first could otherwise suppress the real event. */
  | { readonly kind: 'reused'; readonly sequence: Sequence }
  /** The id is taken, by bytes the window has not been told: look the entry up, `learn` it (or `forget` it), ask again. */
  | { readonly kind: 'unknown'; readonly sequence: Sequence }

/**
 * Which event ids a stream has stored lately, and for which bytes. Oldest first out, by count and by admission time.
 * Open addressing over typed arrays: a JavaScript Map of the same content takes four times the memory.
 */
export interface EventWindow {
  find(entry: NewEntry): WindowAnswer
  add(entry: NewEntry, sequence: Sequence): void
  /** Adds ids whose content is not known yet. */
  addIds(ids: RecentIds): void
  /** Takes in the content of an id that `find` called unknown. */
  learn(stored: StoredEntry): void
  /** What stood at `sequence` is gone: the id of `entry`, if it is that one's, counts as new. */
  forget(entry: NewEntry, sequence: Sequence): void
  readonly size: number
  /** Whether there may be ids whose content is not known: without any, nobody has to look. */
  readonly hasUnknown: boolean
}

const keyMark = Buffer.from('"idFromKey":true')
/** The id was made from an Idempotency-Key and the input: the same id made that way again means the same input. */
export const isIdFromKey = (entry: NewEntry): boolean =>
  Buffer.from(entry.envelope.buffer, entry.envelope.byteOffset, entry.envelope.byteLength).includes(keyMark)

/** Four of these are an id, or the head of a content hash. */
const wordsPerKey = 4
const bytesPerKey = 16

/** What is known of an id's content. */
const sent = 0
const madeFromKey = 1
const unknown = 2
/** The entry is gone from the journal: the id may be stored again. */
const gone = 3

/** Room for `capacity` entries, and for one key behind them to compare with. */
function allocate(capacity: number) {
  const ids = new Int32Array((capacity + 1) * wordsPerKey)
  const contents = new Int32Array((capacity + 1) * wordsPerKey)
  return {
    capacity,
    ids,
    idBytes: new Uint8Array(ids.buffer),
    contents,
    contentBytes: new Uint8Array(contents.buffer),
    sequences: new Float64Array(capacity),
    times: new Float64Array(capacity),
    states: new Uint8Array(capacity),
    /** Slot -> ring position + 1; 0 is empty. Twice the capacity, so that probes stay short. */
    slots: new Int32Array(capacity * 2),
  }
}

/** A copy, because the bytes may lie anywhere and words may not. */
const asWords = (keys: Uint8Array): Int32Array => new Int32Array(Uint8Array.from(keys).buffer)

const sameKey = (keys: Int32Array, a: number, b: number): boolean => {
  for (let word = 0; word < wordsPerKey; word++)
    if (keys[a * wordsPerKey + word] !== keys[b * wordsPerKey + word]) return false
  return true
}

/** `expected`: entries that will be added at once; saves growing step by step. */
export function createEventWindow(entriesMax = windowEntriesMax, ageMsMax = windowMs, expected = 0): EventWindow {
  let ring = allocate(Math.min(Math.max(entriesMin, expected), entriesMax))
  let oldest = 0
  let size = 0
  let unknowns = 0

  // Keyed, because producers choose ids: without a secret they could choose ones that all land in the same place.
  const factors = Int32Array.from({ length: wordsPerKey }, () => randomInt(2 ** 31) * 2 + 1)
  const home = (position: number): number => {
    let mixed = 0
    for (let word = 0; word < wordsPerKey; word++) {
      mixed = Math.imul(mixed ^ ring.ids[position * wordsPerKey + word]!, factors[word]!)
      mixed ^= mixed >>> 15
    }
    return (mixed >>> 0) % ring.slots.length
  }

  /** The slot of the id that stands at `wanted` in the ring, or the empty one where it belongs. */
  function slotOf(wanted: number): number {
    const { slots, ids } = ring
    let slot = home(wanted)
    for (;;) {
      const position = slots[slot]! - 1
      if (position < 0 || sameKey(ids, position, wanted)) return slot
      slot = slot + 1 === slots.length ? 0 : slot + 1
    }
  }

  /** Backward-shift deletion: no tombstones, so a full window does not slow down with age. */
  function emptySlot(emptied: number): void {
    const { slots } = ring
    let hole = emptied
    for (let slot = (hole + 1) % slots.length; slots[slot] !== 0; slot = (slot + 1) % slots.length) {
      const wanted = home(slots[slot]! - 1)
      const between = hole <= slot ? wanted > hole && wanted <= slot : wanted > hole || wanted <= slot
      if (between) continue
      slots[hole] = slots[slot]!
      hole = slot
    }
    slots[hole] = 0
  }

  function removeOldest(): void {
    const slot = slotOf(oldest)
    // An id that was forgotten and stored again stands at its newer place.
    if (ring.slots[slot] === oldest + 1) emptySlot(slot)
    setState(oldest, sent)
    oldest = (oldest + 1) % ring.capacity
    size--
  }

  function setState(position: number, state: number): void {
    unknowns += Number(state === unknown) - Number(ring.states[position] === unknown)
    ring.states[position] = state
  }

  function grow(): void {
    const previous = ring
    ring = allocate(Math.min(previous.capacity * 2, entriesMax))
    const head = previous.capacity - oldest
    for (const [from, to, perEntry] of [
      [previous.ids, ring.ids, wordsPerKey],
      [previous.contents, ring.contents, wordsPerKey],
      [previous.sequences, ring.sequences, 1],
      [previous.times, ring.times, 1],
      [previous.states, ring.states, 1],
    ] as const) {
      to.set(from.subarray(oldest * perEntry, previous.capacity * perEntry))
      to.set(from.subarray(0, oldest * perEntry), head * perEntry)
    }
    oldest = 0
    // A newer place of the same id comes later and replaces the older.
    for (let position = 0; position < size; position++) ring.slots[slotOf(position)] = position + 1
  }

  /** The ring position of an id; -1 where the window does not have it. The place behind the ring serves to compare. */
  function positionOf(idKey: Uint8Array): number {
    ring.idBytes.set(idKey, ring.capacity * bytesPerKey)
    return ring.slots[slotOf(ring.capacity)]! - 1
  }

  function sameContent(position: number, content: Uint8Array): boolean {
    ring.contentBytes.set(content.subarray(0, bytesPerKey), ring.capacity * bytesPerKey)
    return sameKey(ring.contents, position, ring.capacity)
  }

  function setContent(position: number, entry: NewEntry): void {
    ring.contentBytes.set(contentKey(entry).subarray(0, bytesPerKey), position * bytesPerKey)
    setState(position, isIdFromKey(entry) ? madeFromKey : sent)
  }

  /** Takes the next place for an id; -1 where it has one already. */
  function place(ids: Int32Array, index: number, sequence: number, time: number): number {
    while (size > 0 && ring.times[oldest]! < time - ageMsMax) removeOldest()
    if (size === ring.capacity) {
      if (ring.capacity < entriesMax) grow()
      else removeOldest()
    }
    const position = (oldest + size) % ring.capacity
    for (let word = 0; word < wordsPerKey; word++)
      ring.ids[position * wordsPerKey + word] = ids[index * wordsPerKey + word]!
    const slot = slotOf(position)
    // The same id twice cannot come from the writer; from a journal that holds it twice the first one stands.
    if (ring.slots[slot] !== 0 && ring.states[ring.slots[slot]! - 1] !== gone) return -1
    ring.slots[slot] = position + 1
    ring.sequences[position] = sequence
    ring.times[position] = time
    size++
    return position
  }

  return {
    find(entry) {
      const position = positionOf(entry.idKey)
      if (position < 0 || ring.states[position] === gone) return { kind: 'new' }
      const sequence = ring.sequences[position]! as Sequence
      if (ring.states[position] === unknown) return { kind: 'unknown', sequence }
      const same =
        sameContent(position, contentKey(entry)) || (ring.states[position] === madeFromKey && isIdFromKey(entry))
      return { kind: same ? 'duplicate' : 'reused', sequence }
    },
    add(entry, sequence) {
      const position = place(asWords(entry.idKey), 0, sequence, entry.admittedAt)
      if (position >= 0) setContent(position, entry)
    },
    addIds({ first, idKeys, admittedAt }) {
      const words = asWords(idKeys)
      for (let index = 0; index < admittedAt.length; index++) {
        const position = place(words, index, first + index, admittedAt[index]!)
        if (position >= 0) setState(position, unknown)
      }
    },
    learn(stored) {
      const position = positionOf(stored.idKey)
      if (position < 0 || ring.states[position] !== unknown || ring.sequences[position] !== stored.sequence) return
      setContent(position, stored)
    },
    forget(entry, sequence) {
      const position = positionOf(entry.idKey)
      if (position >= 0 && ring.sequences[position] === sequence) setState(position, gone)
    },
    get size() {
      return size
    },
    get hasUnknown() {
      return unknowns > 0
    },
  }
}
