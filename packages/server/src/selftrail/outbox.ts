import {
  decodeEntry,
  encodedLength,
  encodeEntry,
  type NewEntry,
  type Sequence,
  type StreamId,
} from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import { ControlUnavailableError } from '../control/index.ts'
import { JournalFullError, type Journal } from '../journal/index.ts'
import type { RecordWriter } from '../intake/index.ts'

/**
 * Makes a change and its event one thing: both are written to the control store in one transaction; the event is then
 * relayed to the journal and removed. A crash between leaves the event in the outbox, and opening relays it; relayed
 * twice it is a duplicate to the writer and stored once.
 */
export interface Outbox {
  /**
   * Resolves once change and event are durable; `committed` is called between the two.
   * @throws {JournalFullError} before anything was changed.
   */
  commit(writes: readonly ControlWrite[], stream: StreamId, entry: NewEntry, committed?: () => void): Promise<void>
  /**
   * Relays what is waiting; called at the start, by the schedule, and when the journal is seen to take events again. One
   * event that cannot be relayed does not hold up the others. @throws {AggregateError} what is left is tried next time.
   */
  relay(): Promise<void>
  /** Whether changes wait for the journal to take their events. */
  readonly isWaiting: boolean
  /** Whether there may be a change whose event is not in the journal yet. */
  readonly isBusy: boolean
}

/** Changes whose events the journal does not take yet; beyond it changes are refused. */
const waitingMax = 1_000
const prefix = 'outbox/'
const readBackTries = 5
/** Entries looked through at once for an event of an earlier process. */
const lookBackPage = 1_000
/** Entries of one stream are admitted in order but for what waits for its turn: minutes at most. */
const disorderMs = 60 * 60 * 1_000

interface OutboxDocument {
  readonly stream: StreamId
  readonly entry: string
}

export function createOutbox(
  control: ControlStore,
  writer: RecordWriter,
  journal: Pick<Journal, 'durable' | 'read'>,
): Outbox {
  /** Commits under way; theirs to relay. */
  const committing = new Set<string>()
  /** Left in the outbox by a commit, or found there. */
  let waiting = new Set<string>()
  /** In the journal already, but not yet out of the outbox. The writer's window forgets them after some time. */
  const relayed = new Set<string>()
  /** Of this process: those of earlier ones may be in the journal, longer ago than the writer's window reaches. */
  const own = new Set<string>()
  /** What earlier processes left is known. */
  let isRead = false

  async function relayOne(key: string, stream: StreamId, entry: NewEntry): Promise<void> {
    if (!own.has(key) && (await isStored(journal, stream, entry))) relayed.add(key)
    own.add(key)
    if (!relayed.has(key)) {
      const [outcome] = await writer.write(stream, [entry], { reserve: true })
      if (outcome?.kind === 'reused') throw new Error(`the id of ${key} is taken by another event of ${stream}`)
      relayed.add(key)
    }
    await control.transact([{ key, value: undefined }])
    relayed.delete(key)
    own.delete(key)
  }

  async function relayAll(): Promise<void> {
    const before = waiting
    waiting = new Set()
    let documents
    try {
      documents = await control.list<OutboxDocument>(prefix, { limit: waitingMax })
    } catch (error) {
      for (const key of before) waiting.add(key)
      throw error
    }
    isRead = true
    const left = documents.filter(({ key }) => !committing.has(key))
    for (const { key } of left) waiting.add(key)
    const errors: unknown[] = []
    for (const { key, value } of left) {
      try {
        await relayOne(key, value.stream, unpack(value))
        waiting.delete(key)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} events are still in the outbox`)
  }
  let relaying: Promise<void> | undefined

  return {
    get isWaiting() {
      return waiting.size > 0
    },
    get isBusy() {
      return !isRead || relaying !== undefined || waiting.size > 0 || committing.size > 0
    },
    async commit(writes, stream, entry, committed) {
      if (waiting.size + committing.size >= waitingMax)
        throw new JournalFullError(`${waiting.size} changes are waiting for the journal to take their events`)
      const key = `${prefix}${Buffer.from(entry.idKey).toString('hex')}`
      const document: OutboxDocument = { stream, entry: pack(entry).toString('base64') }
      committing.add(key)
      own.add(key)
      try {
        await transactOnce(control, [...writes, { key, value: document, ifVersion: 0 }], key)
        committed?.()
        // From here on the change stands and its event is durable in the outbox: a journal that refuses only delays it.
        await relayOne(key, stream, entry).catch(() => waiting.add(key))
      } finally {
        committing.delete(key)
        if (!waiting.has(key)) own.delete(key)
      }
    },
    relay: () => (relaying ??= relayAll().finally(() => (relaying = undefined))),
  }
}

/** Looks from the stream's end back to where the event was made. */
async function isStored(
  journal: Pick<Journal, 'durable' | 'read'>,
  stream: StreamId,
  { idKey, admittedAt }: NewEntry,
): Promise<boolean> {
  for (let end: number = journal.durable(stream); end > 0; end -= lookBackPage) {
    const after = Math.max(0, end - lookBackPage) as Sequence | 0
    const { entries } = await journal.read(stream, after, end - after)
    if (entries.some((entry) => Buffer.compare(entry.idKey, idKey) === 0)) return true
    if (entries.every((entry) => entry.admittedAt < admittedAt - disorderMs)) return false
  }
  return false
}

/** Where it is unknown whether the transaction took effect, the outbox document itself tells. */
async function transactOnce(control: ControlStore, writes: readonly ControlWrite[], key: string): Promise<void> {
  try {
    await control.transact(writes)
  } catch (error) {
    if (!(error instanceof ControlUnavailableError)) throw error
    for (let tries = 1; ; tries++) {
      try {
        if (await control.get(key)) return
        throw error
      } catch (readError) {
        if (readError === error || tries === readBackTries) throw error
      }
    }
  }
}

function pack(entry: NewEntry): Buffer {
  const bytes = Buffer.alloc(encodedLength(entry))
  encodeEntry(bytes, 0, entry, 0)
  return bytes
}

const unpack = ({ stream, entry }: OutboxDocument): NewEntry =>
  decodeEntry(Buffer.from(entry, 'base64'), 0, stream).entry
