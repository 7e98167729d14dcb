import { BucketError } from './bucket-store.ts'

/** At most `active` calls at a time; the others wait in their order. */
export interface CallSlots {
  /** Resolves to the function that gives the slot back. @throws {BucketError} SlowDown: too many wait; RequestTimeout: `signal` came first. */
  take(signal: AbortSignal): Promise<() => void>
}

export function createCallSlots({ active, waitingMax }: { active: number; waitingMax: number }): CallSlots {
  let free = active
  const waiting = new Set<() => void>()
  const release = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else next()
  }
  /** The slot can be given back once: a second call changes nothing. */
  const slot = (): (() => void) => {
    let isHeld = true
    return () => {
      if (isHeld) release()
      isHeld = false
    }
  }
  return {
    async take(signal) {
      if (free > 0) {
        free -= 1
        return slot()
      }
      if (waiting.size >= waitingMax) throw new BucketError('SlowDown', `${waitingMax} calls to the store are waiting`)
      await new Promise<void>((resolve, reject) => {
        const settle = (then: () => void) => () => {
          waiting.delete(begin)
          signal.removeEventListener('abort', giveUp)
          then()
        }
        const begin = settle(resolve)
        const giveUp = settle(() =>
          reject(new BucketError('RequestTimeout', 'earlier calls to the store took all the time')),
        )
        waiting.add(begin)
        signal.addEventListener('abort', giveUp)
        if (signal.aborted) giveUp()
      })
      return slot()
    },
  }
}
