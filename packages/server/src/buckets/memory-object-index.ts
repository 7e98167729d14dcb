import type { IndexReader, ObjectIndex } from './object-index.ts'

/** An index that is gone with the process. Keys are kept sorted: few, as in tests. */
export function openMemoryObjectIndex(): ObjectIndex {
  const values = new Map<string, Buffer>()
  let sorted: string[] | undefined

  const readerOf = (): IndexReader => ({
    get: (key) => values.get(key.toString('latin1')),
    range(prefix, after, limit) {
      sorted ??= [...values.keys()].sort()
      const first = prefix.toString('latin1')
      const behind = after?.toString('latin1') ?? ''
      const found: { key: Buffer; value: Buffer }[] = []
      for (let at = startOf(sorted, behind > first ? behind : first); at < sorted.length; at++) {
        const key = sorted[at]!
        if (key === behind) continue
        if (!key.startsWith(first) || found.length === limit) break
        found.push({ key: Buffer.from(key, 'latin1'), value: values.get(key)! })
      }
      return found
    },
  })
  const set = (key: string, value: Buffer | undefined): void => {
    if (value === undefined ? values.has(key) : !values.has(key)) sorted = undefined
    if (value === undefined) values.delete(key)
    else values.set(key, value)
  }

  return {
    ...readerOf(),
    async transact(change) {
      // Nothing happens within the caller's own turn.
      await Promise.resolve()
      const before: (readonly [string, Buffer | undefined])[] = []
      const write = (key: Buffer, value: Buffer | undefined): void => {
        const name = key.toString('latin1')
        before.push([name, values.get(name)])
        set(name, value)
      }
      try {
        return change({ ...readerOf(), put: write, remove: (key) => write(key, undefined) })
      } catch (error) {
        for (const [name, value] of before.toReversed()) set(name, value)
        throw error
      }
    },
    async close() {},
  }
}

/** Index of the first that is not before `from`. */
function startOf(sorted: readonly string[], from: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < from) low = middle + 1
    else high = middle
  }
  return low
}
