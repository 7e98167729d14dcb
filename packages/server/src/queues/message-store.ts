import { ControlUnavailableError } from '../control/index.ts'
import type { ApiError } from '../operations/index.ts'
import { createGarbage } from './garbage.ts'
import { loadMessages } from './load-messages.ts'
import { entryKey, entryWrite, removalWrites } from './message-documents.ts'
import type { Entry, MessageCounts } from './message-index.ts'
import type { SentMessage } from './deduplication.ts'
import { invalidValue, noSuchQueue, QueueError, unavailable } from './queue-error.ts'
import { deduplicationsMax, messagesBytesMax, messagesMax, visibilitySecondsMax } from './queue-limits.ts'
import { createQueueMessages, type QueueMessages, type Tally } from './queue-messages.ts'
import type { Queue } from './queue.ts'
import { createReceive, type ReceivedMessage, type ReceiveOptions } from './receiving.ts'
import type { Receipt } from './receipt-handle.ts'
import { createSending, leaveBehind, type NewMessage, type StoreParts } from './sending.ts'
import { openSequences } from './sequences.ts'

export type MessageStoreOptions = Pick<StoreParts, 'control' | 'cipher' | 'clocks' | 'random' | 'wake' | 'onFault'>

/** One of several acts on messages: what went wrong with it, if anything. */
export type Outcome = ApiError | undefined

export interface VisibilityChange {
  readonly receipt: Receipt
  readonly visibilityMs: number
}

/**
 * The messages of all queues. The control store has what a power cut must not take; memory has what is asked all the time,
 * and decides: there is one writer. What was acknowledged is durable: a message that was sent is received until it is
 * deleted, expires or is purged; one that was received comes back once it is visible again; one that was deleted never does.
 * Every method fails with ServiceUnavailable where the store does, and with QueueDoesNotExist once the queue was deleted.
 */
export interface MessageStore {
  /** A queue that was made now. */
  add(queue: Queue): void
  /** All or none; a FIFO queue answers a repeated message with the first one. */
  send(queue: Queue, messages: readonly NewMessage[]): Promise<SentMessage[]>
  /** @throws {ApiError} OverLimit: too many messages are in flight. */
  receive(queue: Queue, options: ReceiveOptions): Promise<ReceivedMessage[]>
  delete(queue: Queue, receipts: readonly Receipt[]): Promise<Outcome[]>
  changeVisibility(queue: Queue, changes: readonly VisibilityChange[]): Promise<Outcome[]>
  counts(queue: Queue): MessageCounts
  /** When the next message that is hidden now becomes visible. */
  nextDueAt(queueId: string): number | undefined
  /** The largest sequence of a message so far. */
  lastSequence(): number
  /** What was sent up to here is gone: a purge, which is durable already. */
  purge(queue: Queue, through: number): void
  /** All is gone: the queue was deleted. */
  drop(queueId: string): void
  /** Removes what has expired, and what is left of purged and deleted queues. */
  tidy(queues: readonly Queue[]): Promise<void>
}

/** Messages removed by one transaction. */
const removedAtOnce = 500

