import type { Refusal } from './admission.ts'
import { rawRecordBytesMax } from './admit.ts'
import { JsonOutline } from './json-outline.ts'
import { NameTable } from './name-table.ts'

/** What may stand behind the `Records` array: other members of the object, skipped. */
const tailBytesMax = 64 * 1024

/**
 * Where the splitter stands between two chunks of one body. Plain data: it may be cloned into another thread.
 *
 * - `start`: nothing decided yet; `held` is the beginning of the body.
 * - `lines`: one record per line.
 * - `blocks`: records over several lines each, as `JSON.stringify(record, null, 2)` and `jq` write them: what is indented, and
 *   the closing bracket, belongs to the record before.
 * - `array`: inside the list of `{"Records":[...]}`, or of a bare `[...]`.
 * - `tail`: behind that list. `done`: the rest is not looked at.
 */
export interface SplitterState {
  readonly mode: 'start' | 'lines' | 'blocks' | 'array' | 'tail' | 'done'
  /** A bare array, behind which nothing may follow. */
  readonly bare: boolean
  /** Records framed so far, refused ones included: the index of the next one. */
  readonly index: number
  /** The beginning of the unfinished record, in pieces of earlier chunks. */
  readonly held: readonly Uint8Array[]
  readonly heldBytes: number
  /** The unfinished record is beyond the limit: its end is awaited, its bytes are not kept. */
  readonly oversize: boolean
  /** Open brackets in the unfinished record. */
  readonly depth: number
  readonly inString: boolean
  /** The chunk ended behind a backslash. */
  readonly escaped: boolean
  /** The chunk ended behind a line: the next byte decides whether the record goes on. */
  readonly lineEnded: boolean
}

/** A refusal and the place of what it refuses in the body, counted from 0. */
export interface SplitRefusal extends Refusal {
  readonly index: number
}

export interface Split {
  /** Complete records in order; where one lies within the chunk, a view of it. Not validated: `admit` does that. */
  readonly records: Uint8Array[]
  /** Index of each record in the body. */
  readonly indexes: number[]
  readonly refusals: SplitRefusal[]
  readonly state: SplitterState
}

