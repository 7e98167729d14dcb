import { columns, eventColumns, sequenceLeft, type TableColumns } from './postings-table.ts'
import type { EventRows, PostingBatch, PostingRows, SearchColumn } from './postings-store.ts'

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

function widened(numbers: Uint32Array): Uint32Array {
  const halves = new Uint32Array(numbers.length * 2)
  for (let index = 0; index < numbers.length; index++) halves[2 * index] = numbers[index]!
  return halves
}

/**
 * Columns as one block of ClickHouse's Native format: per column its name, type and values, little-endian (as are
 * the typed arrays on every platform Node.js runs on in practice). They are copied as memory, not value by value. A list
 * column is where the list of each row ends, then all values.
 */
function encodeNativeBlock(
  of: TableColumns,
  length: number,
  data: readonly (readonly NodeJS.TypedArray[])[],
): Buffer[] {
  const parts: Buffer[] = [Buffer.from([...variableLength(of.length), ...variableLength(length)])]
  for (const [index, [name, type]] of of.entries()) {
    const texts = [name, type].flatMap((text) => [...variableLength(text.length), ...Buffer.from(text)])
    parts.push(Buffer.from(texts), ...data[index]!.map(bytesOf))
  }
  return parts
}

export function encodePostings(rows: PostingRows): Buffer[] {
  const { day, stream, attribute, value, time, sequence } = rows
  const data = [day, stream, attribute, value, reversedTimes(time), reversedSequences(sequence)]
  return encodeNativeBlock(columns, rows.length, data.map((column) => [column])) // prettier-ignore
}

export function encodeEvents(rows: EventRows): Buffer[] {
  const { day, stream, category, time, sequence } = rows
  const data: NodeJS.TypedArray[][] = [
    [day],
    [stream],
    [category],
    [reversedTimes(time)],
    [reversedSequences(sequence)],
  ]
  for (const { values, ends } of rows.columns) data.push(ends ? [widened(ends), values] : [values])
  return encodeNativeBlock(eventColumns, rows.length, data)
}

function pick<T extends { [index: number]: unknown }>(from: T, to: T, chosen: Uint32Array): T {
  for (let index = 0; index < chosen.length; index++) to[index] = from[chosen[index] as number]
  return to
}

function selectPostings(rows: PostingRows, chosen: Uint32Array): PostingRows {
  const { length } = chosen
  return {
    length,
    day: pick(rows.day, new Uint16Array(length), chosen),
    stream: pick(rows.stream, new Uint32Array(length), chosen),
    attribute: pick(rows.attribute, new Uint8Array(length), chosen),
    value: pick(rows.value, new BigUint64Array(length), chosen),
    time: pick(rows.time, new Uint32Array(length), chosen),
    sequence: pick(rows.sequence, new Float64Array(length), chosen),
  }
}

function selectEvents(rows: EventRows, chosen: Uint32Array): EventRows {
  const { length } = chosen
  return {
    length,
    day: pick(rows.day, new Uint16Array(length), chosen),
    stream: pick(rows.stream, new Uint32Array(length), chosen),
    category: pick(rows.category, new Uint8Array(length), chosen),
    time: pick(rows.time, new Uint32Array(length), chosen),
    sequence: pick(rows.sequence, new Float64Array(length), chosen),
    columns: rows.columns.map((column) => selectHashes(column, chosen)),
  }
}

function selectHashes({ values, ends }: SearchColumn, chosen: Uint32Array): SearchColumn {
  const from = (row: number) => (ends ? (row === 0 ? 0 : ends[row - 1]!) : row)
  const to = (row: number) => (ends ? ends[row]! : row + 1)
  const count = chosen.reduce((sum, row) => sum + to(row) - from(row), 0)
  const picked = { values: new Uint32Array(2 * count), ends: new Uint32Array(chosen.length) }
  let at = 0
  for (const [index, row] of chosen.entries()) {
    picked.values.set(values.subarray(2 * from(row), 2 * to(row)), 2 * at)
    picked.ends[index] = at += to(row) - from(row)
  }
  return ends ? picked : { values: picked.values }
}

const allRows = ({ length }: { readonly length: number }): Uint32Array => Uint32Array.from({ length }, (_, row) => row)

/** In memory of its own. */
export const copyOf = ({ postings, events }: PostingBatch): PostingBatch => ({
  postings: selectPostings(postings, allRows(postings)),
  events: selectEvents(events, allRows(events)),
})

/** Which rows are of which day; all of them are of one in the usual case. */
function rowsByDay(day: Uint16Array): Map<number, number[]> {
  const rows = new Map<number, number[]>()
  for (const [index, each] of day.entries()) {
    const known = rows.get(each)
    if (known) known.push(index)
    else rows.set(each, [index])
  }
  return rows
}

function splitRows<T extends PostingRows | EventRows>(
  rows: T,
  select: (rows: T, chosen: Uint32Array) => T,
): (day: number) => T {
  const first = rows.day[0]
  if (rows.day.every((day) => day === first)) {
    const none = select(rows, new Uint32Array(0))
    return (day) => (day === first ? rows : none)
  }
  const days = rowsByDay(rows.day)
  return (day) => select(rows, Uint32Array.from(days.get(day) ?? []))
}

/** What belongs to each day, oldest day first; nothing is copied in the usual case of a single day. */
export function splitByDay({ postings, events }: PostingBatch): [day: number, batch: PostingBatch][] {
  const seen = new Set<number>()
  for (const { day } of [postings, events]) for (const each of day) seen.add(each)
  const days = [...seen].sort((left, right) => left - right)
  const [postingsOf, eventsOf] = [splitRows(postings, selectPostings), splitRows(events, selectEvents)]
  return days.map((day) => [day, { postings: postingsOf(day), events: eventsOf(day) }])
}
