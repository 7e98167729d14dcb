export interface Due<T> {
  readonly at: number
  readonly value: T
}

/** Values by the time they fall due, earliest first; of the same time, those that came first. */
export interface DueHeap<T> {
  readonly size: number
  push(at: number, value: T): void
  peek(): Due<T> | undefined
  pop(): Due<T> | undefined
  clear(): void
}

/** A binary heap: children of `i` are at `2i + 1` and `2i + 2`. */
export function createDueHeap<T>(): DueHeap<T> {
  let items: (Due<T> & { readonly order: number })[] = []
  let order = 0
  const swap = (a: number, b: number) => {
    const item = items[a]!
    items[a] = items[b]!
    items[b] = item
  }
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [items[a]!, items[b]]
    return !other || one.at < other.at || (one.at === other.at && one.order < other.order)
  }
  return {
    get size() {
      return items.length
    },
    push(at, value) {
      items.push({ at, value, order: order++ })
      for (let child = items.length - 1; child > 0;) {
        const parent = (child - 1) >> 1
        if (isBefore(parent, child)) return
        swap(parent, child)
        child = parent
      }
    },
    peek: () => items[0],
    pop() {
      const first = items[0]
      const last = items.pop()
      if (items.length === 0 || last === undefined) return first
      items[0] = last
      for (let parent = 0; ;) {
        const left = 2 * parent + 1
        if (left >= items.length) return first
        const child = isBefore(left, left + 1) ? left : left + 1
        if (isBefore(parent, child)) return first
        swap(parent, child)
        parent = child
      }
    },
    clear() {
      items = []
    },
  }
}
