import { columns, sequenceLeft } from './postings-table.ts'
import type { PostingRows } from './postings-store.ts'

function variableLength(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return [...bytes, value]
}

const bytesOf = (array: NodeJS.TypedArray): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength)

function reversedTimes(times: Uint32Array): Uint32Array {
  return times.map((time) => ~time)
}

/** 64-bit numbers written as two halves: no BigInt is made per row. */
function reversedSequences(sequences: Float64Array): Uint32Array {
  const halves = new Uint32Array(sequences.length * 2)
  for (let index = 0; index < sequences.length; index++) {
    const left = sequenceLeft(sequences[index] as number)
    halves[2 * index] = left % 2 ** 32
    halves[2 * index + 1] = left / 2 ** 32
  }
  return halves
}

/**
 * The rows as one block of ClickHouse's Native format: per column its name, type and values, little-endian (as are
 * the typed arrays on every platform Node.js runs on in practice). The columns are copied as memory, not value by value.
 */
export function encodeNativeBlock(rows: PostingRows): Buffer[] {
  const data: readonly NodeJS.TypedArray[] = [
    rows.day,
    rows.stream,
    rows.attribute,
    rows.value,
    reversedTimes(rows.time),
    reversedSequences(rows.sequence),
  ]
  const parts: Buffer[] = [Buffer.from([...variableLength(columns.length), ...variableLength(rows.length)])]
  for (const [index, [name, type]] of columns.entries()) {
    const texts = [name, type].flatMap((text) => [...variableLength(text.length), ...Buffer.from(text)])
    parts.push(Buffer.from(texts), bytesOf(data[index] as NodeJS.TypedArray))
  }
  return parts
}

function select(rows: PostingRows, chosen: Uint32Array): PostingRows {
  const pick = <T extends { [index: number]: unknown }>(from: T, to: T): T => {
    for (let index = 0; index < chosen.length; index++) to[index] = from[chosen[index] as number]
    return to
  }
  const { length } = chosen
  return {
    length,
    day: pick(rows.day, new Uint16Array(length)),
    stream: pick(rows.stream, new Uint32Array(length)),
    attribute: pick(rows.attribute, new Uint8Array(length)),
    value: pick(rows.value, new BigUint64Array(length)),
    time: pick(rows.time, new Uint32Array(length)),
    sequence: pick(rows.sequence, new Float64Array(length)),
  }
}

/** The rows of each day, oldest day first; nothing is copied in the usual case of a single day. */
export function splitByDay(rows: PostingRows): [day: number, rows: PostingRows][] {
  if (rows.length === 0) return []
  const indexes = new Map<number, number[]>()
  const first = rows.day[0] as number
  if (rows.day.every((day) => day === first)) return [[first, rows]]
  for (let index = 0; index < rows.length; index++) {
    const day = rows.day[index] as number
    const known = indexes.get(day)
    if (known) known.push(index)
    else indexes.set(day, [index])
  }
  return [...indexes]
    .sort(([left], [right]) => left - right)
    .map(([day, chosen]) => [day, select(rows, Uint32Array.from(chosen))])
}
