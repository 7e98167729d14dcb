import { ControlUnavailableError, type ControlStore } from '../control/index.ts'
import { SnsError } from './sns-error.ts'
import { pendingKey, type PendingDocument } from './topic-documents.ts'

/** A message for one subscriber, yet to be stored. */
export interface NewPending {
  readonly subscriptionId: string
  readonly document: PendingDocument
  readonly bytes: number
}

export interface StoredPending extends NewPending {
  readonly number: number
}

export interface PendingWriterOptions {
  readonly control: Pick<ControlStore, 'transact'>
  readonly publishesWaitingMax: number
  /** Above every number in the store. */
  readonly firstNumber: number
  /** Called in the order of numbers, before `write` resolves. */
  readonly stored: (items: readonly StoredPending[]) => void
  /** It is not known whether these are in the store. */
  readonly uncertain: (items: readonly StoredPending[]) => void
}

/** One transaction's worth: what a store takes quickly, and a piece of memory that nobody notices. */
const writesMax = 1_000
const bytesMax = 8 * 1024 * 1024

interface Waiting {
  readonly items: readonly NewPending[]
  readonly bytes: number
  readonly done: PromiseWithResolvers<void>
}

/**
 * Stores messages in transactions that concurrent publishes share, one after the other: so the numbers of a subscriber's
 * messages are in the order in which they become durable, and who reads behind a number misses nothing.
 */
export function createPendingWriter(options: PendingWriterOptions) {
  const { control, publishesWaitingMax, stored, uncertain } = options
  let number = options.firstNumber
  let waiting: Waiting[] = []
  let isWriting = false

  function nextBatch(): Waiting[] {
    let writes = 0
    let bytes = 0
    const end = waiting.findIndex((each, index) => {
      writes += each.items.length
      bytes += each.bytes
      return index > 0 && (writes > writesMax || bytes > bytesMax)
    })
    const batch = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return batch
  }

  async function writeAll(): Promise<void> {
    if (isWriting) return
    isWriting = true
    while (waiting.length > 0) {
      const batch = nextBatch()
      const items = batch.flatMap((each) => each.items).map((item): StoredPending => ({ ...item, number: number++ }))
      try {
        const key = ({ subscriptionId, number: at }: StoredPending): string => pendingKey(subscriptionId, at)
        await control.transact(items.map((item) => ({ key: key(item), value: item.document })))
        stored(items)
        for (const { done } of batch) done.resolve()
      } catch (cause) {
        if (cause instanceof ControlUnavailableError) uncertain(items)
        const error = new SnsError('ServiceUnavailable', 'The message could not be stored. Try again.', { cause })
        for (const { done } of batch) done.reject(error)
      }
    }
    isWriting = false
  }

  function submit(items: readonly NewPending[]): Promise<void> {
    const done = Promise.withResolvers<void>()
    waiting.push({ items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0), done })
    void writeAll()
    return done.promise
  }

  return {
    /**
     * Resolves once all are durable; more than one transaction holds are stored in several.
     * @throws {SnsError} ServiceUnavailable: some may be stored; Throttled: none is.
     */
    async write(items: readonly NewPending[]): Promise<void> {
      if (items.length === 0) return
      if (waiting.length >= publishesWaitingMax) throw new SnsError('Throttled', 'Rate exceeded')
      await Promise.all(pieces(items).map(submit))
    },
    /** A number for a message that is written together with something else. */
    takeNumber: (): number => number++,
  }
}

/** Split so that each piece fits into one transaction. */
function pieces(items: readonly NewPending[]): NewPending[][] {
  const split: NewPending[][] = []
  let bytes = Infinity
  for (const item of items) {
    bytes += item.bytes
    const last = split.at(-1)
    if (last && last.length < writesMax && bytes <= bytesMax) last.push(item)
    else {
      split.push([item])
      bytes = item.bytes
    }
  }
  return split
}
