import { isAscii } from 'node:buffer'
import { foldedByte, hashFactor, hashName, hashStart, type NameTable } from './name-table.ts'

/** Deeper nesting is refused: CloudTrail's own records stay below 20, and readers recurse. */
export const jsonDepthMax = 64
/** Objects with more keys look duplicates up in a Set; below that a scan over the hashes is faster. */
const linearKeysMax = 32

export type JsonFaultCode = 'InvalidJson' | 'DuplicateKey' | 'LoneSurrogate' | 'TooDeep'
export interface JsonFault {
  readonly code: JsonFaultCode
  readonly message: string
}

const keyEscaped = 1
const valueEscaped = 2
const watchedKey = 4

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** 1 for bytes that may stand in a string as they are. */
const plainInString = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== quote && byte !== backslash ? 1 : 0,
)
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/**
 * Where everything in a JSON text is, found in one pass that builds no objects and validates strictly: RFC 8259's grammar,
 * no key twice in an object (compared decoded), no lone surrogate, at most `jsonDepthMax` levels, an object at the top.
 * The bytes must be valid UTF-8 already.
 *
 * Entries stand for values in document order; entry 0 is the whole. `next[e]` is the entry behind e's subtree, so the
 * children of e are e + 1, next[e + 1], ... below next[e]. Array elements have keyStart = -1.
 *
 * An outline is scratch memory: each `scan` overwrites it. It keeps room for the largest text seen (some 16 bytes per byte of it).
 */
export class JsonOutline {
  bytes: Buffer = Buffer.alloc(0)
  /** The bytes as Latin-1, so that offsets into both agree. */
  text = ''
  count = 0
  /** White space between tokens was seen. */
  spaced = false
  /** A `\u` escape was seen in a value. */
  unicodeEscapes = false
  /** A key with the hash of a watched name was seen. */
  watched = false
  ascii = true

  keyStart = new Int32Array(0)
  keyEnd = new Int32Array(0)
  keyHash = new Int32Array(0)
  valueStart = new Int32Array(0)
  valueEnd = new Int32Array(0)
  next = new Int32Array(0)
  flags = new Uint8Array(0)

  readonly #watch: NameTable
  readonly #open = new Int32Array(jsonDepthMax)
  readonly #keyBase = new Int32Array(jsonDepthMax)
  readonly #keySets: (Set<string> | undefined)[] = Array.from({ length: jsonDepthMax })
  /** Entries of the keys of all open objects, innermost last. */
  #openKeys = new Int32Array(0)
  #openHashes = new Int32Array(0)
  #openKeyCount = 0
  #depth = 0
  #fault: JsonFault | undefined

  /** `watch`: names whose presence sets `watched`, in any letter case and with any `-` and `_`. */
  constructor(watch: NameTable) {
    this.#watch = watch
  }

  scan(bytes: Buffer): JsonFault | undefined {
    this.#reset(bytes)
    let i = this.#skipSpace(0)
    if (bytes[i] !== openBrace) return this.#failWith('InvalidJson', i, 'a JSON object is expected')
    i = this.#scanValues(i)
    if (i < 0) return this.#fault
    i = this.#skipSpace(i)
    if (i !== bytes.length) return this.#failWith('InvalidJson', i, 'text behind the record')
    this.text = bytes.toString('latin1')
    this.ascii = isAscii(bytes)
    return undefined
  }

