import { fieldNames, fieldTable } from './record-fields.ts'
import type { JsonOutline } from './json-outline.ts'

const absent = -1

/** The top-level members of a scanned record: which entry holds which known field, and the keys nobody knows. */
export class RecordMembers {
  readonly outline: JsonOutline
  /** Per field index the entry of its value, or -1. */
  readonly entries = new Int32Array(fieldNames.length)
  /** Entries of all top-level members, in the order in which they came. */
  readonly all: number[] = []
  /** Their field indexes, or -1. */
  readonly fields: number[] = []

  constructor(outline: JsonOutline) {
    this.outline = outline
  }

  /** To be called after each scan. */
  read(): void {
    const { outline, entries, all, fields } = this
    entries.fill(absent)
    all.length = fields.length = 0
    for (let entry = 1; entry < outline.count; entry = outline.next[entry]!) {
      const field = outline.keyIn(fieldTable, entry)
      if (field >= 0) entries[field] = entry
      all.push(entry)
      fields.push(field)
    }
  }

  // The following take an index out of `fieldIndex`.
  entry(field: number): number {
    return this.entries[field]!
  }
  has(field: number): boolean {
    return this.entry(field) !== absent
  }
  /** The field's decoded text; undefined when it is absent or no string. */
  string(field: number): string | undefined {
    const entry = this.entry(field)
    return entry !== absent && this.outline.isString(entry) ? this.outline.string(entry) : undefined
  }
  /** Length of the field's text as it is written, escapes and all; -1 when it is absent. */
  textBytes(field: number): number {
    const entry = this.entry(field)
    return entry === absent ? -1 : this.outline.valueEnd[entry]! - this.outline.valueStart[entry]! - 2
  }
  boolean(field: number): boolean | undefined {
    const entry = this.entry(field)
    if (entry === absent) return undefined
    const first = this.outline.firstByte(entry)
    return first === 0x74 ? true : first === 0x66 ? false : undefined
  }
  /** The field's entry if it is an object, else -1. */
  object(field: number): number {
    const entry = this.entry(field)
    return entry !== absent && this.outline.isObject(entry) ? entry : absent
  }
}

/** The child of an object under `key` (an ordinary ASCII name), or -1; also -1 when `parent` is -1 or no object. */
export function childOf(outline: JsonOutline, parent: number, key: string): number {
  if (parent < 0 || !outline.isObject(parent)) return absent
  const behind = outline.next[parent]!
  for (let child = parent + 1; child < behind; child = outline.next[child]!)
    if (hasKey(outline, child, key)) return child
  return absent
}

function hasKey(outline: JsonOutline, entry: number, key: string): boolean {
  const start = outline.keyStart[entry]!
  const length = outline.keyEnd[entry]! - start
  if (length === key.length) return outline.text.startsWith(key, start)
  return outline.isKeyEscaped(entry) && outline.key(entry) === key
}

/** The child's decoded text, if it is a string that is not empty. */
export function childString(outline: JsonOutline, parent: number, key: string): string | undefined {
  const child = childOf(outline, parent, key)
  return child >= 0 && outline.isString(child) ? outline.string(child) || undefined : undefined
}
