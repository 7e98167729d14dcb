import type { Clocks, Random } from '../clock/index.ts'
import { uuid } from '../clock/index.ts'
import { ControlUnavailableError, type ControlStore, type ControlWrite } from '../control/index.ts'
import type { RecordCipher } from '../keyring/index.ts'
import type { SentMessage } from './deduplication.ts'
import type { Garbage } from './garbage.ts'
import { contentWrite, entryKey, entryWrite, type MessageContent } from './message-documents.ts'
import type { Entry } from './message-index.ts'
import { unavailable } from './queue-error.ts'
import type { QueueMessages } from './queue-messages.ts'
import type { Queue } from './queue.ts'
import type { Sequences } from './sequences.ts'

export interface NewMessage {
  readonly content: MessageContent
  /** As the queue's limit counts it. */
  readonly bytes: number
  readonly delayMs: number
  /** FIFO queues: what makes it the same message as another one. */
  readonly deduplicationKey?: string
}

export interface StoreParts {
  readonly control: ControlStore
  readonly cipher: RecordCipher
  readonly clocks: Pick<Clocks, 'domain'>
  readonly random: Random
  readonly sequences: Sequences
  readonly garbage: Garbage
  messagesOf(queue: Queue): QueueMessages
  /** There is something to receive. */
  wake(queueId: string): void
  onFault(error: unknown, where: string): void
}

/** Something was written of a message that was purged meanwhile, or whose queue was deleted: it goes with the others. */
export const leaveBehind = ({ garbage }: StoreParts, { queueId, isDropped, purgedThrough }: QueueMessages): void =>
  garbage.add(queueId, isDropped ? Infinity : purgedThrough)

/** How messages come into a queue. */
export interface Sending {
  /** Finds out which sends in doubt the store has. @throws {ApiError} ServiceUnavailable */
  settle(messages: QueueMessages): Promise<void>
  send(queue: Queue, sent: readonly NewMessage[]): Promise<SentMessage[]>
  newEntry(sequence: number, message: NewMessage, isFifo: boolean): Entry
  /**
   * Writes entries, with whatever else belongs into the same transaction, and makes them known once they are durable.
   * `found`: called for each that turns out later to be durable, after this has failed.
   * @throws {ApiError} ServiceUnavailable
   */
  append(
    messages: QueueMessages,
    entries: readonly Entry[],
    writes: readonly ControlWrite[],
    found?: (entry: Entry) => void,
  ): Promise<void>
}

export function createSending(parts: StoreParts): Sending {
  const { control, cipher, random, sequences } = parts
  const now = () => parts.clocks.domain()

  function publish(messages: QueueMessages, entries: readonly Entry[]): void {
    const { queueId, index, isDropped, purgedThrough } = messages
    for (const entry of entries) {
      if (isDropped || entry.sequence <= purgedThrough) leaveBehind(parts, messages)
      else {
        index.add(entry)
        messages.oldestSentAt = Math.min(messages.oldestSentAt, entry.sentAt)
      }
    }
    if (entries.length > 0) parts.wake(queueId)
  }

  async function settle(messages: QueueMessages): Promise<void> {
    for (const [entry, found] of messages.doubts) {
      const stored = await control.get(entryKey(messages.queueId, entry.sequence)).catch((error: unknown) => {
        throw unavailable('The queue cannot be read at the moment. Try again.', error)
      })
      if (!messages.doubts.delete(entry) || !stored) continue
      found()
      publish(messages, [entry])
    }
  }

  /** The entries, if they are durable all the same. */
  async function resolveFault(
    messages: QueueMessages,
    entries: readonly Entry[],
    cause: unknown,
    found: (entry: Entry) => void,
  ): Promise<readonly Entry[]> {
    const [first] = entries
    let stored: unknown
    try {
      stored = first && (await control.get(entryKey(messages.queueId, first.sequence)))
    } catch {
      for (const entry of entries) messages.doubts.set(entry, () => found(entry))
    }
    if (stored) return entries
    throw notDurable(cause)
  }

  async function append(
    messages: QueueMessages,
    entries: readonly Entry[],
    writes: readonly ControlWrite[],
    found: (entry: Entry) => void = () => {},
  ): Promise<void> {
    const before = messages.turn
    const own = Promise.withResolvers<void>()
    messages.turn = own.promise
    let published: readonly Entry[] = []
    try {
      await control.transact(writes)
      published = entries
    } catch (error) {
      if (!(error instanceof ControlUnavailableError)) throw error
      published = await resolveFault(messages, entries, error, found)
    } finally {
      await before
      publish(messages, published)
      own.resolve()
    }
  }

  function newEntry(sequence: number, { bytes, content, delayMs }: NewMessage, isFifo: boolean): Entry {
    const sentAt = now()
    return {
      sequence,
      messageId: uuid(random),
      sentAt,
      bytes,
      group: isFifo ? content.group : undefined,
      receives: 0,
      firstReceivedAt: undefined,
      receivedAt: undefined,
      visibleAt: sentAt + delayMs,
      state: delayMs > 0 ? 'hidden' : 'ready',
    }
  }

  /** Runs in one breath up to its transaction: numbers and deduplication are settled before anything else happens. */
  async function sendNumbered(queue: Queue, sent: readonly NewMessage[], first: number): Promise<SentMessage[]> {
    const messages = parts.messagesOf(queue)
    const { queueId, deduplication } = messages
    const outcome = Promise.withResolvers<void>()
    outcome.promise.catch(() => {}) // a repeated send that waits for this one hears of it
    const entries: Entry[] = []
    const writes: ControlWrite[] = []
    /** By entry, of those that can be repeated. */
    const keys = new Map<Entry, string>()
    const remember = (entry: Entry, settled: Promise<unknown>): ControlWrite[] => {
      const { messageId, sequence, sentAt } = entry
      const key = keys.get(entry)
      return key === undefined ? [] : [deduplication.add(key, sentAt, { messageId, sequence }, settled)]
    }
    const answers = sent.map((message, index): Promise<SentMessage> => {
      const { deduplicationKey, content } = message
      const earlier = deduplicationKey === undefined ? undefined : deduplication.find(deduplicationKey, now())
      if (earlier) return earlier
      const entry = newEntry(first + index, message, queue.settings.isFifo)
      const { messageId, sequence } = entry
      const place = { account: queue.account, queueId, sequence }
      entries.push(entry)
      if (deduplicationKey !== undefined) keys.set(entry, deduplicationKey)
      writes.push(entryWrite(queueId, entry), contentWrite(cipher, place, content), ...remember(entry, outcome.promise))
      return Promise.resolve({ messageId, sequence })
    })
    try {
      if (entries.length > 0)
        await append(messages, entries, writes, (entry) => void remember(entry, Promise.resolve()))
      outcome.resolve()
    } catch (error) {
      outcome.reject(error)
      await Promise.allSettled(answers)
      throw error
    }
    return Promise.all(answers)
  }

  return {
    settle,
    newEntry,
    append,
    async send(queue, sent) {
      await settle(parts.messagesOf(queue))
      try {
        await cipher.prepare(queue.account)
        return await sequences.take(sent.length, (first) => sendNumbered(queue, sent, first))
      } catch (error) {
        // A key or a number could not be had: nothing was sent.
        throw error instanceof ControlUnavailableError ? notDurable(error) : error
      }
    },
  }
}

const notDurable = (cause: unknown) => unavailable('The messages could not be made durable. Try again.', cause)
