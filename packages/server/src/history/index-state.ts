import type { Sequence, StreamId } from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import type { Random } from '../clock/index.ts'
import type { BatchPlan, BucketCount } from './batch-plan.ts'

/** A stream as the index knows it. `inserted <= seen`: what lies between is in the tail. */
export interface IndexedStream {
  readonly stream: StreamId
  readonly number: number
  /** Up to here everything is in the store, and recorded to be. */
  inserted: Sequence | 0
  /** Up to here everything is in the store or in the tail. */
  seen: Sequence | 0
}

/** What the index keeps in the control store. One process writes it: the one that writes the journal. */
export interface IndexState {
  /** 16 bytes: the key of value hashes, made once per deployment. */
  readonly hashKey: Buffer
  readonly streams: ReadonlyMap<StreamId, IndexedStream>
  byNumber(number: number): IndexedStream | undefined
  buckets(): readonly BucketCount[]
  bucket(day: number, stream: number): BucketCount | undefined
  /** A batch that was recorded and not completed when the last process ended. */
  readonly unfinished: BatchPlan | undefined
  /** The stream with its number, which stays its own for ever. Not to be called twice at the same time. */
  register(stream: StreamId): Promise<IndexedStream>
  record(plan: BatchPlan): Promise<void>
  /**
   * True from an insert's begin until its completion is known to stand, failed attempts included: what is stored and
   * what is counted here need not agree, and nothing may be concluded from a difference.
   */
  inserting: boolean
  /** Cursors, counts and the end of the plan in one transaction. May be repeated when its outcome is unknown. */
  complete(plan: BatchPlan): Promise<void>
  correct(day: number, stream: number, events: number): Promise<void>
  forgetBefore(day: number): Promise<void>
}

interface StreamDocument {
  readonly number: number
  readonly cursor: Sequence | 0
}

/** What is stored, there and here, has this shape. Another one is forgotten, and indexed again from the journal. */
const format = 2

const keys = {
  format: 'history/format',
  hash: 'history/hash-key',
  plan: 'history/plan',
  streams: 'history/stream/',
  counts: 'history/count/',
  stream: (stream: StreamId) => `history/stream/${stream}`,
  count: (day: number, stream: number) => `history/count/${pad(day, 5)}/${pad(stream, 10)}`,
}
const pad = (value: number, digits: number) => String(value).padStart(digits, '0')

/** Documents read, or deleted, at once. */
const documentsMax = 1_000

/** Reads everything; some kilobytes for each stream and 90 days. @throws {ControlUnavailableError} */
export async function openIndexState(control: ControlStore, random: Random): Promise<IndexState> {
  const hashKey = await readHashKey(control, random)
  await forgetOtherFormat(control)
  const streams = new Map<StreamId, IndexedStream>()
  const numbers = new Map<number, IndexedStream>()
  const buckets = new Map<string, BucketCount>()
  const add = (stream: StreamId, { number, cursor }: StreamDocument): IndexedStream => {
    const indexed: IndexedStream = { stream, number, inserted: cursor, seen: cursor }
    streams.set(stream, indexed)
    numbers.set(number, indexed)
    return indexed
  }
  for await (const { key, value } of documents(control, keys.streams))
    add(key.slice(keys.streams.length) as StreamId, value as StreamDocument)
  for await (const { key, value } of documents(control, keys.counts)) buckets.set(key, value as BucketCount)
  const unfinished = (await control.get<BatchPlan>(keys.plan))?.value

  return {
    hashKey,
    streams,
    unfinished,
    inserting: false,
    byNumber: (number) => numbers.get(number),
    buckets: () => [...buckets.values()],
    bucket: (day, stream) => buckets.get(keys.count(day, stream)),
    async register(stream) {
      const known = streams.get(stream)
      if (known) return known
      const document: StreamDocument = { number: Math.max(0, ...numbers.keys()) + 1, cursor: 0 }
      await control.transact([{ key: keys.stream(stream), value: document }])
      return add(stream, document)
    },
    async record(plan) {
      await control.transact([{ key: keys.plan, value: plan }])
    },
    async complete(plan) {
      // Absolute values, and the memory follows the store: the same transaction again changes nothing.
      const counts = plan.counts.map((count) => sum(buckets.get(keys.count(count.day, count.stream)), count))
      const writes: ControlWrite[] = [{ key: keys.plan, value: undefined }]
      for (const { stream, to } of plan.ranges) {
        const indexed = numbers.get(stream)!
        writes.push({
          key: keys.stream(indexed.stream),
          value: { number: stream, cursor: to } satisfies StreamDocument,
        })
      }
      for (const count of counts) writes.push({ key: keys.count(count.day, count.stream), value: count })
      await control.transact(writes)
      for (const { stream, to } of plan.ranges) numbers.get(stream)!.inserted = to
      for (const count of counts) buckets.set(keys.count(count.day, count.stream), count)
    },
    async correct(day, stream, events) {
      const key = keys.count(day, stream)
      const bucket = buckets.get(key)
      if (!bucket) return
      const corrected: BucketCount = { ...bucket, events }
      await control.transact([{ key, value: corrected }])
      buckets.set(key, corrected)
    },
    async forgetBefore(day) {
      const old = [...buckets].filter(([, bucket]) => bucket.day < day).map(([key]) => key)
      for (let at = 0; at < old.length; at += documentsMax) {
        const chunk = old.slice(at, at + documentsMax)
        await control.transact(chunk.map((key) => ({ key, value: undefined })))
        for (const key of chunk) buckets.delete(key)
      }
    },
  }
}

function sum(known: BucketCount | undefined, added: BucketCount): BucketCount {
  if (!known) return added
  return {
    ...added,
    events: known.events + added.events,
    first: Math.min(known.first, added.first) as Sequence,
    last: Math.max(known.last, added.last) as Sequence,
  }
}

/**
 * Cursors, counts and plan of another format say nothing about the tables of this one. Streams keep their numbers. The
 * mark goes last: after a crash before it all is forgotten once more, and nothing has been indexed in between.
 */
async function forgetOtherFormat(control: ControlStore): Promise<void> {
  const known = await control.get<number>(keys.format)
  if (known?.value === format) return
  const writes: ControlWrite[] = [{ key: keys.plan, value: undefined }]
  for await (const { key } of documents(control, keys.counts)) writes.push({ key, value: undefined })
  for await (const { key, value } of documents(control, keys.streams))
    writes.push({ key, value: { ...(value as StreamDocument), cursor: 0 } satisfies StreamDocument })
  for (let at = 0; at < writes.length; at += documentsMax) await control.transact(writes.slice(at, at + documentsMax))
  await control.transact([{ key: keys.format, value: format }])
}

async function readHashKey(control: ControlStore, random: Random): Promise<Buffer> {
  const known = await control.get<string>(keys.hash)
  if (known) return Buffer.from(known.value, 'hex')
  const made = Buffer.from(random.bytes(16))
  await control.transact([{ key: keys.hash, value: made.toString('hex'), ifVersion: 0 }])
  return made
}

async function* documents(control: ControlStore, prefix: string): AsyncGenerator<{ key: string; value: unknown }> {
  let after: string | undefined
  for (;;) {
    const page = await control.list<unknown>(prefix, { ...(after !== undefined && { after }), limit: documentsMax })
    yield* page
    if (page.length < documentsMax) return
    after = page[page.length - 1]!.key
  }
}
