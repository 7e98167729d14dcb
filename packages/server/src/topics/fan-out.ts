import { systemTimers, waitAtMost, type DemandJob, type Timers } from '../clock/index.ts'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import { CipherError, type RecordCipher } from '../keyring/index.ts'
import { nextPause, type DeliverMessage } from './deliver-message.ts'
import type { Attempt } from './http-subscriber.ts'
import { createPendingWriter, type NewPending, type StoredPending } from './pending-writer.ts'
import { createSubscriberQueue, pendingBytes, type QueuedMessage, type SubscriberQueue } from './subscriber-queue.ts'
import { deadLetterArn } from './topic-attributes.ts'
import type { TopicDirectory } from './topic-directory.ts'
import {
  pendingKey,
  pendingKeyParts,
  pendingPrefix,
  subscriptionArn,
  type PendingDocument,
  type PendingKind,
  type PublishedMessage,
  type SubscriptionDocument,
} from './topic-documents.ts'
import type { TopicLimits } from './topic-limits.ts'

/** Why a subscriber does not get a message: the attempts are used up, or it has more waiting than we keep. */
export type LostReason = 'undeliverable' | 'queue-full'

export interface TopicEvents {
  /** An attempt failed and is repeated. */
  failed(subscription: string, reason: string): void
  /** The subscriber will not get the message. `isDeadLettered`: its dead-letter queue does. */
  lost(message: {
    readonly subscription: string
    readonly messageId: string
    readonly reason: LostReason
    readonly detail: string
    readonly isDeadLettered: boolean
  }): void
  /** Something of ours did not work; it is tried again. */
  fault(step: string, error: unknown): void
}

export interface FanOutOptions {
  readonly control: ControlStore
  readonly directory: TopicDirectory
  /** Seals what messages say, under the key of the topic's account. */
  readonly cipher: RecordCipher
  readonly deliver: DeliverMessage
  /** Domain ms. */
  readonly now: () => number
  readonly limits: TopicLimits
  readonly events: TopicEvents
  /** Real time where absent. */
  readonly timers?: Timers
}

/** A message for one subscriber, to be sent as soon as it is stored. */
export interface NewMessage {
  readonly subscription: SubscriptionDocument
  readonly kind: PendingKind
  readonly message: PublishedMessage
}

/** Brings messages to subscribers: stored first, then sent until taken or given up. One slow subscriber holds up no other. */
export interface FanOut {
  /** For the schedule, which repeats what failed. */
  readonly job: DemandJob
  /** Resolves once every message is durable. @throws {SnsError} ServiceUnavailable, Throttled */
  enqueue(items: readonly NewMessage[]): Promise<void>
  /** A message that is written by somebody else, together with something; `stored` is to be called once it is. */
  planned(item: NewMessage): Promise<{ readonly write: ControlWrite; readonly stored: () => void }>
  /** Until then messages are only stored: they carry links to us, so it has to be known where we are. */
  begin(): void
  /** Messages that wait, over all subscribers. */
  backlog(): number
  /** Stops: waits for what is being sent, but not long; what was cut off is repeated at the next start. */
  close(): Promise<void>
}

/** When a step of ours failed: the store is not asked again before. Domain time. */
const faultPauseMs = 1_000
/** An attempt that does not come back within this time after the stop is left to the next start. */
const closeWaitMs = 5_000
const scanPage = 500