export const splitterStart: SplitterState = {
  mode: 'start',
  bare: false,
  index: 0,
  held: [],
  heldBytes: 0,
  oversize: false,
  depth: 0,
  inString: false,
  escaped: false,
  lineEnded: false,
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
/** Bytes that mean something to framing inside brackets. */
const structural = new Uint8Array(256)
for (const char of '{}[]",') structural[char.charCodeAt(0)] = 1
const newline = 0x0a
const quote = 0x22
const backslash = 0x5c

/**
 * Frames the records of a request body as it arrives, at several hundred MB/s and without holding more than one record.
 * Knows three forms by their first bytes: `{"Records":[...]}` (or a bare array), one record per line, and indented records, of
 * which the first line is a bracket alone. A record that is not JSON costs no other record: between lines and indented records
 * in any case, in a list as long as its brackets and quotes are balanced; one above `rawRecordBytesMax` is refused without being kept.
 *
 * The object is only recognised when `Records` is its first key, as CloudTrail's readers demand; members behind the list are
 * skipped. Chunks may end anywhere. `isLast` with an empty chunk is allowed.
 */
export function splitRecords(state: SplitterState, chunk: Uint8Array, isLast: boolean): Split {
  const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const splitter = new Splitter(state)
  splitter.feed(bytes, isLast)
  return { records: splitter.records, indexes: splitter.indexes, refusals: splitter.refusals, state: splitter.state() }
}

class Splitter {
  readonly records: Uint8Array[] = []
  readonly indexes: number[] = []
  readonly refusals: SplitRefusal[] = []
  #mode: SplitterState['mode']
  #bare: boolean
  #index: number
  #held: Uint8Array[]
  #heldBytes: number
  #oversize: boolean
  #depth: number
  #inString: boolean
  #escaped: boolean
  #lineEnded: boolean

  constructor(state: SplitterState) {
    this.#mode = state.mode
    this.#bare = state.bare
    this.#index = state.index
    this.#held = [...state.held]
    this.#heldBytes = state.heldBytes
    this.#oversize = state.oversize
    this.#depth = state.depth
    this.#inString = state.inString
    this.#escaped = state.escaped
    this.#lineEnded = state.lineEnded
  }

  state(): SplitterState {
    return {
      mode: this.#mode,
      bare: this.#bare,
      index: this.#index,
      held: this.#held,
      heldBytes: this.#heldBytes,
      oversize: this.#oversize,
      depth: this.#depth,
      inString: this.#inString,
      escaped: this.#escaped,
      lineEnded: this.#lineEnded,
    }
  }

  feed(chunk: Buffer, isLast: boolean): void {
    let bytes = chunk
    let at = 0
    if (this.#mode === 'start') {
      bytes = this.#held.length > 0 ? Buffer.concat([...this.#held, chunk]) : chunk
      const form = recogniseForm(bytes, isLast)
      if (!form) {
        this.#held = [Buffer.from(bytes)]
        return
      }
      this.#held = []
      this.#mode = form.mode
      this.#bare = form.bare
      at = form.start
    }
    if (this.#mode === 'lines') this.#lines(bytes, at)
    else if (this.#mode === 'blocks') this.#blocks(bytes, at)
    else if (this.#mode === 'array') at = this.#array(bytes, at)
    if (this.#mode === 'tail') this.#tail(bytes, at)
    if (isLast) this.#end()
  }

  #end(): void {
    if (this.#mode === 'lines' || this.#mode === 'blocks') this.#finish(Buffer.alloc(0), 0, 0)
    else if (this.#mode === 'array') {
      // The last record may be whole though the list is not.
      if (this.#depth === 0 && !this.#inString) this.#finish(Buffer.alloc(0), 0, 0)
      this.#refuseRest('the body ends inside the list of records')
    } else if (this.#mode === 'tail') this.#checkTail()
    this.#mode = 'done'
    this.#drop()
  }

  #lines(bytes: Buffer, from: number): void {
    let start = from
    for (;;) {
      // Blank lines cost next to nothing: a gigabyte of them is a megabyte of gzip.
      if (this.#heldBytes === 0 && !this.#oversize) while (start < bytes.length && isSpace(bytes[start]!)) start++
      const end = bytes.indexOf(newline, start)
      if (end < 0) break
      this.#finish(bytes, start, end)
      start = end + 1
    }
    this.#hold(bytes, start, bytes.length)
  }

  /**
   * A record ends before a line that is neither indented nor the closing bracket. Brackets are not counted: one too many in
   * one record would take the next ones with it.
   */
  #blocks(bytes: Buffer, from: number): void {
    let start = from
    for (let at = from; at < bytes.length;) {
      if (this.#lineEnded && !continuesBlock(bytes[at]!)) {
        this.#finish(bytes, start, at)
        start = at
      }
      const end = bytes.indexOf(newline, at)
      this.#lineEnded = end >= 0
      at = end < 0 ? bytes.length : end + 1
    }
    this.#hold(bytes, start, bytes.length)
  }

  /** Elements end at a comma outside of all brackets. Returns the offset behind the list, if it ends here. */
  #array(bytes: Buffer, from: number): number {
    let start = from
    let at = from
    while (at < bytes.length) {
      at = this.#skipBracketed(bytes, at)
      if (at >= bytes.length && (this.#depth > 0 || this.#inString || !isElementEnd(bytes[at]))) break
      const byte = bytes[at]
      if (byte === 0x2c) this.#finish(bytes, start, at, true)
      else if (byte === 0x5d) {
        // Only a list of nothing may have nothing before its end.
        this.#finish(bytes, start, at, this.#index > 0)
        this.#mode = 'tail'
        return at + 1
      } else {
        this.#refuseRest('a } closes nothing in the list of records')
        this.#mode = 'done'
        return bytes.length
      }
      start = ++at
    }
    this.#hold(bytes, start, bytes.length)
    return bytes.length
  }

  /**
   * Goes on with brackets and strings. Stops on the comma or closing bracket outside of all brackets.
   */
  #skipBracketed(bytes: Buffer, from: number): number {
    let at = from
    let depth = this.#depth
    let inString = this.#inString
    const length = bytes.length
    if (this.#escaped && at < length) {
      at++
      this.#escaped = false
    }
    scan: while (at < length) {
      if (inString) {
        for (;;) {
          while (at < length && bytes[at] !== quote && bytes[at] !== backslash) at++
          if (at >= length) break scan
          if (bytes[at] === quote) break
          at += 2
          if (at > length) {
            this.#escaped = true
            at = length
            break scan
          }
        }
        inString = false
        at++
        continue
      }
      while (at < length && structural[bytes[at]!] === 0) at++
      if (at >= length) break
      const byte = bytes[at]!
      if (byte === quote) inString = true
      else if (byte === 0x7b || byte === 0x5b) depth++
      else if (byte === 0x2c) {
        if (depth === 0) break
      } else if (depth === 0) break
      else depth--
      at++
    }
    this.#depth = depth
    this.#inString = inString
    return at
  }

  #tail(bytes: Buffer, from: number): void {
    this.#held.push(Buffer.from(bytes.subarray(from)))
    this.#heldBytes += bytes.length - from
    if (this.#heldBytes > tailBytesMax) {
      this.#refuseRest(`more than ${tailBytesMax} bytes behind the list of records`)
      this.#mode = 'done'
    }
  }

  /** The records have been taken; a broken end is still said, so that nobody mistakes half a body for a whole. */
  #checkTail(): void {
    const tail = Buffer.concat(this.#held)
    const isRest = this.#bare
      ? tail.every(isSpace)
      : !new JsonOutline(new NameTable([])).scan(Buffer.concat([Buffer.from('{"Records":[]'), tail]))
    if (!isRest) this.#refuseRest('the text behind the list of records is not the rest of the JSON text')
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    if (end <= start || this.#oversize) return
    if (this.#heldBytes + end - start > rawRecordBytesMax) {
      this.#drop()
      this.#oversize = true
      return
    }
    // Copied: the chunk is the caller's again as soon as its records are through.
    this.#held.push(Buffer.from(bytes.subarray(start, end)))
    this.#heldBytes += end - start
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
    this.#oversize = false
  }

  /** Hands out the record that ends before `end`; nothing but white space is no record, unless one `mustBe`. */
  #finish(bytes: Buffer, start: number, end: number, mustBe = false): void {
    const tooLarge = this.#oversize || this.#heldBytes + end - start > rawRecordBytesMax
    const record = tooLarge ? undefined : this.#trimmed(bytes.subarray(start, end))
    this.#drop()
    if (tooLarge) this.#refuse('EventTooLarge', `the record has more than ${rawRecordBytesMax} bytes`)
    else if (record!.length > 0) {
      this.records.push(record!)
      this.indexes.push(this.#index++)
    } else if (mustBe) this.#refuse('InvalidJson', 'a comma in the list of records has no record beside it')
  }

  #trimmed(last: Buffer): Uint8Array {
    const whole = this.#held.length > 0 ? Buffer.concat([...this.#held, last]) : last
    let start = 0
    let end = whole.length
    while (start < end && isSpace(whole[start]!)) start++
    while (end > start && isSpace(whole[end - 1]!)) end--
    return start === 0 && end === whole.length ? whole : whole.subarray(start, end)
  }

  #refuse(code: string, message: string): void {
    this.refusals.push({ code, message, index: this.#index++ })
  }

  #refuseRest(why: string): void {
    this.#refuse('InvalidBody', `${why}; what follows was not read`)
    this.#drop()
  }
}

const isElementEnd = (byte: number | undefined): boolean => byte === 0x2c || byte === 0x5d

interface Form {
  readonly mode: 'lines' | 'blocks' | 'array'
  readonly start: number
  readonly bare: boolean
}

/** The form of a body by its beginning, or undefined when more of it is needed (never beyond the size of a record). */
function recogniseForm(bytes: Buffer, isLast: boolean): Form | undefined {
  const mayWait = !isLast && bytes.length <= rawRecordBytesMax
  const hasMark = bytes[0] === 0xef && (bytes.length < 3 || (bytes[1] === 0xbb && bytes[2] === 0xbf))
  if (hasMark && bytes.length < 3 && mayWait) return undefined
  let start = hasMark && bytes.length >= 3 ? 3 : 0
  while (start < bytes.length && isSpace(bytes[start]!)) start++
  if (start === bytes.length) return mayWait ? undefined : { mode: 'lines', start, bare: false }
  if (bytes[start] === 0x5b) return { mode: 'array', start: start + 1, bare: true }
  const list = findList(bytes, start)
  if (list === 'partial') {
    if (mayWait) return undefined
  } else if (list !== 'none') return { mode: 'array', start: list, bare: false }
  const lineEnd = bytes.indexOf(newline, start)
  if (lineEnd < 0 && mayWait) return undefined
  return { mode: isBracketAlone(bytes, start, lineEnd) ? 'blocks' : 'lines', start, bare: false }
}

/** Offset behind the opening bracket of `{"Records":[`. */
function findList(bytes: Buffer, start: number): number | 'partial' | 'none' {
  let at = start
  for (const token of ['{', '"Records"', ':', '[']) {
    while (at < bytes.length && isSpace(bytes[at]!)) at++
    for (const char of token) {
      if (at === bytes.length) return 'partial'
      if (bytes[at] !== char.charCodeAt(0)) return 'none'
      at++
    }
  }
  return at
}

/** Nothing else begins records over several lines: a line that is cut off must not change how the ones behind it are read. */
function isBracketAlone(bytes: Buffer, start: number, lineEnd: number): boolean {
  if (bytes[start] !== 0x7b || lineEnd < 0) return false
  for (let at = start + 1; at < lineEnd; at++) if (!isSpace(bytes[at]!)) return false
  return true
}

const continuesBlock = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x7d
