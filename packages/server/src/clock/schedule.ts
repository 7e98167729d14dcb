import { createMutex } from '../process/index.ts'

/** Work that falls due by domain time. `run` gets the time it was due at; a failure is reported and the job goes on. */
export interface Job {
  readonly name: string
  readonly everyMs: number
  run(dueAt: number): Promise<void>
}

export interface Schedule {
  add(job: Job): void
  /**
   * Moves a virtual clock forward by `ms`: stops at each moment where something falls due, runs it, and goes on until
   * nothing is left before the target. @throws {ScheduleBoundError} when more than `runsMax` runs would be needed.
   */
  advance(ms: number, setClock: (time: number) => void): Promise<void>
  /** Runs what is due now; used by the ticking timer. */
  runDue(): Promise<void>
  close(): Promise<void>
}

export class ScheduleBoundError extends Error {
  override readonly name = 'ScheduleBoundError'
}

/** Enough for a year of minutes; more is a runaway schedule rather than a test. */
const runsMax = 600_000
/** Domain time can jump, so the timer looks again at least this often. */
const tickMsMax = 1_000

export interface ScheduleOptions {
  readonly now: () => number
  readonly failed: (job: string, error: unknown) => void
  /** Starts the real-time timer; off in simulations, which call `runDue` themselves. */
  readonly ticking: boolean
}

export function createSchedule({ now, failed, ticking }: ScheduleOptions): Schedule {
  const jobs: { job: Job; dueAt: number }[] = []
  let closed = false

  const next = () =>
    jobs.reduce<{ job: Job; dueAt: number } | undefined>((a, b) => (a && a.dueAt <= b.dueAt ? a : b), undefined)

  async function runOne(entry: { job: Job; dueAt: number }): Promise<void> {
    const { dueAt } = entry
    // A job that is late (suspended machine, clock set forward) runs once, not once for every period missed.
    const periodsMissed = Math.floor((now() - dueAt) / entry.job.everyMs)
    entry.dueAt = dueAt + (periodsMissed + 1) * entry.job.everyMs
    try {
      await entry.job.run(dueAt)
    } catch (error) {
      failed(entry.job.name, error)
    }
  }

  async function runUntil(target: number, setClock?: (time: number) => void): Promise<void> {
    for (let runs = 0; ; runs++) {
      const entry = next()
      if (closed || !entry || entry.dueAt > target) return
      if (runs >= runsMax)
        throw new ScheduleBoundError(`more than ${runsMax} runs fall due before ${new Date(target).toISOString()}`)
      if (setClock && entry.dueAt > now()) setClock(entry.dueAt)
      await runOne(entry)
    }
  }

  /** One at a time: an advance and the timer never run jobs side by side. */
  const serially = createMutex()

  const timer = ticking
    ? setInterval(() => {
        const due = next()
        if (due && due.dueAt <= now()) void serially(() => runUntil(now()))
      }, tickMsMax)
    : undefined
  timer?.unref()

  return {
    add: (job) => void jobs.push({ job, dueAt: now() + job.everyMs }),
    runDue: () => serially(() => runUntil(now())),
    advance: (ms, setClock) =>
      serially(async () => {
        const target = now() + ms
        await runUntil(target, setClock)
        setClock(target)
      }),
    close: async () => {
      closed = true
      clearInterval(timer)
      await serially(async () => {})
    },
  }
}
