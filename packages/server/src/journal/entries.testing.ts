import { hash } from 'node:crypto'
import assert from 'node:assert/strict'
import { streamId } from '@opentrail/core/event'
import type { AccountId, NewEntry, Region, Sequence, StreamId } from '@opentrail/core/event'
import { appendLeaf, emptyFrontier } from '@opentrail/core/merkle'
import type { Journal } from './journal.ts'

export const account = (number: number): AccountId => String(number).padStart(12, '0') as AccountId
export const stream = (number: number): StreamId => streamId(account(number), 'eu-west-1' as Region)

/** An entry that tells itself from all others by `id`; about `size` bytes of record. */
export function entry(id: string, { admittedAt = 1_700_000_000_000, size = 100 } = {}): NewEntry {
  const key = hash('sha256', id, 'buffer').subarray(0, 16)
  const hex = key.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const record = Buffer.from(JSON.stringify({ eventID: hex, id, filler: id.repeat(Math.ceil(size / id.length)) }))
  const envelope = Buffer.from(JSON.stringify({ version: 1, event: { eventId: hex, eventName: `Name${id.length}` } }))
  return { idKey: key, recordHash: hash('sha256', record, 'buffer'), admittedAt, envelope, record }
}

export const entries = (prefix: string, count: number, options?: Parameters<typeof entry>[1]): NewEntry[] =>
  Array.from({ length: count }, (_, index) => entry(`${prefix}-${index}`, options))

/** What was acknowledged, per stream and in order: the truth that a journal is compared with. */
export type Acknowledged = Map<StreamId, NewEntry[]>

export async function readAll(journal: Journal, stream: StreamId, after = 0, limit = 7): Promise<NewEntry[]> {
  const all: NewEntry[] = []
  for (let last = after; ;) {
    const page = await journal.read(stream, last as Sequence, limit)
    if (page.entries.length === 0) return all
    for (const [index, entry] of page.entries.entries()) {
      assert.equal(entry.sequence, last + index + 1, `${stream} is not dense`)
      assert.equal(entry.stream, stream)
      all.push(entry)
    }
    assert.equal(page.last, last + page.entries.length)
    last = page.last
  }
}

export function assertSame(actual: NewEntry | undefined, expected: NewEntry, what: string): void {
  assert.ok(actual, `${what} is missing`)
  assert.equal(actual.admittedAt, expected.admittedAt, what)
  for (const field of ['record', 'envelope', 'recordHash', 'idKey'] as const)
    assert.ok(Buffer.from(actual[field]).equals(Buffer.from(expected[field])), `${what}: ${field} differs`)
}

/**
 * Every acknowledged entry is there exactly once, in order, byte for byte. What was refused may follow it: up to
 * `unacknowledged` entries of appends that were never answered, in full appends or not at all.
 */
export async function assertHolds(
  journal: Journal,
  acknowledged: Acknowledged,
  unanswered: ReadonlyMap<StreamId, readonly NewEntry[]> = new Map(),
): Promise<void> {
  for (const [stream, expected] of acknowledged) {
    const state = journal.streams().find((state) => state.stream === stream)
    const first = state?.first ?? 1
    const found = await readAll(journal, stream, first - 1)
    const all = expected.slice(first - 1)
    const more = found.length - all.length
    const maybe = unanswered.get(stream) ?? []
    assert.ok(more === 0 || more === maybe.length, `${stream}: ${found.length} entries, ${all.length} acknowledged`)
    if (more > 0) all.push(...maybe)
    all.forEach((entry, index) => assertSame(found[index], entry, `${stream} ${first + index}`))
    assert.equal(journal.durable(stream), first - 1 + found.length)
    let frontier = emptyFrontier
    for (const { recordHash } of [...expected.slice(0, first - 1), ...found])
      frontier = appendLeaf(frontier, recordHash)
    if (state) assert.deepEqual(plain(state.frontier), plain(frontier), `${stream}: frontier`)
  }
}

const plain = ({ size, nodes }: typeof emptyFrontier): unknown => ({
  size,
  nodes: nodes.map((node) => Buffer.from(node).toString('hex')),
})
