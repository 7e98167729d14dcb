import { systemTimers, type Clocks, type DemandJob, type Job, type Random, type Timers } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { Route } from '../http/index.ts'
import type { RecordCipher } from '../keyring/index.ts'
import { createQueueSink } from './built-in-sink.ts'
import { openMessageStore, type MessageStore } from './message-store.ts'
import { openQueueDirectory, type QueueChanged } from './queue-directory.ts'
import { waitersMax } from './queue-limits.ts'
import type { QueueSink } from './queue-sink.ts'
import { createReceiptHandles } from './receipt-handle.ts'
import { createSqsFront, type SqsFrontOptions } from './sqs-front.ts'
import type { SqsParts } from './sqs-operation.ts'
import { createWaiting } from './waiting.ts'

export interface QueuesOptions {
  readonly control: ControlStore
  /** Seals what messages say, under the key of the queue's account. */
  readonly cipher: RecordCipher
  /** 32 bytes, the same after each start: receipt handles outlive the process. */
  readonly receiptKey: Uint8Array
  readonly clocks: Clocks
  readonly random: Random
  onFault(error: unknown, where: string): void
  /** Real time where absent. */
  readonly timers?: Timers
  readonly waitersMax?: number
}

/** The built-in queues. */
export interface Queues {
  readonly sink: QueueSink
  /** For the schedule: what expires and what becomes visible, by domain time. */
  readonly jobs: readonly (Job | DemandJob)[]
  /** SQS in front of them. */
  front(options: SqsFrontOptions): Route
  /** Answers receives that wait, and lets none wait any more; for a stop, before connections are waited for. */
  endWaits(): void
  /** Receives that wait for messages at the moment. */
  waiting(): number
}

const tidyEveryMs = 60_000

/** Opens queues and their messages. @throws {ControlUnavailableError} */
export async function openQueues(options: QueuesOptions): Promise<Queues> {
  const { control, cipher, clocks, random, onFault } = options
  const waiting = createWaiting(options.timers ?? systemTimers, options.waitersMax ?? waitersMax)
  const opened: { store?: MessageStore } = {}
  const changed: QueueChanged = (before, after) => {
    const { store } = opened
    if (!store) return
    if (before && before.document.id !== after?.document.id) {
      store.drop(before.document.id)
      waiting.wake(before.document.id)
    }
    if (after && before?.document.id !== after.document.id) store.add(after)
    if (after && before && after.document.purgedThrough > before.document.purgedThrough)
      store.purge(after, after.document.purgedThrough)
  }
  const directory = await openQueueDirectory(control, changed)
  const storeOptions = { control, cipher, clocks, random, wake: (queueId: string) => waiting.wake(queueId), onFault }
  const store = (opened.store = await openMessageStore(storeOptions, directory.all()))
  const receiptHandles = createReceiptHandles(options.receiptKey)
  const parts: SqsParts = { directory, store, waiting, receiptHandles, clocks, random }
  return {
    sink: createQueueSink(parts),
    jobs: [
      { name: 'queue retention', everyMs: tidyEveryMs, run: () => store.tidy(directory.all()) },
      visibilityJob(parts),
    ],
    front: (frontOptions) => createSqsFront(parts, frontOptions),
    endWaits: () => waiting.end(),
    waiting: () => waiting.size,
  }
}

/** Wakes who waits when a message that was hidden becomes visible. */
const visibilityJob = ({ waiting, store, clocks }: SqsParts): DemandJob => ({
  name: 'queue visibility',
  dueAt() {
    let first: number | undefined
    for (const queueId of waiting.queueIds()) {
      const dueAt = store.nextDueAt(queueId)
      if (dueAt !== undefined && (first === undefined || dueAt < first)) first = dueAt
    }
    return first
  },
  run() {
    const now = clocks.domain()
    for (const queueId of waiting.queueIds()) if ((store.nextDueAt(queueId) ?? Infinity) <= now) waiting.wake(queueId)
    return Promise.resolve()
  },
  settled: () => Promise.resolve(),
})
