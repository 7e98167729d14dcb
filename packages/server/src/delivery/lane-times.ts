import { pauseAfter } from '../clock/index.ts'
import type { DeliveryLimits } from './delivery-limits.ts'

/** When a lane is due: at the next whole interval after something began to wait, later after failures. Domain time, ms. */
export interface LaneTimes {
  /** Something waits to be delivered. */
  waiting(): void
  began(): void
  ended(outcome: 'done' | 'postponed', isBehind: boolean): void
  failed(): void
  /** Undefined while nothing waits, or while the lane works. */
  dueAt(isEager: boolean, isPlanned: boolean): number | undefined
}

export function createLaneTimes(limits: DeliveryLimits, now: () => number): LaneTimes {
  const { intervalMs, pauseMaxMs, ownDeliveriesWaitMs } = limits
  let since: number | undefined
  let retryAt: number | undefined
  let postponedUntil: number | undefined
  let failures = 0
  let isWorking = false
  return {
    waiting() {
      // What comes while own deliveries wait for others may be one of those: it is looked at with the next interval.
      if (postponedUntil !== undefined) since = postponedUntil = undefined
      since ??= now()
    },
    began() {
      isWorking = true
      since = undefined
    },
    ended(outcome, isBehind) {
      isWorking = false
      failures = 0
      retryAt = undefined
      // Since it began nothing else has come.
      const isAlone = outcome === 'postponed' && since === undefined
      postponedUntil = isAlone ? now() + ownDeliveriesWaitMs : undefined
      if (isBehind) since ??= now()
    },
    failed() {
      isWorking = false
      retryAt = now() + pauseAfter(++failures, limits)
      since ??= now()
    },
    dueAt(isEager, isPlanned) {
      if (isWorking || since === undefined) return undefined
      const time = now()
      // The clock was set back: what began to wait at a time yet to come would wait until then.
      if (since > time) since = time
      if (retryAt !== undefined) return (retryAt = Math.min(retryAt, time + pauseMaxMs))
      if (isEager || isPlanned) return since
      // Whole intervals, so that all lanes of a stream cut it at the same place and share what they read.
      const next = (Math.floor(since / intervalMs) + 1) * intervalMs
      if (postponedUntil === undefined) return next
      postponedUntil = Math.min(postponedUntil, time + ownDeliveriesWaitMs)
      return Math.max(next, postponedUntil)
    },
  }
}
