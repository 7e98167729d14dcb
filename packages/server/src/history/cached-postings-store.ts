import type { Sequence } from '@opentrail/core/event'
import { compareNewestFirst } from './newest-postings.ts'
import {
  everyEventAttribute,
  type Posting,
  type PostingBatch,
  type PostingQuery,
  type PostingsStore,
} from './postings-store.ts'

/** Newest postings kept of each question asked lately: two full pages. A page of LookupEvents has at most 50 events. */
const postingsKept = 128
/** Questions remembered: some 16 MB when all are full. The one asked longest ago is forgotten. */
const questionsMax = 2_048
const latest = 2 ** 32 - 1

/** The newest postings of one value from `timeMin` on, whatever their sequence. */
interface Remembered {
  readonly stream: number
  readonly attribute: number
  readonly value: bigint
  readonly timeMin: number
  readonly postings: readonly Posting[]
  /** There are no others from `timeMin` on. */
  readonly complete: boolean
}

/**
 * A postings store that remembers the newest postings of what was asked lately: dashboards, pollers and people ask the
 * same few questions again and again, and asking the engine costs milliseconds of planning whatever the answer.
 *
 * Never stale: every insert passes through here and forgets what it touches, before and after it takes effect, and an
 * answer that an insert overlapped is not remembered. (One store inserts into a table, as the adapters require.) Searches
 * are not remembered.
 */
export function createCachedPostingsStore(store: PostingsStore): PostingsStore {
  const remembered = new Map<string, Remembered>()
  /** How many remembered questions ask for a value: tells most inserted rows apart without building a key. */
  const askedValues = new Map<bigint, number>()
  /** Questions that are on their way to the store. */
  const asking = new Map<string, Promise<Posting[]>>()
  let inserts = 0

  function forget(key: string): void {
    const known = remembered.get(key)
    if (!known) return
    remembered.delete(key)
    const left = askedValues.get(known.value)! - 1
    if (left === 0) askedValues.delete(known.value)
    else askedValues.set(known.value, left)
  }

  function forgetTouched({ postings, events }: PostingBatch): void {
    if (remembered.size === 0) return
    for (let row = 0; row < postings.length; row++) {
      const value = postings.value[row]!
      if (askedValues.has(value)) forget(keyOf(postings.stream[row]!, postings.attribute[row]!, value))
    }
    for (let row = 0; row < events.length; row++) {
      const [stream, category] = [events.stream[row]!, events.category[row]!]
      // Runs of the same are the rule, and building a key is not free.
      if (stream === events.stream[row - 1] && category === events.category[row - 1]) continue
      forget(keyOf(stream, everyEventAttribute, BigInt(category)))
    }
  }

  function remember(key: string, entry: Remembered): void {
    forget(key)
    if (remembered.size >= questionsMax) forget(remembered.keys().next().value!)
    remembered.set(key, entry)
    askedValues.set(entry.value, (askedValues.get(entry.value) ?? 0) + 1)
  }

  /** Moves the question to the end of those to forget. */
  function recall(key: string): Remembered | undefined {
    const known = remembered.get(key)
    if (!known) return undefined
    remembered.delete(key)
    remembered.set(key, known)
    return known
  }

  async function ask(key: string, query: PostingQuery): Promise<Posting[]> {
    const { stream, attribute, value, timeMin } = query
    const before = inserts
    const everything = {
      stream,
      attribute,
      value,
      timeMin,
      timeMax: latest,
      sequenceMax: Number.MAX_SAFE_INTEGER as Sequence,
    }
    const postings = await store.find({ ...everything, limit: postingsKept })
    const entry = { stream, attribute, value, timeMin, postings, complete: postings.length < postingsKept }
    if (inserts === before) remember(key, entry)
    return answerFrom(entry, query) ?? (await store.find(query))
  }

  return {
    ...store,
    async insert(batch, token) {
      inserts++
      forgetTouched(batch)
      try {
        await store.insert(batch, token)
      } finally {
        inserts++
        forgetTouched(batch)
      }
    },
    async find(query) {
      const key = keyOf(query.stream, query.attribute, query.value)
      // Many ask the same thing at the same moment, each time an insert has made it unknown: one of them asks the store.
      const underWay = asking.get(key)
      if (underWay) await underWay.catch(() => {})
      const known = recall(key)
      const answer = known && answerFrom(known, query)
      if (answer) return answer
      // Only first pages are worth remembering, and only where the list as it is known cannot be the reason for asking.
      if (query.after || query.limit > postingsKept || known || asking.has(key)) return store.find(query)
      const asked = ask(key, query)
      asking.set(key, asked)
      try {
        return await asked
      } finally {
        asking.delete(key)
      }
    },
    async dropBefore(day) {
      inserts++
      for (const key of remembered.keys()) forget(key)
      await store.dropBefore(day)
      inserts++
    },
  }
}

const keyOf = (stream: number, attribute: number, value: bigint): string => `${stream}/${attribute}/${value}`

/** The answer, where what is remembered is certain to hold all of it. */
function answerFrom(known: Remembered, query: PostingQuery): Posting[] | undefined {
  if (query.timeMin < known.timeMin) return undefined
  const { after, timeMin, timeMax, sequenceMax, limit } = query
  const found: Posting[] = []
  for (const posting of known.postings) {
    if (posting.time < timeMin || found.length === limit) return found
    if (posting.time > timeMax || posting.sequence > sequenceMax) continue
    if (after && compareNewestFirst(after, posting) >= 0) continue
    found.push(posting)
  }
  return known.complete || found.length === limit ? found : undefined
}
