/** What is looked for in an object: members whose text is wanted (by their place in the result), or objects to look into. */
export interface SkimPlan {
  readonly [name: string]: number | SkimPlan | 'stop'
}

interface Wanted {
  readonly name: Uint8Array
  readonly place: number
  readonly within: readonly Wanted[] | undefined
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

const lost = -1
const stopPlace = -1
const objectPlace = -2

const wantedOf = (plan: SkimPlan): readonly Wanted[] =>
  Object.entries(plan).map(([name, of]) => ({
    name: Buffer.from(name, 'latin1'),
    place: typeof of === 'number' ? of : of === 'stop' ? stopPlace : objectPlace,
    within: typeof of === 'object' ? wantedOf(of) : undefined,
  }))

/**
 * Takes some texts out of a record and steps over the rest: less than half of what an outline costs. Only for records that
 * admission has taken, whose JSON is valid and without white space: nothing of what is stepped over is checked.
 *
 * Scratch memory: each `read` overwrites `texts`.
 */
export class RecordSkim {
  /** Undefined: no such member, or no text. */
  readonly texts: (string | undefined)[]
  readonly #wanted: readonly Wanted[]
  #bytes: Buffer = Buffer.alloc(0)

  /** `plan`: 'stop' gives up where such a member is met. Names are ASCII. */
  constructor(plan: SkimPlan, count: number) {
    this.#wanted = wantedOf(plan)
    this.texts = Array.from({ length: count })
  }

  /** False: the record is not written as admission writes it, or has what the plan stops at; somebody else has to read it. */
  read(bytes: Buffer): boolean {
    this.#bytes = bytes
    this.texts.fill(undefined)
    return bytes[0] === openBrace && this.#object(0, this.#wanted) === bytes.length
  }

  /** Reads the object at `i`. Returns the offset behind it, or `lost`. */
  #object(i: number, wanted: readonly Wanted[]): number {
    const bytes = this.#bytes
    if (bytes[i + 1] === closeBrace) return i + 2
    do {
      // Here stands the brace or a comma.
      const start = i + 2
      if (bytes[start - 1] !== quote) return lost
      let end = start
      for (let byte = bytes[end]; byte !== quote; byte = bytes[++end])
        if (byte === backslash || byte === undefined) return lost
      if (bytes[end + 1] !== colon) return lost
      i = this.#member(end + 2, find(wanted, bytes, start, end))
      if (i === lost) return lost
    } while (bytes[i] === comma)
    return bytes[i] === closeBrace ? i + 1 : lost
  }

  #member(i: number, wanted: Wanted | undefined): number {
    const bytes = this.#bytes
    const first = bytes[i]
    if (!wanted) return skipValue(bytes, i)
    if (wanted.place === stopPlace) return lost
    if (wanted.within) return first === openBrace ? this.#object(i, wanted.within) : skipValue(bytes, i)
    return first === quote ? this.#text(i, wanted.place) : skipValue(bytes, i)
  }

  #text(i: number, place: number): number {
    const bytes = this.#bytes
    let seen = 0
    let end = i + 1
    for (let byte = bytes[end]!; byte !== quote; byte = bytes[++end]!) {
      if (byte === backslash || byte === undefined) return lost
      seen |= byte
    }
    // Strings of their own: a part of a larger one would keep all of that in memory.
    this.texts[place] = bytes.toString(seen < 0x80 ? 'latin1' : 'utf8', i + 1, end)
    return end + 1
  }
}

function find(wanted: readonly Wanted[], bytes: Buffer, start: number, end: number): Wanted | undefined {
  const length = end - start
  for (let k = 0; k < wanted.length; k++) {
    const { name } = wanted[k]!
    if (name.length !== length) continue
    let at = 0
    while (at < length && name[at] === bytes[start + at]) at++
    if (at === length) return wanted[k]
  }
  return undefined
}

/** The offset behind the value at `i`. */
function skipValue(bytes: Buffer, i: number): number {
  const first = bytes[i]
  if (first === quote) return skipString(bytes, i)
  if (first === openBrace || first === openBracket) return skipContainer(bytes, i)
  for (let byte = first; byte !== comma && byte !== closeBrace; byte = bytes[++i]) if (byte === undefined) return lost
  return i
}

function skipString(bytes: Buffer, i: number): number {
  for (let byte = bytes[++i]; byte !== quote; byte = bytes[++i]) {
    if (byte === backslash) i++
    else if (byte === undefined) return lost
  }
  return i + 1
}

function skipContainer(bytes: Buffer, i: number): number {
  let depth = 0
  for (const { length } = bytes; i < length; i++) {
    const byte = bytes[i]!
    if (byte === quote) {
      for (let inner = bytes[++i]; inner !== quote; inner = bytes[++i]) {
        if (inner === backslash) i++
        else if (inner === undefined) return lost
      }
    } else if (byte === openBrace || byte === openBracket) depth++
    else if (byte === closeBrace || byte === closeBracket) {
      depth--
      if (depth === 0) return i + 1
    }
  }
  return lost
}
