import { hash } from 'node:crypto'
import type { Place } from './fetched.ts'

const slotWords = 4
const startSlots = 1024
/** A table fuller than this is doubled. */
const loadMax = 0.6

/**
 * Places that were seen, 27 to 54 bytes each however long their names: a year of a busy Region lists millions. A place is
 * known by 128 bits of SHA-256, too many for anybody to find a second place that passes for a listed one.
 */
export class PlaceSet {
  #slots = new Uint32Array(startSlots * slotWords)
  #size = 0

  /** False: it was there already. */
  add(place: Place): boolean {
    if (this.#size >= (this.#slots.length / slotWords) * loadMax) this.#grow()
    const words = wordsOf(place)
    const at = find(this.#slots, words)
    if (this.#slots[at + slotWords - 1] !== 0) return false
    this.#slots.set(words, at)
    this.#size++
    return true
  }

  has(place: Place): boolean {
    return this.#slots[find(this.#slots, wordsOf(place)) + slotWords - 1] !== 0
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    for (let at = 0; at < this.#slots.length; at += slotWords) {
      const words = this.#slots.subarray(at, at + slotWords)
      if (words[slotWords - 1] !== 0) slots.set(words, find(slots, words))
    }
    this.#slots = slots
  }
}

/** The last word is never zero: that is what an empty slot has. */
function wordsOf({ bucket, key }: Place): Uint32Array {
  // A bucket's name has no slash, so the two cannot be taken apart in two ways.
  const digest = hash('sha256', `${bucket}/${key}`, 'buffer')
  const words = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at))
  words[slotWords - 1] = words[slotWords - 1]! | 1
  return Uint32Array.from(words)
}

/** Offset of the slot that holds `words`, or of the empty one where they belong. */
function find(slots: Uint32Array, words: Uint32Array): number {
  const count = slots.length / slotWords
  let slot = words[0]! % count
  for (;;) {
    const at = slot * slotWords
    if (slots[at + slotWords - 1] === 0 || words.every((word, index) => slots[at + index] === word)) return at
    slot = (slot + 1) % count
  }
}
