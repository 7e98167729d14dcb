/** What a fault hits: one of the stores, whichever is called next, or only the disk's syncs. */
export type FaultTarget = 'disk' | 'sync' | 'control' | 'postings' | 'buckets' | 'spool' | 'any'
/** One call counts for all of these. */
export type CalledTargets = readonly Exclude<FaultTarget, 'any'>[]

/** One thing that will go wrong: with the call after `skip` others of that target. */
export interface Fault {
  readonly target: FaultTarget
  skip: number
  /**
   * `kill`: the process dies with this call. `full`: the disk says that it is full. Of buckets only, `late`: the call is
   * answered with a time-out before it takes effect; `garbage`: the answer makes no sense.
   */
  readonly kind: 'fail' | 'full' | 'kill' | 'late' | 'garbage'
  /** What a bucket that fails before anything happened answers. */
  readonly code?: string
  readonly when: 'before' | 'half' | 'after'
}

export interface Faults {
  plan(fault: Fault): void
  clear(): void
  /** Asked once for each call. */
  next(called: CalledTargets): Fault | undefined
  /** While true, nothing goes wrong and plans wait. */
  suspended: boolean
  /** How many have happened so far. */
  readonly happened: number
}

export function createFaults(): Faults {
  let plans: Fault[] = []
  let happened = 0
  const faults: Faults = {
    suspended: false,
    plan: (fault) => void plans.push(fault),
    clear: () => void (plans = []),
    next(called) {
      if (faults.suspended) return undefined
      const due = plans
        .filter(({ target }) => target === 'any' || called.includes(target))
        .reduce<Fault | undefined>((found, plan) => (plan.skip-- <= 0 ? (found ?? plan) : found), undefined)
      if (!due) return undefined
      plans = plans.filter((plan) => plan !== due)
      happened++
      return due
    },
    get happened() {
      return happened
    },
  }
  return faults
}
