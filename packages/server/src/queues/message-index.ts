import { createDueHeap } from './due-heap.ts'

/** What is known of a message without its body. */
export interface Entry {
  readonly sequence: number
  readonly messageId: string
  /** Domain time, ms; of messages that were moved here, the time they were first sent (standard queues). */
  readonly sentAt: number
  readonly bytes: number
  readonly group: string | undefined
  /** How often it was received; with the sequence it names one receive. */
  receives: number
  firstReceivedAt: number | undefined
  /** The latest receive. */
  receivedAt: number | undefined
  visibleAt: number
  /**
   * `ready`: can be received. `hidden`: delayed, or received, until `visibleAt`. `held`: somebody is at work on it, and it
   * stays as it is until it is released. `gone`: no longer in the queue.
   */
  state: 'ready' | 'hidden' | 'held' | 'gone'
}

/** In which order entries that are ready are handed out. Told of every change of state, after it. */
export interface ReadyOrder {
  changed(entry: Entry): void
  /** At most `max` entries that may be received together, all of them ready. */
  pick(max: number): Entry[]
}

export interface MessageCounts {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** The messages of one queue in memory. Nothing is durable here, and nothing waits. */
export interface MessageIndex {
  readonly size: number
  add(entry: Entry): void
  get(sequence: number): Entry | undefined
  entries(): Iterable<Entry>
  /** Makes ready what is no longer hidden at `now`. */
  promote(now: number): void
  pick(max: number): Entry[]
  hide(entry: Entry, visibleAt: number): void
  hold(entry: Entry): void
  /** Back to ready or hidden, by its `visibleAt`; what has gone meanwhile stays gone. */
  release(entry: Entry, now: number): void
  remove(entry: Entry): void
  counts(): MessageCounts
  /** When the next hidden entry becomes ready. */
  nextDueAt(): number | undefined
}

/** Items of the heap that no longer count are dropped when there are more than this many beside twice the hidden ones. */
const staleItemsMax = 1_000

/** `tally` counts what all indexes hold together. */
export function createMessageIndex(
  order: ReadyOrder,
  tally: { messages: number; bytes: number } = { messages: 0, bytes: 0 },
): MessageIndex {
  const entries = new Map<number, Entry>()
  const due = createDueHeap<Entry>()
  let ready = 0
  let delayed = 0

  const isDelayed = ({ state, receives }: Entry) => state === 'hidden' && receives === 0
  function change(entry: Entry, edit: () => void): void {
    const before = { isReady: entry.state === 'ready', isDelayed: isDelayed(entry) }
    edit()
    ready += Number(entry.state === 'ready') - Number(before.isReady)
    delayed += Number(isDelayed(entry)) - Number(before.isDelayed)
    order.changed(entry)
  }
  const becomes = (entry: Entry, state: Entry['state']) => change(entry, () => (entry.state = state))

  function remember(entry: Entry): void {
    due.push(entry.visibleAt, entry)
    if (due.size <= 2 * (entries.size - ready) + staleItemsMax) return
    due.clear()
    for (const each of entries.values()) if (each.state === 'hidden') due.push(each.visibleAt, each)
  }
  const isCurrent = (item: { readonly at: number; readonly value: Entry }): boolean =>
    item.value.state === 'hidden' && item.value.visibleAt === item.at

  return {
    get size() {
      return entries.size
    },
    add(entry) {
      entries.set(entry.sequence, entry)
      tally.messages++
      tally.bytes += entry.bytes
      ready += Number(entry.state === 'ready')
      delayed += Number(isDelayed(entry))
      if (entry.state === 'hidden') remember(entry)
      order.changed(entry)
    },
    get: (sequence) => entries.get(sequence),
    entries: () => entries.values(),
    promote(now) {
      for (let item = due.peek(); item && item.at <= now; item = due.peek()) {
        due.pop()
        if (isCurrent(item)) becomes(item.value, 'ready')
      }
    },
    pick: (max) => order.pick(max),
    hide(entry, visibleAt) {
      change(entry, () => {
        entry.state = 'hidden'
        entry.visibleAt = visibleAt
      })
      remember(entry)
    },
    hold: (entry) => becomes(entry, 'held'),
    release(entry, now) {
      if (entry.state === 'gone') return
      becomes(entry, entry.visibleAt > now ? 'hidden' : 'ready')
      if (entry.state === 'hidden') remember(entry)
    },
    remove(entry) {
      if (!entries.delete(entry.sequence)) return
      tally.messages--
      tally.bytes -= entry.bytes
      becomes(entry, 'gone')
    },
    counts: () => ({ visible: ready, delayed, inFlight: entries.size - ready - delayed }),
    nextDueAt() {
      for (let item = due.peek(); item; item = due.peek()) {
        if (isCurrent(item)) return item.at
        due.pop()
      }
      return undefined
    },
  }
}
