import { contentKey, createVersionStamp, type NewEntry, type Sequence, type StreamId } from '@opentrail/core/event'
import { JournalFullError, type Journal } from '../journal/index.ts'
import { createEventWindow, isIdFromKey, windowEntriesMax, windowMs, type EventWindow } from './event-window.ts'

export type WriteOutcome =
  | { readonly kind: 'stored'; readonly sequence: Sequence }
  /** The same id with the same bytes is already durable: acknowledged again, stored once. */
  | { readonly kind: 'duplicate'; readonly sequence: Sequence }
  | { readonly kind: 'reused'; readonly sequence: Sequence }

/**
 * The one writer of each stream: decides what is new against the window of recent ids, then appends. Outcomes are known
 * only when everything they rest on is durable: one append per stream is in flight, and a duplicate is judged against
 * entries that are durable or in the same append.
 */
export interface RecordWriter {
  /**
   * One outcome per entry, in order. At most a few MiB at once: the entries share an append. `reserve` may use the space
   * kept back for the service's own events; `background` leaves the way to everybody else, and its ids are not remembered:
   * years of old events would push out those that producers may send again.
   * @throws {WriterBusyError} too much is waiting already; nothing was stored.
   * @throws JournalFullError, JournalUnavailableError, JournalFencedError of the journal.
   */
  write(stream: StreamId, entries: readonly NewEntry[], options?: WriteOptions): Promise<WriteOutcome[]>
}

export interface WriteOptions {
  readonly reserve?: boolean
  readonly background?: boolean
}

/** More is waiting than the journal takes within a few seconds: the caller should try again later. */
export class WriterBusyError extends Error {
  override readonly name = 'WriterBusyError'
}

/** Bytes of one append: large enough for a group commit to pay, small enough to bound the latency behind it. */
const appendBytesMax = 2 * 1024 * 1024
/** Bytes waiting over all streams before writers are told to come back: four seconds of the intake target. */
const waitingBytesMax = 128 * 1024 * 1024
/** Beyond that for the service's own events: intake that waits must not keep calls from being recorded. */
const reserveWaitingBytesMax = 16 * 1024 * 1024
/** What may be waiting when something comes that is in no hurry: two appends, so that the disk is not idle. */
const backgroundWaitingBytesMax = 4 * 1024 * 1024

function roomFor({ reserve, background }: WriteOptions): number {
  if (background) return backgroundWaitingBytesMax
  return waitingBytesMax + (reserve ? reserveWaitingBytesMax : 0)
}

interface Submission {
  readonly entries: readonly NewEntry[]
  readonly bytes: number
  readonly reserve: boolean
  readonly background: boolean
  readonly resolve: (outcomes: WriteOutcome[]) => void
  readonly reject: (error: unknown) => void
}

type Stamp = (entry: NewEntry) => NewEntry

/** Where a group of submissions goes. */
interface Target {
  readonly journal: Journal
  readonly stream: StreamId
  readonly window: EventWindow
  readonly stamps: () => Stamp
}

interface StreamQueue {
  readonly window: EventWindow
  readonly waiting: Submission[]
  draining: boolean
}

/** What an appended entry is stamped with: made anew when the version of the configuration has changed. */
function createStamps(configVersion: () => number): () => Stamp {
  let version: number | undefined
  let stamp: Stamp | undefined
  return () => {
    if (!stamp || version !== configVersion()) stamp = createVersionStamp((version = configVersion()))
    return stamp
  }
}

/**
 * Opens the writer: reads each stream's recent entries back, so that a retry across a restart is still a duplicate. Entries
 * are stamped with the configuration version of the moment they are appended, so that it never falls within a stream.
 */
export async function openRecordWriter(
  journal: Journal,
  now: () => number,
  configVersion: () => number,
): Promise<RecordWriter> {
  const stamps = createStamps(configVersion)
  const queues = new Map<StreamId, StreamQueue>()
  let waitingBytes = 0
  for (const { stream } of journal.streams()) queues.set(stream, newQueue(await rebuildWindow(journal, stream, now())))

  async function drain(stream: StreamId, queue: StreamQueue): Promise<void> {
    while (queue.waiting.length > 0) {
      const group = takeGroup(queue.waiting)
      for (const submission of group) waitingBytes -= submission.bytes
      await writeGroup({ journal, stream, window: queue.window, stamps }, group)
    }
    queue.draining = false
  }

  return {
    write(stream, entries, options = {}) {
      if (entries.length === 0) return Promise.resolve([])
      const bytes = entries.reduce((sum, entry) => sum + entry.record.length + entry.envelope.length, 0)
      if (waitingBytes + bytes > roomFor(options) && waitingBytes > 0) {
        return Promise.reject(new WriterBusyError(`${waitingBytes} bytes are waiting to be stored`))
      }
      let queue = queues.get(stream)
      if (!queue) queues.set(stream, (queue = newQueue(createEventWindow())))
      const { waiting } = queue
      return new Promise<WriteOutcome[]>((resolve, reject) => {
        waitingBytes += bytes
        const { reserve = false, background = false } = options
        waiting.push({ entries, bytes, reserve, background, resolve, reject })
        if (queue.draining) return
        queue.draining = true
        void drain(stream, queue)
      })
    },
  }
}

