/** Waiting by real time as a port, so that a simulation decides when a pause ends. */
export interface Timers {
  /** Calls `call` once after `ms` milliseconds, unless cancelled with what is returned. Keeps no process alive. */
  after(ms: number, call: () => void): () => void
}

export const systemTimers: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** The pause after so many failures in a row (1, 2, ...): the first one, doubled each time, up to the longest. */
export const pauseAfter = (
  failures: number,
  { pauseFirstMs, pauseMaxMs }: { readonly pauseFirstMs: number; readonly pauseMaxMs: number },
): number => Math.min(pauseMaxMs, pauseFirstMs * 2 ** Math.min(failures - 1, 20))

/** Resolves once `work` has succeeded, or after `ms` without waiting on. @throws what `work` throws before that. */
export async function waitAtMost(timers: Timers, ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = timers.after(ms, resolve)
  try {
    await Promise.race([work, promise])
  } finally {
    cancel()
  }
}

/** Resolves after `ms`. @throws the signal's reason once it is aborted. */
export function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal.aborted) reject(signal.reason as Error)
  const aborted = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', aborted, { once: true })
  const cancel = timers.after(ms, resolve)
  return promise.finally(() => {
    cancel()
    signal.removeEventListener('abort', aborted)
  })
}
