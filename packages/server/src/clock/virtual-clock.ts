import type { Clocks } from './clocks.ts'

/** Domain time that a test may move: it ticks on with real time unless frozen, and never runs backwards by itself. */
export interface VirtualClock {
  now(): number
  frozen(): boolean
  /** Jumps to `time` (ms since the epoch). Going back is allowed: clocks of real machines do, too. */
  set(time: number): void
  freeze(): void
  unfreeze(): void
}

/** Starts at the wall clock's time. */
export function createVirtualClock(real: Pick<Clocks, 'wall' | 'monotonic'>): VirtualClock {
  let base = real.wall()
  let since: number | undefined = real.monotonic()
  const now = () => Math.floor(since === undefined ? base : base + real.monotonic() - since)
  const rebase = (time: number, ticking: boolean) => {
    base = time
    since = ticking ? real.monotonic() : undefined
  }
  return {
    now,
    frozen: () => since === undefined,
    set: (time) => rebase(time, since !== undefined),
    freeze: () => rebase(now(), false),
    unfreeze: () => rebase(now(), true),
  }
}
