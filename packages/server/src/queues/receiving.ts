import { ControlUnavailableError, type ControlWrite } from '../control/index.ts'
import { entryWrite, contentWrite, readContent, removalWrites, type MessageContent } from './message-documents.ts'
import type { Entry } from './message-index.ts'
import { QueueError } from './queue-error.ts'
import { inFlightMax } from './queue-limits.ts'
import type { QueueMessages } from './queue-messages.ts'
import type { Queue } from './queue.ts'
import type { Receipt } from './receipt-handle.ts'
import { leaveBehind, type Sending, type StoreParts } from './sending.ts'

export interface ReceiveOptions {
  readonly max: number
  readonly visibilityMs: number
  /** Where messages go that were received too often. */
  readonly deadLetter?: { readonly queue: Queue; readonly maxReceiveCount: number }
  /** What a standard queue with too many messages in flight answers; AWS tells only those who do not wait. */
  readonly overLimit: 'throws' | 'nothing'
}

export interface ReceivedMessage {
  /** As it was when it was received. */
  readonly entry: Readonly<Entry>
  readonly content: MessageContent
  readonly receipt: Receipt
}

/** What was found in the store for an entry. */
type Found =
  | { readonly kind: 'content'; readonly entry: Entry; readonly content: MessageContent }
  /** Its content has gone, and with it the message. */
  | { readonly kind: 'missing'; readonly entry: Entry }
  | { readonly kind: 'unreadable'; readonly entry: Entry }
type WithContent = Extract<Found, { kind: 'content' }>

/** A receive that finds only messages that were received too often, or are gone, looks on; so often at most. */
const roundsMax = 100
/** A message whose content cannot be opened is put aside this long, so that it does not stand in the others' way. */
const unreadableMs = 60_000

/** How messages are handed out. @throws {ApiError} ServiceUnavailable, OverLimit */
export function createReceive(parts: StoreParts, sending: Sending) {
  const { control, cipher, sequences } = parts
  const now = () => parts.clocks.domain()

  function pick({ index }: QueueMessages, isFifo: boolean, { max, overLimit }: ReceiveOptions): Entry[] {
    index.promote(now())
    const { inFlight, visible } = index.counts()
    const room = inFlightMax - inFlight
    if (room <= 0 && visible > 0 && !isFifo && overLimit === 'throws')
      throw new QueueError('OverLimit', `The maximum number of in flight messages is reached: ${inFlightMax}.`)
    return room <= 0 ? [] : index.pick(Math.min(max, room))
  }

  async function find(queue: Queue, entry: Entry): Promise<Found> {
    const place = { account: queue.account, queueId: queue.document.id, sequence: entry.sequence }
    try {
      const content = await readContent(control, cipher, place)
      return content ? { kind: 'content', entry, content } : { kind: 'missing', entry }
    } catch (error) {
      if (error instanceof ControlUnavailableError) throw error
      parts.onFault(error, `message ${entry.sequence} of ${queue.arn}`)
      return { kind: 'unreadable', entry }
    }
  }

  /** What was received too often moves on, the rest is handed out: in one transaction, so that a group keeps its order. */
  async function handOut(queue: Queue, picked: readonly Entry[], options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const messages = parts.messagesOf(queue)
    const { queueId, index } = messages
    const found = await Promise.all(picked.map((entry) => find(queue, entry)))
    const { deadLetter } = options
    const isSpent = ({ entry }: Found) => deadLetter !== undefined && entry.receives >= deadLetter.maxReceiveCount
    const withContent = found.filter((each) => each.kind === 'content')
    const spent = withContent.filter(isSpent)
    const missing = found.filter(({ kind }) => kind === 'missing')
    const receivedAt = now()
    const received = withContent
      .filter((each) => !isSpent(each))
      .map(({ entry, content }) => ({ entry, content, after: receivedEntry(entry, receivedAt, options.visibilityMs) }))
    const writes = [
      ...received.map(({ after }) => entryWrite(queueId, after)),
      ...missing.flatMap(({ entry }) => removalWrites(queueId, entry.sequence)),
    ]
    if (deadLetter && spent.length > 0) await move(queue, deadLetter.queue, spent, writes)
    else await control.transact(writes)

    for (const { entry } of [...spent, ...missing]) index.remove(entry)
    for (const { kind, entry } of found)
      if (kind === 'unreadable') index.hide(entry, receivedAt + Math.max(options.visibilityMs, unreadableMs))
    return received.flatMap(({ entry, after, content }) => {
      if (entry.state === 'gone') {
        leaveBehind(parts, messages)
        return []
      }
      const { receives, firstReceivedAt, visibleAt, sequence } = after
      Object.assign(entry, { receives, firstReceivedAt, receivedAt })
      index.hide(entry, visibleAt)
      return [{ entry: after, content, receipt: { queueId, sequence, receives } }]
    })
  }

  async function move(
    source: Queue,
    target: Queue,
    spent: readonly WithContent[],
    alsoWritten: readonly ControlWrite[],
  ): Promise<void> {
    const { account, settings } = target
    const messages = parts.messagesOf(target)
    const { queueId } = messages
    await cipher.prepare(account)
    await sequences.take(spent.length, (first) => {
      const moved = spent.map(({ entry: before, content }, at) => {
        const message = { bytes: before.bytes, content, delayMs: settings.delayMs }
        const entry: Entry = {
          ...sending.newEntry(first + at, message, settings.isFifo),
          messageId: before.messageId,
          // In a standard queue it is as old as it was; in a FIFO queue its retention begins anew, as on AWS.
          ...(!settings.isFifo && { sentAt: before.sentAt }),
        }
        return { before, entry, content: { ...content, deadLetterSourceArn: source.arn } }
      })
      const writes = moved.flatMap(({ before, entry, content }) => [
        ...removalWrites(source.document.id, before.sequence),
        entryWrite(queueId, entry),
        contentWrite(cipher, { account, queueId, sequence: entry.sequence }, content),
      ])
      const entries = moved.map(({ entry }) => entry)
      return sending.append(messages, entries, [...alsoWritten, ...writes])
    })
  }

  return async (queue: Queue, options: ReceiveOptions): Promise<ReceivedMessage[]> => {
    const messages = parts.messagesOf(queue)
    await sending.settle(messages)
    for (let round = 0; round < roundsMax; round++) {
      const picked = pick(messages, queue.settings.isFifo, options)
      if (picked.length === 0) return []
      const received = await messages
        .holding(picked, now, () => handOut(queue, picked, options))
        .catch((error: unknown) => {
          parts.wake(messages.queueId) // it is there for others again
          throw error
        })
      if (received.length > 0) return received
    }
    return []
  }
}

const receivedEntry = (entry: Entry, receivedAt: number, visibilityMs: number): Entry => ({
  ...entry,
  receives: entry.receives + 1,
  firstReceivedAt: entry.firstReceivedAt ?? receivedAt,
  receivedAt,
  visibleAt: receivedAt + visibilityMs,
})