  /** The first byte of a value tells its type. */
  firstByte(entry: number): number {
    return this.bytes[this.valueStart[entry]!]!
  }
  isString(entry: number): boolean {
    return this.firstByte(entry) === quote
  }
  isObject(entry: number): boolean {
    return this.firstByte(entry) === openBrace
  }
  isArray(entry: number): boolean {
    return this.firstByte(entry) === openBracket
  }
  isNumber(entry: number): boolean {
    const byte = this.firstByte(entry)
    return byte === 0x2d || isDigit(byte)
  }
  isEscaped(entry: number): boolean {
    return (this.flags[entry]! & valueEscaped) !== 0
  }
  isKeyEscaped(entry: number): boolean {
    return (this.flags[entry]! & keyEscaped) !== 0
  }
  isWatched(entry: number): boolean {
    return (this.flags[entry]! & watchedKey) !== 0
  }
  valueText(entry: number): string {
    return this.text.slice(this.valueStart[entry], this.valueEnd[entry])
  }
  /** A string value, decoded. */
  string(entry: number): string {
    return this.#decode(this.valueStart[entry]! + 1, this.valueEnd[entry]! - 1, this.isEscaped(entry))
  }
  key(entry: number): string {
    return this.#decode(this.keyStart[entry]!, this.keyEnd[entry]!, (this.flags[entry]! & keyEscaped) !== 0)
  }
  /** Index of the entry's key in `table`, or -1. */
  keyIn(table: NameTable, entry: number): number {
    if ((this.flags[entry]! & keyEscaped) !== 0) return table.indexOf(this.key(entry))
    return table.find(this.keyHash[entry]!, this.bytes, this.keyStart[entry]!, this.keyEnd[entry]!)
  }

  #reset(bytes: Buffer): void {
    this.bytes = bytes
    this.text = ''
    this.count = 0
    this.spaced = this.unicodeEscapes = this.watched = false
    this.#openKeyCount = this.#depth = 0
    // A scan that failed inside an object has left its keys behind.
    if (this.#fault) this.#keySets.fill(undefined)
    this.#fault = undefined
    // A value takes at least one byte and its separator another, so the loops below need no checks of their own.
    const room = (bytes.length >> 1) + 2
    if (this.next.length >= room) return
    const size = 1 << (32 - Math.clz32(room))
    for (const name of ['keyStart', 'keyEnd', 'keyHash', 'valueStart', 'valueEnd', 'next'] as const)
      this[name] = new Int32Array(size)
    this.flags = new Uint8Array(size)
    this.#openKeys = new Int32Array(size)
    this.#openHashes = new Int32Array(size)
  }

