/** Cuts a list into runs of at most `bytesMax` together, in order; an item that is larger by itself is a run of its own. */
export function* groupsBySize<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  bytesMax: number,
): Generator<readonly T[]> {
  let group: T[] = []
  let bytes = 0
  for (const item of items) {
    const more = bytesOf(item)
    if (group.length > 0 && bytes + more > bytesMax) {
      yield group
      group = []
      bytes = 0
    }
    group.push(item)
    bytes += more
  }
  if (group.length > 0) yield group
}
