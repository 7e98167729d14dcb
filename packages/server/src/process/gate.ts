/** Lets at most `max` works run at once; the others wait in order. A waiting one leaves when its signal aborts. */
export type Gate = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>

export function createGate(max: number): Gate {
  /** Bounded by those who call. */
  const waiting = new Set<() => void>()
  let free = max
  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        waiting.delete(enter)
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        waiting.delete(enter)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.add(enter)
    })
  return async (signal, work) => {
    signal.throwIfAborted()
    if (free > 0) free -= 1
    else await turn(signal)
    try {
      return await work()
    } finally {
      // Handed on, not freed: whoever comes in between does not overtake.
      const [next] = waiting
      if (next) next()
      else free += 1
    }
  }
}
