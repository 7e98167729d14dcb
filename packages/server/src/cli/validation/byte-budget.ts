/** Room for so many bytes at a time; whoever wants more waits, in order. */
export interface ByteBudget {
  /** Resolves to the function that gives the room back. What is larger than all the room takes all of it. */
  take(bytes: number): Promise<() => void>
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let free = bytesMax
  /** Bounded by those who call. */
  const queue: { readonly bytes: number; readonly enter: () => void }[] = []
  const admit = (): void => {
    for (let next = queue[0]; next && next.bytes <= free; next = queue[0]) {
      queue.shift()
      free -= next.bytes
      next.enter()
    }
  }
  return {
    async take(wanted) {
      const bytes = Math.min(wanted, bytesMax)
      await new Promise<void>((enter) => {
        queue.push({ bytes, enter })
        admit()
      })
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        free += bytes
        admit()
      }
    },
  }
}
