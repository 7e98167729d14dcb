import type { Entry, ReadyOrder } from './message-index.ts'

/** Places at the front of the list that are empty before it is made shorter. */
const emptyPlacesMax = 1_024

/** Standard queues: first come, first served, among what is ready; what becomes ready again stands at the end. */
export function createStandardOrder(): ReadyOrder {
  let list: Entry[] = []
  let head = 0
  /** Entries that stand in the list, ready or no longer. */
  const listed = new Set<Entry>()
  return {
    changed(entry) {
      if (entry.state !== 'ready' || listed.has(entry)) return
      listed.add(entry)
      list.push(entry)
    },
    pick(max) {
      const picked: Entry[] = []
      while (picked.length < max && head < list.length) {
        const entry = list[head++]!
        listed.delete(entry)
        if (entry.state === 'ready') picked.push(entry)
      }
      if (head > emptyPlacesMax && 2 * head > list.length) {
        list = list.slice(head)
        head = 0
      }
      return picked
    },
  }
}

interface Group {
  /** In the order they were sent. */
  readonly entries: Set<Entry>
  /** Received, or being worked on. */
  readonly taken: Set<Entry>
}

/**
 * FIFO queues: the messages of a group in the order they were sent, and none while an earlier batch of the group is neither
 * deleted nor visible again. Groups take turns.
 */
export function createFifoOrder(): ReadyOrder {
  const groups = new Map<string, Group>()
  /** Groups whose first entry can be received. */
  const available = new Set<Group>()

  function refresh(name: string, group: Group): void {
    if (group.entries.size === 0) groups.delete(name)
    const [first] = group.entries
    if (group.taken.size > 0 || first?.state !== 'ready') available.delete(group)
    else available.add(group)
  }

  return {
    changed(entry) {
      const name = entry.group ?? ''
      let group = groups.get(name)
      if (!group) groups.set(name, (group = { entries: new Set(), taken: new Set() }))
      if (entry.state === 'gone') group.entries.delete(entry)
      else group.entries.add(entry)
      if (entry.state === 'held' || (entry.state === 'hidden' && entry.receives > 0)) group.taken.add(entry)
      else group.taken.delete(entry)
      refresh(name, group)
    },
    pick(max) {
      const picked: Entry[] = []
      for (const { entries } of available)
        for (const entry of entries) {
          if (picked.length === max) return picked
          if (entry.state !== 'ready') break
          picked.push(entry)
        }
      return picked
    },
  }
}