  #failWith(code: JsonFaultCode, at: number, what: string): JsonFault {
    return (this.#fault = { code, message: `${what} (byte ${at})` })
  }
  #fail(at: number, what: string, code: JsonFaultCode = 'InvalidJson'): -1 {
    this.#failWith(code, at, at >= this.bytes.length ? 'the text ends too early' : what)
    return -1
  }

  #skipSpace(i: number): number {
    const { bytes } = this
    if (!isSpace(bytes[i])) return i
    this.spaced = true
    while (isSpace(bytes[i])) i++
    return i
  }

  /** The state machine: reads the value at `i` with all that is in it. Returns the offset behind it, or -1. */
  #scanValues(i: number): number {
    const { bytes, valueStart, valueEnd, next, flags } = this
    const open = this.#open
    const plain = plainInString
    let entry = 0
    this.keyStart[0] = -1
    flags[0] = 0
    for (;;) {
      valueStart[entry] = i
      const first = bytes[i]!
      if (first === quote) {
        i++
        while (plain[bytes[i]!] === 1) i++
        if (bytes[i] === quote) i++
        else {
          flags[entry] = valueEscaped | flags[entry]!
          i = this.#restOfString(i)
        }
      } else if (first === openBrace || first === openBracket) {
        if (this.#depth === jsonDepthMax) return this.#fail(i, `more than ${jsonDepthMax} levels`, 'TooDeep')
        open[this.#depth] = entry
        this.#keyBase[this.#depth] = this.#openKeyCount
        this.#depth++
        i++
        if (isSpace(bytes[i])) i = this.#skipSpace(i)
        if (bytes[i] !== (first === openBrace ? closeBrace : closeBracket)) {
          entry++
          i = this.#startMember(i, entry, first === openBrace)
          if (i < 0) return -1
          continue
        }
      } else {
        i = first === 0x74 || first === 0x66 || first === 0x6e ? this.#literal(i, first) : this.#number(i)
      }
      if (i < 0) return -1
      if (first !== openBrace && first !== openBracket) {
        valueEnd[entry] = i
        next[entry] = entry + 1
      }
      // Behind a value: a comma starts the next one, closers end the containers around it.
      for (;;) {
        if (isSpace(bytes[i])) i = this.#skipSpace(i)
        const container = open[this.#depth - 1]!
        const inObject = bytes[valueStart[container]!] === openBrace
        if (bytes[i] === comma) {
          i++
          if (isSpace(bytes[i])) i = this.#skipSpace(i)
          entry++
          i = this.#startMember(i, entry, inObject)
          if (i < 0) return -1
          break
        }
        if (bytes[i] !== (inObject ? closeBrace : closeBracket))
          return this.#fail(i, inObject ? 'a comma or } is expected' : 'a comma or ] is expected')
        i++
        valueEnd[container] = i
        next[container] = entry + 1
        this.#depth--
        this.#openKeyCount = this.#keyBase[this.#depth]!
        this.#keySets[this.#depth] = undefined
        if (this.#depth === 0) {
          this.count = entry + 1
          return i
        }
      }
    }
  }

  /** Reads the key of an object's member, if it is one. Returns the offset of its value, or -1. */
  #startMember(i: number, entry: number, inObject: boolean): number {
    const { bytes } = this
    this.flags[entry] = 0
    if (!inObject) {
      this.keyStart[entry] = -1
      return i
    }
    if (bytes[i] !== quote) return this.#fail(i, 'a key is expected')
    i++
    const start = i
    const fold = foldedByte
    let hash = hashStart
    for (;;) {
      const folded = fold[bytes[i]!]!
      // Past the end of the text `folded` is undefined, which ends the run too.
      if (folded > 1) hash = Math.imul(hash ^ folded, hashFactor)
      else if (folded !== 1) break
      i++
    }
    let end = i
    if (bytes[i] !== quote) {
      i = this.#restOfString(i)
      if (i < 0) return -1
      end = i - 1
      this.flags[entry] = keyEscaped
      hash = hashName(this.#decode(start, end, true))
    } else i++
    this.keyStart[entry] = start
    this.keyEnd[entry] = end
    this.keyHash[entry] = hash
    if (this.#isDuplicate(entry, hash)) return this.#fail(start, 'the key stands twice in its object', 'DuplicateKey')
    if (this.#watch.hasHash(hash)) {
      this.flags[entry] |= watchedKey
      this.watched = true
    }
    if (isSpace(bytes[i])) i = this.#skipSpace(i)
    if (bytes[i] !== colon) return this.#fail(i, 'a colon is expected')
    i++
    return isSpace(bytes[i]) ? this.#skipSpace(i) : i
  }

  /** Also notes the key. Quadratic only up to `linearKeysMax`, then by a Set (whose hashes nobody can foresee). */
  #isDuplicate(entry: number, hash: number): boolean {
    const base = this.#keyBase[this.#depth - 1]!
    const count = this.#openKeyCount
    const openKeys = this.#openKeys
    const openHashes = this.#openHashes
    openKeys[count] = entry
    openHashes[count] = hash
    this.#openKeyCount = count + 1
    if (count - base < linearKeysMax) {
      for (let k = base; k < count; k++) if (openHashes[k] === hash && this.#sameKey(openKeys[k]!, entry)) return true
      return false
    }
    let keys = this.#keySets[this.#depth - 1]
    if (!keys) {
      keys = new Set()
      for (let k = base; k < count; k++) keys.add(this.key(openKeys[k]!))
      this.#keySets[this.#depth - 1] = keys
    }
    const size = keys.size
    return keys.add(this.key(entry)).size === size
  }

  #sameKey(one: number, other: number): boolean {
    if (this.isKeyEscaped(one) || this.isKeyEscaped(other)) return this.key(one) === this.key(other)
    const { bytes, keyStart, keyEnd } = this
    const start = keyStart[one]!
    const length = keyEnd[one]! - start
    const offset = keyStart[other]! - start
    if (keyEnd[other]! - keyStart[other]! !== length) return false
    for (let i = start; i < start + length; i++) if (bytes[i] !== bytes[i + offset]) return false
    return true
  }

  /** From a byte that is not plain to behind the closing quote, or -1. */
  #restOfString(i: number): number {
    const { bytes } = this
    for (;;) {
      while (plainInString[bytes[i]!] === 1) i++
      const byte = bytes[i]
      if (byte === quote) return i + 1
      if (byte !== backslash) return this.#fail(i, 'a control character in a string')
      const escaped = bytes[i + 1]
      if (escaped === 0x75) {
        this.unicodeEscapes = true
        const unit = this.#hexUnit(i + 2)
        if (unit < 0) return this.#fail(i, 'a broken \\u escape')
        i += 6
        if (unit < 0xd800 || unit > 0xdfff) continue
        const low = unit < 0xdc00 && bytes[i] === backslash && bytes[i + 1] === 0x75 ? this.#hexUnit(i + 2) : -1
        if (low < 0xdc00 || low > 0xdfff) return this.#fail(i - 6, 'a lone surrogate', 'LoneSurrogate')
        i += 6
      } else {
        if (escaped === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(escaped)))
          return this.#fail(i, 'an unknown escape')
        i += 2
      }
    }
  }

  #hexUnit(at: number): number {
    let unit = 0
    for (let i = at; i < at + 4; i++) {
      const byte = this.bytes[i]
      if (byte === undefined) return -1
      const letter = byte | 0x20
      if (isDigit(byte)) unit = unit * 16 + byte - 0x30
      else if (letter >= 0x61 && letter <= 0x66) unit = unit * 16 + letter - 0x57
      else return -1
    }
    return unit
  }

  #number(i: number): number {
    const { bytes } = this
    if (bytes[i] === 0x2d) i++
    if (!isDigit(bytes[i])) return this.#fail(i, 'a value is expected')
    if (bytes[i] === 0x30) i++
    else while (isDigit(bytes[i])) i++
    if (bytes[i] === 0x2e) {
      i++
      if (!isDigit(bytes[i])) return this.#fail(i, 'a digit is expected')
      while (isDigit(bytes[i])) i++
    }
    if (bytes[i] === 0x65 || bytes[i] === 0x45) {
      i++
      if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++
      if (!isDigit(bytes[i])) return this.#fail(i, 'a digit is expected')
      while (isDigit(bytes[i])) i++
    }
    return i
  }

  #literal(i: number, first: number): number {
    const word = first === 0x74 ? 'true' : first === 0x66 ? 'false' : 'null'
    for (let k = 1; k < word.length; k++)
      if (this.bytes[i + k] !== word.charCodeAt(k)) return this.#fail(i, 'a value is expected')
    return i + word.length
  }

  #decode(start: number, end: number, escaped: boolean): string {
    if (escaped) return JSON.parse(`"${this.bytes.toString('utf8', start, end)}"`) as string
    // While scanning there is no Latin-1 text yet; keys are short then.
    if (this.text !== '' && this.ascii) return this.text.slice(start, end)
    return this.bytes.toString('utf8', start, end)
  }
}

/** Drops white space between tokens. The text must be valid JSON. */
export function compactJson(bytes: Buffer): Buffer {
  const compact = Buffer.allocUnsafe(bytes.length)
  let length = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (!inString && isSpace(byte)) continue
    compact[length++] = byte
    if (byte === quote) inString = !inString
    else if (inString && byte === backslash) compact[length++] = bytes[++i]!
  }
  return compact.subarray(0, length)
}
