import { createMutex } from '../process/index.ts'

/** Work that falls due by domain time. `run` gets the time it was due at; a failure is reported and the job goes on. */
export interface Job {
  readonly name: string
  readonly everyMs: number
  run(dueAt: number): Promise<void>
}

/** Work that knows itself when it is due next: asked again and again, so the answer has to be quick. */
export interface DemandJob {
  readonly name: string
  /** Undefined while nothing is to be done, or is being done already. */
  dueAt(): number | undefined
  /** Begins what is due. What takes long goes on beside the schedule, so that it delays no other job. */
  run(dueAt: number): Promise<void>
  /** Resolves once what was begun is done: a virtual clock does not move on before. */
  settled(): Promise<void>
}

export interface Schedule {
  add(job: Job | DemandJob): void
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
/** Domain time can jump, so the timer looks again this often; deliveries every second are to be in time. */
const tickMs = 100

export interface ScheduleOptions {
  readonly now: () => number
  readonly failed: (job: string, error: unknown) => void
  /** Starts the real-time timer; off in simulations, which call `runDue` themselves. */
  readonly ticking: boolean
}

export function createSchedule({ now, failed, ticking }: ScheduleOptions): Schedule {
  const jobs: DemandJob[] = []
  let closed = false

  function next(): { readonly job: DemandJob; readonly dueAt: number } | undefined {
    let first: { readonly job: DemandJob; readonly dueAt: number } | undefined
    for (const job of jobs) {
      const dueAt = job.dueAt()
      if (dueAt !== undefined && (!first || dueAt < first.dueAt)) first = { job, dueAt }
    }
    return first
  }

  async function runOne(job: DemandJob, dueAt: number, waits: boolean): Promise<void> {
    try {
      await job.run(dueAt)
      if (waits) await job.settled()
    } catch (error) {
      failed(job.name, error)
    }
  }

  async function runUntil(target: number, setClock?: (time: number) => void): Promise<void> {
    for (let runs = 0; ; runs++) {
      const due = next()
      if (closed || !due || due.dueAt > target) return
      if (runs >= runsMax)
        throw new ScheduleBoundError(`more than ${runsMax} runs fall due before ${new Date(target).toISOString()}`)
      if (setClock && due.dueAt > now()) setClock(due.dueAt)
      await runOne(due.job, due.dueAt, setClock !== undefined)
    }
  }

  /** One at a time: an advance and the timer never run jobs side by side. */
  const serially = createMutex()

  const timer = ticking
    ? setInterval(() => {
        const due = next()
        if (due && due.dueAt <= now()) void serially(() => runUntil(now()))
      }, tickMs)
    : undefined
  timer?.unref()

  return {
    add: (job) => void jobs.push('everyMs' in job ? periodically(job, now) : job),
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

function periodically({ name, everyMs, run }: Job, now: () => number): DemandJob {
  let due = now() + everyMs
  return {
    name,
    // A clock that was set back must not keep the job from running until it is there again.
    dueAt: () => (due = Math.min(due, now() + everyMs)),
    run(dueAt) {
      // A job that is late (suspended machine, clock set forward) runs once, not once for every period missed.
      due = dueAt + (Math.floor((now() - dueAt) / everyMs) + 1) * everyMs
      return run(dueAt)
    },
    settled: () => Promise.resolve(),
  }
}