/** Reads what an earlier process has left. @throws {ControlUnavailableError} */
export async function openFanOut(options: FanOutOptions): Promise<FanOut> {
  const { control, directory, cipher, deliver, now, limits, events, timers = systemTimers } = options
  /** Of subscribers for which something waits. */
  const queues = new Map<string, SubscriberQueue>()
  const running = new Map<string, number>()
  /** Subscriptions whose latest attempt failed: they get one attempt at a time. */
  const failing = new Set<string>()
  const working = new Set<Promise<void>>()
  let httpRunning = 0
  let isResting = true

  const queueOf = (subscriptionId: string, found = { count: 0, bytes: 0 }): SubscriberQueue => {
    const known = queues.get(subscriptionId)
    if (known) return known
    const queue = createSubscriberQueue(control, subscriptionId, found)
    queues.set(subscriptionId, queue)
    return queue
  }

  const writer = createPendingWriter({
    control,
    publishesWaitingMax: limits.publishesWaitingMax,
    firstNumber: (await scan((id, found) => void queueOf(id, found))) + 1,
    stored: (items) => arrived(items),
    uncertain(items) {
      for (const { subscriptionId } of items) queueOf(subscriptionId).readOn()
    },
  })

  /** Calls `found` for each subscriber; resolves to the largest number. */
  async function scan(
    found: (subscriptionId: string, waiting: { count: number; bytes: number }) => void,
  ): Promise<number> {
    const waiting = new Map<string, { count: number; bytes: number }>()
    let last = 0
    for (let after: string | undefined; ;) {
      const page = await control.list<PendingDocument>(pendingPrefix, {
        limit: scanPage,
        ...(after !== undefined && { after }),
      })
      for (const { key, value } of page) {
        const { subscriptionId, number } = pendingKeyParts(key)
        const sum = waiting.get(subscriptionId) ?? { count: 0, bytes: 0 }
        waiting.set(subscriptionId, { count: sum.count + 1, bytes: sum.bytes + pendingBytes(value) })
        last = Math.max(last, number)
      }
      after = page.at(-1)?.key
      if (page.length < scanPage) break
    }
    for (const [subscriptionId, each] of waiting) found(subscriptionId, each)
    return last
  }

  function arrived(items: readonly StoredPending[]): void {
    for (const { subscriptionId, number, bytes, document } of items)
      queueOf(subscriptionId).arrived(number, bytes, document.dueAt)
    for (const subscriptionId of new Set(items.map((each) => each.subscriptionId))) pump(queueOf(subscriptionId))
  }

  const isHttp = (subscriptionId: string): boolean => directory.subscriptionById(subscriptionId)?.protocol !== 'sqs'

  function hasRoom({ subscriptionId }: SubscriberQueue): boolean {
    const attempts = running.get(subscriptionId) ?? 0
    if (failing.has(subscriptionId)) return attempts < 1
    if (!isHttp(subscriptionId)) return attempts < limits.queueAttemptsMax
    return attempts < limits.httpAttemptsMax && httpRunning < limits.allHttpAttemptsMax
  }

  /** Begins what is due of one subscriber. */
  function pump(queue: SubscriberQueue): void {
    if (isResting) return
    while (hasRoom(queue)) {
      const message = queue.next(now())
      if (!message) break
      message.isRunning = true
      track(attempt(queue, message))
    }
    if (queue.wantsRefill(now())) track(readOn(queue))
  }

  function track(action: Promise<void>): void {
    const tracked = action.finally(() => working.delete(tracked))
    working.add(tracked)
  }

  async function readOn(queue: SubscriberQueue): Promise<void> {
    try {
      await queue.refill(now())
    } catch (error) {
      events.fault('read', error)
      return
    }
    if (queue.isEmpty()) queues.delete(queue.subscriptionId)
    else pump(queue)
  }

  async function attempt(queue: SubscriberQueue, message: QueuedMessage): Promise<void> {
    const { subscriptionId } = queue
    const http = isHttp(subscriptionId)
    running.set(subscriptionId, (running.get(subscriptionId) ?? 0) + 1)
    if (http) httpRunning++
    try {
      await sendOnce(queue, message)
    } catch (error) {
      message.dueAt = now() + faultPauseMs
      events.fault('store', error)
    } finally {
      message.isRunning = false
      const left = (running.get(subscriptionId) ?? 1) - 1
      if (left === 0) running.delete(subscriptionId)
      else running.set(subscriptionId, left)
      if (http) httpRunning--
    }
    if (queue.isEmpty()) {
      queues.delete(subscriptionId)
      failing.delete(subscriptionId)
    } else pump(queue)
  }

  async function sendOnce(queue: SubscriberQueue, message: QueuedMessage): Promise<void> {
    const { subscriptionId } = queue
    const key = pendingKey(subscriptionId, message.number)
    const remove = async (): Promise<void> => {
      message.isDone = true
      await control.transact([{ key, value: undefined }])
      queue.removed(message)
    }
    const pending = message.isDone ? undefined : (await control.get<PendingDocument>(key))?.value
    const subscription = directory.subscriptionById(subscriptionId)
    if (!pending || !subscription || isObsolete(pending, subscription)) return remove()
    const outcome = await send(pending, subscription)
    if (outcome.kind === 'taken') {
      failing.delete(subscriptionId)
      return remove()
    }
    if (isResting) return
    failing.add(subscriptionId)
    const next = afterFailure(pending, subscription, outcome)
    if (!next) return remove()
    message.dueAt = next.dueAt
    await control.transact([{ key, value: next }])
  }

  async function send(pending: PendingDocument, subscription: SubscriptionDocument): Promise<Attempt> {
    const { kind, messageId, sealed, deadLetterArn: letterArn } = pending
    try {
      const context = sealContext(subscription.id, messageId)
      const opened = await cipher.open(subscription.topic.account, Buffer.from(sealed, 'base64'), context)
      const message = JSON.parse(opened.toString()) as PublishedMessage
      return await deliver(
        { kind, message, ...(letterArn !== undefined && { deadLetterArn: letterArn }) },
        subscription,
      )
    } catch (error) {
      // Its key was destroyed: nobody will ever read it.
      if (error instanceof CipherError) return { kind: 'refused', reason: error.message }
      throw error
    }
  }

  /** How it goes on with the message; undefined: it does not. */
  function afterFailure(
    pending: PendingDocument,
    subscription: SubscriptionDocument,
    { kind, reason }: { readonly kind: 'failed' | 'refused'; readonly reason: string },
  ): PendingDocument | undefined {
    const arn = subscriptionArn(subscription)
    const failed = { ...pending, failures: pending.failures + 1 }
    const pauseMs = kind === 'refused' ? undefined : nextPause(failed, subscription, directory)
    if (pauseMs !== undefined) {
      events.failed(arn, reason)
      return { ...failed, dueAt: now() + pauseMs }
    }
    const redrive = subscription.attributes['RedrivePolicy']
    const isDeadLettered =
      redrive !== undefined && pending.deadLetterArn === undefined && pending.kind === 'Notification'
    const lost = { messageId: pending.messageId, reason: 'undeliverable' as const, detail: reason }
    events.lost({ subscription: arn, ...lost, isDeadLettered })
    if (!isDeadLettered) return undefined
    return { ...pending, failures: 0, dueAt: now(), deadLetterArn: deadLetterArn(redrive) }
  }

  function isFull(queue: SubscriberQueue | undefined): boolean {
    return queue !== undefined && (queue.count() >= limits.pendingMax || queue.bytes() >= limits.pendingBytesMax)
  }

  function newPending({ subscription, kind, message }: NewMessage): NewPending {
    const context = sealContext(subscription.id, message.id)
    const sealed = cipher.seal(subscription.topic.account, [Buffer.from(JSON.stringify(message))], context)
    const document: PendingDocument = {
      kind,
      messageId: message.id,
      sealed: sealed.toString('base64'),
      failures: 0,
      dueAt: now(),
    }
    return { subscriptionId: subscription.id, document, bytes: pendingBytes(document) }
  }

  const job: DemandJob = {
    name: 'topics',
    dueAt() {
      if (isResting) return undefined
      let first = Infinity
      for (const queue of queues.values()) if (hasRoom(queue)) first = Math.min(first, queue.dueAt(now()))
      return first === Infinity ? undefined : Math.max(first, 0)
    },
    async run() {
      for (const queue of queues.values()) pump(queue)
    },
    async settled() {
      while (working.size > 0) await Promise.all(working)
    },
  }

  return {
    job,
    async enqueue(items) {
      const taken = items.filter(({ subscription, message }) => {
        if (!isFull(queues.get(subscription.id))) return true
        const lost = {
          messageId: message.id,
          reason: 'queue-full' as const,
          detail: '',
          isDeadLettered: false,
        }
        events.lost({ subscription: subscriptionArn(subscription), ...lost })
        return false
      })
      for (const account of new Set(taken.map(({ subscription }) => subscription.topic.account)))
        await cipher.prepare(account)
      await writer.write(taken.map(newPending))
    },
    async planned(item) {
      const { subscription } = item
      await cipher.prepare(subscription.topic.account)
      const number = writer.takeNumber()
      const pending = { ...newPending(item), number }
      const write = { key: pendingKey(subscription.id, number), value: pending.document }
      return { write, stored: () => arrived([pending]) }
    },
    begin() {
      isResting = false
      for (const queue of queues.values()) pump(queue)
    },
    backlog: () => [...queues.values()].reduce((sum, queue) => sum + queue.count(), 0),
    async close() {
      isResting = true
      await waitAtMost(timers, closeWaitMs, Promise.all(working))
    },
  }
}

/** A message that was put in the place of another does not open. */
const sealContext = (subscriptionId: string, messageId: string): string =>
  `topics/pending/${subscriptionId}/${messageId}`

/** The subscription has moved on since. */
const isObsolete = ({ kind }: PendingDocument, { confirmedAt }: SubscriptionDocument): boolean =>
  kind === 'SubscriptionConfirmation' ? confirmedAt !== undefined : kind === 'Notification' && confirmedAt === undefined
