import type { DemandJob } from '../clock/index.ts'
import type { SigningKeys } from './signing-keys.ts'

const everyMs = 3_600_000

/** Looks after the keys every hour, beside the schedule: generating them must not hold up deliveries. */
export function createRotationJob(options: {
  readonly keys: Pick<SigningKeys, 'rotateDue'>
  /** Domain time, ms. */
  readonly now: () => number
  readonly failed: (error: unknown) => void
}): DemandJob {
  const { keys, now, failed } = options
  let due = now() + everyMs
  let running: Promise<void> | undefined
  return {
    name: 'signing keys',
    dueAt() {
      // A clock that was set back must not leave the keys alone until it has caught up.
      due = Math.min(due, now() + everyMs)
      return running ? undefined : due
    },
    async run() {
      due = now() + everyMs
      running = keys
        .rotateDue(now())
        .catch(failed)
        .finally(() => {
          running = undefined
        })
    },
    settled: () => running ?? Promise.resolve(),
  }
}
