/**
 * Which entries of a range of a stream are the records of a log file: the lengths of what is not and what is in the file,
 * in turn, each as unsigned LEB128. The range is (from, to]; the entry with sequence `from + 1` has the offset 0, so that
 * `from + offset` is its leaf in the stream's tree. What follows the last record is left out. There is one text for each
 * set: numbers in their shortest form, and only the first length may be 0. Nothing at all is the empty set.
 */

/** Neighbouring entries that are all in the file. */
export interface PositionRun {
  /** Offset of the first in the range, from 0. */
  readonly first: number
  /** At least 1. */
  readonly count: number
}

export interface PositionsWriter {
  /** The entries from `offset` on, one or `count`. @throws {RangeError} not beyond what was added before, or no number. */
  add(offset: number, count?: number): void
  /** The positions of all that was added. The writer is used up. */
  finish(): Uint8Array
}

export interface Positions {
  /** Number of entries in the file. */
  readonly count: number
  /** Number of `runs()`. */
  readonly runCount: number
  /** In rising order; neither overlapping nor touching one another. Made as they are asked for. */
  runs(): Iterable<PositionRun>
}

export type ReadPositions =
  { readonly ok: true; readonly positions: Positions } | { readonly ok: false; readonly message: string }

/** Room for a few runs; it doubles. */
const firstRoomBytes = 64
/** Bytes of the largest exact integer: 53 bits in groups of seven. */
const numberBytesMax = 8

export function createPositionsWriter(): PositionsWriter {
  let bytes = new Uint8Array(firstRoomBytes)
  let length = 0
  /** Where the last run that was written ends, and the run that still grows. */
  let written = 0
  let run = { first: 0, end: 0 }

  function write(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[length++] = (rest % 0x80) + 0x80
    bytes[length++] = rest
  }

  function flush(): void {
    if (run.end === run.first) return
    if (bytes.length < length + 2 * numberBytesMax) {
      const larger = new Uint8Array(2 * bytes.length)
      larger.set(bytes)
      bytes = larger
    }
    write(run.first - written)
    write(run.end - run.first)
    written = run.end
  }

  return {
    add(offset, count = 1) {
      if (!Number.isSafeInteger(offset) || offset < run.end || count < 1 || !Number.isSafeInteger(offset + count))
        throw new RangeError(`entries are added in rising order, not ${count} from ${offset} on after ${run.end}`)
      if (offset > run.end || run.end === 0) {
        flush()
        run = { first: offset, end: offset + count }
      } else run.end += count
    },
    finish() {
      flush()
      return bytes.slice(0, length)
    },
  }
}

/** The positions of a file that holds the whole range. */
export function allPositions(entries: number): Uint8Array {
  const writer = createPositionsWriter()
  if (entries > 0) writer.add(0, entries)
  return writer.finish()
}

/**
 * Reads positions in a range of `entries` entries. The bytes are untrusted and read through once; nothing is kept but
 * them, so whoever bounds their number bounds the memory. @param bytes not to be changed while `runs` are read.
 */
export function readPositions(bytes: Uint8Array, { entries }: { readonly entries: number }): ReadPositions {
  const reader = createReader(bytes)
  let count = 0
  let runCount = 0
  let end = 0
  while (!reader.isAtEnd()) {
    const [skipped, taken] = [reader.next(), reader.next()]
    if (skipped === undefined || taken === undefined)
      return { ok: false, message: 'the positions are not pairs of numbers in their shortest form' }
    if (taken === 0 || (skipped === 0 && runCount > 0)) return { ok: false, message: 'a length of the positions is 0' }
    end += skipped + taken
    if (end > entries) return { ok: false, message: `the positions end beyond the range of ${entries} entries` }
    count += taken
    runCount += 1
  }
  return { ok: true, positions: { count, runCount, runs: () => runsOf(bytes) } }
}

function* runsOf(bytes: Uint8Array): Generator<PositionRun> {
  const reader = createReader(bytes)
  let end = 0
  while (!reader.isAtEnd()) {
    const first = end + (reader.next() ?? 0)
    const count = reader.next() ?? 0
    end = first + count
    yield { first, count }
  }
}

function createReader(bytes: Uint8Array) {
  let at = 0
  return {
    isAtEnd: () => at === bytes.length,
    /** Undefined: no number, or not in its shortest form. */
    next(): number | undefined {
      let value = 0
      let weight = 1
      for (let read = 1; read <= numberBytesMax && at < bytes.length; read++, weight *= 0x80) {
        const byte = bytes[at++]!
        value += (byte % 0x80) * weight
        if (byte < 0x80) return (byte === 0 && read > 1) || !Number.isSafeInteger(value) ? undefined : value
      }
      return undefined
    },
  }
}
