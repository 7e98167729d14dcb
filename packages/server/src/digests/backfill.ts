import { streamId, streamParts, type Region } from '@opentrail/core/event'
import type { Trail } from '@opentrail/core/trail'
import { systemTimers, waitAtMost, type Timers } from '../clock/index.ts'
import { listAll } from '../control/index.ts'
import { readLedger, type Delivery } from '../delivery/index.ts'
import { createMutex } from '../process/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { makeNextBackfill, type BackfillParts } from './backfill-chain.ts'
import { backfillPrefix, coveredPrefix, type CoveredRange } from './backfill-document.ts'
import { defaultDigestLimits } from './digest-limits.ts'
import { pooledGzip, type Gzip } from './gzip.ts'

export interface BackfillOptions extends Pick<BackfillParts, 'control' | 'buckets' | 'keys' | 'now' | 'delivered'> {
  readonly trails: Pick<ControlTrailDirectory, 'byId' | 'trailIds'>
  readonly delivery: Pick<Delivery, 'lanes'>
  readonly monotonic: () => number
  /** In the thread pool where absent. */
  readonly gzip?: Gzip
  /** Real time where absent. */
  readonly timers?: Timers
}

/** What was done in one Region. */
export interface Backfilled {
  readonly region: Region
  readonly digests: number
  /** Log files in them. */
  readonly files: number
  /** `later`: there is more to do. `waiting`: files of an hour that is not over are left. `done`: all are in a digest. */
  readonly left: 'later' | 'waiting' | 'done'
}

/** Digests of log files that no digest of their hour lists, as they were delivered while validation was off. */
export interface Backfill {
  /**
   * Makes those of a trail, oldest first, for a while: where more is left, call again. Repeated, it makes nothing twice.
   * Of Regions in which the trail has delivered nothing nothing is said.
   * @throws {BucketError} and what the stores throw; what was made so far is there.
   */
  run(trail: Trail, regions: readonly Region[]): Promise<Backfilled[]>
  /** Removes what is known of trails, and of ledger entries, that are gone. To be run from time to time. */
  tidy(): Promise<void>
  /** Stops: waits for what is being put, but not long; what was cut off is made again by the next run. */
  close(): Promise<void>
}

/** No digest is begun after this long: who waits for the answer gives up some time. Real time. */
const runMsMax = 5_000
/** A put that does not come back within this time after the stop is left to the next run. */
const closeWaitMs = 5_000

export function createBackfill(options: BackfillOptions): Backfill {
  const { control, trails, delivery, monotonic, timers = systemTimers } = options
  // Of all trails: it is for an administrator who looks on.
  const inTurn = createMutex()
  let isClosed = false

  const newestOrdinal = (trailId: string, region: Region): number =>
    delivery.lanes().find((lane) => lane.trailId === trailId && streamParts(lane.stream).region === region)?.ordinal ??
    0
  const parts: BackfillParts = {
    ...options,
    gzip: options.gzip ?? pooledGzip,
    limits: defaultDigestLimits,
    newestOrdinal,
  }

  async function backfill(trail: Trail, region: Region, until: number): Promise<Backfilled> {
    const goesOn = (): boolean => !isClosed && monotonic() < until
    let [digests, files] = [0, 0]
    while (goesOn()) {
      const step = await makeNextBackfill(parts, trail, region)
      if (step.kind !== 'made') return { region, digests, files, left: step.kind }
      digests++
      files += step.files
    }
    return { region, digests, files, left: 'later' }
  }

  async function isLedgerLeft(account: Trail['account'], key: string, { after, to }: CoveredRange): Promise<boolean> {
    const [trailId = '', region = ''] = key.slice(coveredPrefix.length).split('/')
    let isLeft = false
    await readLedger(control, trailId, streamId(account, region as Region), after, ({ ordinal }) => {
      isLeft = ordinal <= to
      return false
    })
    return isLeft
  }

  return {
    run: (trail, regions) =>
      inTurn(async () => {
        const until = monotonic() + runMsMax
        const done: Backfilled[] = []
        for (const region of regions)
          if (newestOrdinal(trail.id, region) > 0) done.push(await backfill(trail, region, until))
        return done
      }),
    async tidy() {
      const known = new Set(trails.trailIds())
      for (const prefix of [coveredPrefix, backfillPrefix])
        for (const { key, value } of await listAll<CoveredRange>(control, prefix)) {
          const trailId = key.slice(prefix.length).split('/', 1)[0] ?? ''
          const trail = trails.byId(trailId)
          const isOld = prefix === coveredPrefix && trail && !(await isLedgerLeft(trail.account, key, value))
          if (!known.has(trailId) || isOld) await control.transact([{ key, value: undefined }])
        }
    },
    async close() {
      isClosed = true
      await waitAtMost(
        timers,
        closeWaitMs,
        inTurn(async () => {}),
      )
    },
  }
}
