import { fieldOrder, rankCount, unranked, type RecordKind } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'

const entryAt = new Int32Array(rankCount)

/**
 * The record's text with its top-level members in CloudTrail's order and `fills` (JSON members by rank) in their places.
 * Members are spliced by their spans, never written anew; those the kind does not know come last, in the order they had.
 * The text is Latin-1: one char per byte.
 */
export function assembleRecord(
  members: RecordMembers,
  kind: RecordKind,
  fills?: readonly (string | undefined)[],
): string {
  const { all, fields, outline } = members
  const ranks = fieldOrder(kind)
  if (!fills && isInOrder(fields, ranks)) return outline.text
  entryAt.fill(-1)
  const rest: number[] = []
  for (let i = 0; i < all.length; i++) {
    const rank = fields[i]! < 0 ? unranked : ranks[fields[i]!]!
    if (rank === unranked) rest.push(all[i]!)
    else entryAt[rank] = all[i]!
  }
  const pieces = new Pieces(members)
  for (let rank = 0; rank < rankCount; rank++) {
    const fill = fills?.[rank]
    if (fill !== undefined) pieces.text(fill)
    else if (entryAt[rank]! >= 0) pieces.member(entryAt[rank]!)
  }
  for (const entry of rest) pieces.member(entry)
  return pieces.finish()
}

function isInOrder(fields: readonly number[], ranks: Uint8Array): boolean {
  let last = 0
  for (let i = 0; i < fields.length; i++) {
    const rank = fields[i]! < 0 ? unranked : ranks[fields[i]!]!
    if (rank < last) return false
    last = rank
  }
  return true
}

/** Joins members with commas; neighbours in the source are taken over in one piece. */
class Pieces {
  readonly #members: RecordMembers
  #joined = ''
  #runStart = -1
  #runEnd = -1

  constructor(members: RecordMembers) {
    this.#members = members
  }
  member(entry: number): void {
    const { outline } = this.#members
    const start = outline.keyStart[entry]! - 1
    if (this.#runStart < 0 || start !== this.#runEnd + 1) {
      this.#endRun()
      this.#runStart = start
    }
    this.#runEnd = outline.valueEnd[entry]!
  }
  text(member: string): void {
    this.#endRun()
    this.#append(member)
  }
  finish(): string {
    this.#endRun()
    return `{${this.#joined}}`
  }
  #endRun(): void {
    if (this.#runStart >= 0) this.#append(this.#members.outline.text.slice(this.#runStart, this.#runEnd))
    this.#runStart = -1
  }
  #append(text: string): void {
    this.#joined = this.#joined === '' ? text : `${this.#joined},${text}`
  }
}
