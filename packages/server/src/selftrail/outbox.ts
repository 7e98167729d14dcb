import { decodeEntry, encodedLength, encodeEntry, type NewEntry, type StreamId } from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import { ControlUnavailableError } from '../control/index.ts'
import { JournalFullError } from '../journal/index.ts'
import type { RecordWriter } from '../intake/index.ts'

/**
 * Makes a change and its event one thing: both are written to the control store in one transaction; the event is then
 * relayed to the journal and removed. A crash between leaves the event in the outbox, and opening relays it; relayed
 * twice it is a duplicate to the writer and stored once.
 */
export interface Outbox {
  /** Resolves once change and event are durable. @throws {JournalFullError} before anything was changed. */
  commit(writes: readonly ControlWrite[], stream: StreamId, entry: NewEntry): Promise<void>
  /** Relays what is waiting; called at the start, by the schedule, and when the journal is seen to take events again. */
  relay(): Promise<void>
  /** Whether changes wait for the journal to take their events. */
  readonly isWaiting: boolean
}

/** Changes whose events the journal does not take yet; beyond it changes are refused. */
const waitingMax = 1_000
const prefix = 'outbox/'
const readBackTries = 5

interface OutboxDocument {
  readonly stream: StreamId
  readonly entry: string
}

export function createOutbox(control: ControlStore, writer: RecordWriter): Outbox {
  const waiting = new Set<string>()

  async function relayOne(key: string, stream: StreamId, entry: NewEntry): Promise<void> {
    await writer.write(stream, [entry], { reserve: true })
    await control.transact([{ key, value: undefined }])
    waiting.delete(key)
  }

  return {
    get isWaiting() {
      return waiting.size > 0
    },
    async commit(writes, stream, entry) {
      if (waiting.size >= waitingMax)
        throw new JournalFullError(`${waiting.size} changes are waiting for the journal to take their events`)
      const key = `${prefix}${Buffer.from(entry.idKey).toString('hex')}`
      const document: OutboxDocument = { stream, entry: pack(entry).toString('base64') }
      waiting.add(key)
      try {
        await transactOnce(control, [...writes, { key, value: document, ifVersion: 0 }], key)
      } catch (error) {
        waiting.delete(key)
        throw error
      }
      // From here on the change stands and its event is durable in the outbox: a journal that refuses only delays it.
      await relayOne(key, stream, entry).catch(() => {})
    },
    async relay() {
      const documents = await control.list<OutboxDocument>(prefix, { limit: waitingMax })
      for (const { key } of documents) waiting.add(key)
      for (const { key, value } of documents) await relayOne(key, value.stream, unpack(value))
    },
  }
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