/** @throws {ControlUnavailableError} */
export async function openMessageStore(options: MessageStoreOptions, queues: readonly Queue[]): Promise<MessageStore> {
  const { control, clocks } = options
  const now = () => clocks.domain()
  const tally: Tally = { messages: 0, bytes: 0, deduplications: 0 }
  const all = new Map<string, QueueMessages>()
  function add({ document, settings }: Queue): void {
    const { id, purgedThrough } = document
    all.set(id, { ...createQueueMessages(id, settings.isFifo, tally), purgedThrough })
  }
  /** @throws {QueueError} QueueDoesNotExist: it was deleted meanwhile. */
  function messagesOf({ document }: Queue): QueueMessages {
    const messages = all.get(document.id)
    if (!messages) throw noSuchQueue()
    return messages
  }

  const garbage = createGarbage(control)
  for (const queue of queues) add(queue)
  await loadMessages(control, all, garbage, now())
  const parts: StoreParts = { ...options, sequences: await openSequences(control), garbage, messagesOf }
  const sending = createSending(parts)

  async function remove(messages: QueueMessages, entries: readonly Entry[]): Promise<void> {
    const { queueId, index } = messages
    await messages.holding(entries, now, async () => {
      try {
        await control.transact(entries.flatMap(({ sequence }) => removalWrites(queueId, sequence)))
      } catch (error) {
        // All or none: one of them tells.
        const isUnknown = error instanceof ControlUnavailableError && entries[0]
        if (!isUnknown || (await control.get(entryKey(queueId, isUnknown.sequence)))) throw error
      }
      for (const entry of entries) index.remove(entry)
    })
  }

  /** Each entry until a time of its own. */
  async function hideUntil(messages: QueueMessages, chosen: ReadonlyMap<Entry, number>): Promise<void> {
    const { queueId } = messages
    await messages.holding([...chosen.keys()], now, async () => {
      await control.transact([...chosen].map(([entry, visibleAt]) => entryWrite(queueId, { ...entry, visibleAt })))
      for (const [entry, visibleAt] of chosen) {
        entry.visibleAt = visibleAt
        if (entry.state === 'gone') leaveBehind(parts, messages)
      }
    })
    options.wake(queueId)
  }

  async function expireMessages({ settings }: Queue, messages: QueueMessages, at: number): Promise<void> {
    const sentBefore = at - settings.retentionMs
    if (messages.oldestSentAt > sentBefore) return
    const expired: Entry[] = []
    messages.oldestSentAt = Infinity
    for (const entry of messages.index.entries()) {
      const isOver = entry.sentAt <= sentBefore
      if (isOver && entry.state !== 'held') expired.push(entry)
      else messages.oldestSentAt = Math.min(messages.oldestSentAt, entry.sentAt)
    }
    try {
      for (let start = 0; start < expired.length; start += removedAtOnce) {
        const some = expired.slice(start, start + removedAtOnce)
        await remove(messages, some.filter(isIdle))
      }
    } finally {
      for (const entry of expired)
        if (entry.state !== 'gone') messages.oldestSentAt = Math.min(messages.oldestSentAt, entry.sentAt)
    }
  }

  async function forgetDeduplications({ deduplication }: QueueMessages, at: number): Promise<void> {
    for (;;) {
      const keys = deduplication.expire(at, removedAtOnce)
      if (keys.length === 0) return
      await control.transact(keys.map((key) => ({ key, value: undefined })))
    }
  }

  return {
    add,
    async send(queue, sent) {
      const bytes = sent.reduce((sum, message) => sum + message.bytes, 0)
      const isFull =
        tally.messages + sent.length > messagesMax ||
        tally.bytes + bytes > messagesBytesMax ||
        (queue.settings.isFifo && tally.deduplications + sent.length > deduplicationsMax)
      if (isFull)
        throw unavailable(`The queues are full: they hold ${tally.messages} messages of ${tally.bytes} bytes together.`)
      return sending.send(queue, sent)
    },
    receive: createReceive(parts, sending),
    async delete(queue, receipts) {
      const messages = messagesOf(queue)
      return await messages.whenIdle(receipts, now, async (entries) => {
        const verdicts = receipts.map((receipt, at) => judge(queue, entries[at], receipt))
        const current = new Set(entries.flatMap((entry, at) => (entry && verdicts[at] === 'current' ? [entry] : [])))
        if (current.size > 0) await remove(messages, [...current])
        return verdicts.map((verdict) => (verdict === 'stale' && queue.settings.isFifo ? handleExpired() : undefined))
      })
    },
    async changeVisibility(queue, changes) {
      const messages = messagesOf(queue)
      const receipts = changes.map(({ receipt }) => receipt)
      return await messages.whenIdle(receipts, now, async (entries) => {
        const at = now()
        const chosen = new Map<Entry, number>()
        const outcomes = changes.map(({ receipt, visibilityMs }, index): Outcome => {
          const entry = entries[index]
          const fault = visibilityFault(queue, entry, receipt, at, visibilityMs)
          if (entry && !fault) chosen.set(entry, at + visibilityMs)
          return fault
        })
        if (chosen.size > 0) await hideUntil(messages, chosen)
        return outcomes
      })
    },
    counts(queue) {
      const { index } = messagesOf(queue)
      index.promote(now())
      return index.counts()
    },
    nextDueAt: (queueId) => all.get(queueId)?.index.nextDueAt(),
    lastSequence: () => parts.sequences.last,
    purge(queue, through) {
      const messages = messagesOf(queue)
      messages.purgedThrough = through
      for (const entry of messages.index.entries()) if (entry.sequence <= through) messages.index.remove(entry)
      garbage.add(messages.queueId, through)
    },
    drop(queueId) {
      const messages = all.get(queueId)
      all.delete(queueId)
      garbage.add(queueId, Infinity)
      if (!messages) return
      messages.isDropped = true
      messages.deduplication.clear()
      for (const entry of messages.index.entries()) messages.index.remove(entry)
    },
    async tidy(queues_) {
      await garbage.collect()
      const at = now()
      for (const queue of queues_) {
        const messages = all.get(queue.document.id)
        if (!messages) continue
        await expireMessages(queue, messages, at)
        await forgetDeduplications(messages, at)
      }
    },
  }
}

/** What a receipt says about its message now. */
function judge({ settings }: Queue, entry: Entry | undefined, { receives }: Receipt): 'current' | 'stale' | 'missing' {
  if (!entry) return 'missing'
  // A FIFO queue's handle ends with the visibility: another receiver may go on with the group.
  if (entry.receives !== receives || (settings.isFifo && entry.state === 'ready')) return 'stale'
  return 'current'
}

/** Why the message cannot be hidden so long from `at` on. */
function visibilityFault(
  queue: Queue,
  entry: Entry | undefined,
  receipt: Receipt,
  at: number,
  visibilityMs: number,
): Outcome {
  if (!entry) return noSuchMessage()
  const isStale = judge(queue, entry, receipt) === 'stale'
  if (isStale && queue.settings.isFifo) return handleExpired()
  if (isStale || entry.state !== 'hidden') return notInFlight()
  const hiddenMs = at + visibilityMs - (entry.receivedAt ?? at)
  return hiddenMs > visibilitySecondsMax * 1_000 ? hiddenTooLong() : undefined
}

const isIdle = ({ state }: Entry): boolean => state === 'ready' || state === 'hidden'

const handleExpired = () =>
  invalidValue('Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.')
const noSuchMessage = () =>
  invalidValue(
    'Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility ' +
      'timeout change.',
  )
const notInFlight = () => new QueueError('MessageNotInflight', 'The message referred to is not in flight.')
const hiddenTooLong = () =>
  invalidValue(
    'Value for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the ' +
      `limit [${visibilitySecondsMax} seconds].`,
  )
