/** The least recently used go first once the bytes of all exceed `bytesMax`. One larger than that is not kept. */
export interface ByteCache<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value, bytes: number): void
  delete(key: string): void
  readonly bytes: number
}

export function createByteCache<Value>(bytesMax: number): ByteCache<Value> {
  const slots = new Map<string, { readonly value: Value; readonly bytes: number }>()
  let total = 0
  const remove = (key: string): void => {
    total -= slots.get(key)?.bytes ?? 0
    slots.delete(key)
  }
  return {
    get(key) {
      const slot = slots.get(key)
      if (!slot) return undefined
      slots.delete(key)
      slots.set(key, slot)
      return slot.value
    },
    set(key, value, bytes) {
      remove(key)
      if (bytes > bytesMax) return
      slots.set(key, { value, bytes })
      total += bytes
      for (const oldest of slots.keys()) {
        if (total <= bytesMax) break
        remove(oldest)
      }
    },
    delete: remove,
    get bytes() {
      return total
    },
  }
}