const newQueue = (window: EventWindow): StreamQueue => ({ window, waiting: [], draining: false })

/** What waits, oldest first, up to the size of one append. */
function takeGroup(waiting: Submission[]): Submission[] {
  let bytes = 0
  let count = 0
  while (count < waiting.length) {
    bytes += waiting[count]!.bytes
    if (count > 0 && bytes > appendBytesMax) break
    count++
  }
  return waiting.splice(0, count)
}

/**
 * Writes a group in one append. Ordinary and own events share it, for every call at full load brings one of each and an
 * append costs a sync. Only the own ones may use the reserve: where there is no other room left, they go alone.
 */
async function writeGroup(target: Target, group: readonly Submission[]): Promise<void> {
  const own = group.filter(({ reserve }) => reserve)
  try {
    await appendGroup(target, group, own.length === group.length)
  } catch (error) {
    const isMixed = own.length > 0 && own.length < group.length
    if (!isMixed || !(error instanceof JournalFullError)) {
      for (const { reject } of group) reject(error)
      return
    }
    for (const { reserve, reject } of group) if (!reserve) reject(error)
    await writeGroup(target, own)
  }
}

async function appendGroup(
  { journal, stream, window, stamps }: Target,
  group: readonly Submission[],
  reserve: boolean,
): Promise<void> {
  if (window.hasUnknown) await learnContents(journal, stream, window, group)
  const fresh: NewEntry[] = []
  const judge = createJudge(window, fresh)
  const passing = new Set<NewEntry>()
  const judged = group.map(({ entries, background }) => {
    const before = fresh.length
    const outcomes = entries.map(judge)
    if (background) for (const entry of fresh.slice(before)) passing.add(entry)
    return outcomes
  })
  const last = fresh.length > 0 ? await journal.append(stream, fresh.map(stamps()), { reserve }) : 0
  const first = last - fresh.length + 1
  for (const [index, entry] of fresh.entries()) if (!passing.has(entry)) window.add(entry, (first + index) as Sequence)
  for (const [index, { resolve }] of group.entries()) resolve(judged[index]!.map((outcome) => outcome(first)))
}

/**
 * Judges entries one after the other: against the window, then against the ones of the same append. The outcome is a
 * function of the append's first sequence, which is known only afterwards.
 */
function createJudge(window: EventWindow, fresh: NewEntry[]): (entry: NewEntry) => (first: number) => WriteOutcome {
  const inAppend = new Map<string, number>()
  return (entry) => {
    const known = window.find(entry)
    if (known.kind === 'unknown') throw new Error(`the content of entry ${known.sequence} was not looked up`)
    if (known.kind !== 'new') return () => known
    const id = Buffer.from(entry.idKey).toString('latin1')
    const earlier = inAppend.get(id)
    if (earlier === undefined) {
      inAppend.set(id, fresh.length)
      const place = fresh.push(entry) - 1
      return (first) => ({ kind: 'stored', sequence: (first + place) as Sequence })
    }
    const kind = sameInput(fresh[earlier]!, entry) ? 'duplicate' : 'reused'
    return (first) => ({ kind, sequence: (first + earlier) as Sequence })
  }
}

const sameInput = (a: NewEntry, b: NewEntry): boolean =>
  (isIdFromKey(a) && isIdFromKey(b)) || Buffer.compare(contentKey(a), contentKey(b)) === 0

/** Entries looked up per step: each may hold a whole block of the journal in memory. */
const lookupMax = 256

/**
 * Looks up what is stored under ids that were read back at the start without their content, for those that a group brings
 * again. Nothing else changes the window meanwhile: a stream's groups are written one after the other.
 */
async function learnContents(
  journal: Journal,
  stream: StreamId,
  window: EventWindow,
  group: readonly Submission[],
): Promise<void> {
  const wanted = new Map<Sequence, NewEntry>()
  for (const { entries } of group) {
    for (const entry of entries) {
      const answer = window.find(entry)
      if (answer.kind === 'unknown') wanted.set(answer.sequence, entry)
    }
  }
  const sequences = [...wanted.keys()]
  for (let at = 0; at < sequences.length; at += lookupMax) {
    const step = sequences.slice(at, at + lookupMax)
    for (const [index, stored] of (await journal.get(stream, step)).entries()) {
      if (stored) window.learn(stored)
      // Retention has removed it: to refuse or to swallow the entry would be to trust bytes that nobody has.
      else window.forget(wanted.get(step[index]!)!, step[index]!)
    }
  }
}

/** Reads ids alone: what they stand for is looked up when one comes again. */
async function rebuildWindow(journal: Journal, stream: StreamId, now: number): Promise<EventWindow> {
  const end = journal.durable(stream)
  const after = Math.max(0, end - windowEntriesMax) as Sequence | 0
  let window: EventWindow | undefined
  for await (const ids of journal.recentIds(stream, after, now - windowMs)) {
    window ??= createEventWindow(windowEntriesMax, windowMs, end - ids.first + 1)
    window.addIds(ids)
  }
  return window ?? createEventWindow()
}
