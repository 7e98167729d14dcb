import type { Sequence, StreamId } from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import type { Journal } from '../journal/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import type { Delivery } from './delivery.ts'
import { defaultDeliveryLimits } from './delivery-limits.ts'
import { laneKey, ledgerOf, type LaneDocument, type LedgerEntry } from './lane-document.ts'

export interface HousekeepingOptions {
  readonly journal: Pick<Journal, 'durable'>
  readonly control: ControlStore
  readonly trails: ControlTrailDirectory
  readonly delivery: Pick<Delivery, 'lanes' | 'isComplete' | 'forget'>
  /** No change waits for its event to be in the journal. */
  readonly isOutboxIdle: () => boolean
}

/** Ledger entries removed in one transaction. */
const ledgerPage = 1_000

/** A moment at which every change so far had its event in the journal. */
interface Mark {
  readonly configVersion: number
  readonly durable: ReadonlyMap<StreamId, Sequence | 0>
}

/**
 * Removes what nobody needs any more: versions of trails that no entry will be judged by, lanes of deleted trails that
 * have delivered everything, and old ledger entries. To be run from time to time, with domain time.
 */
export function createHousekeeping(options: HousekeepingOptions): (now: number) => Promise<void> {
  const { journal, control, trails, delivery, isOutboxIdle } = options
  let marks: Mark | undefined

  const lanesOfTrail = (trailId: string): LaneDocument[] => delivery.lanes().filter((lane) => lane.trailId === trailId)

  /**
   * An event is judged by the version of its entry, or by the change it records. Once the outbox was empty all such events
   * were in the journal; a lane that has passed where the journal ended then needs no older version.
   */
  async function pruneVersions({ configVersion, durable }: Mark): Promise<void> {
    for (const trailId of trails.trailIds()) {
      const lanes = lanesOfTrail(trailId)
      const isPassed = lanes.every(
        ({ stream, cursor, plans }) => plans.length === 0 && cursor >= (durable.get(stream) ?? 0),
      )
      if (!isPassed) continue
      const alsoIfOver = (): ControlWrite[] =>
        lanes.map(({ stream }) => ({ key: laneKey(trailId, stream), value: undefined }))
      if (await trails.prune(trailId, configVersion, alsoIfOver)) delivery.forget(trailId)
    }
  }

  async function pruneLedger({ trailId, stream }: LaneDocument, before: number): Promise<void> {
    const page = await control.list<LedgerEntry>(ledgerOf(trailId, stream), { limit: ledgerPage })
    const old = page.filter(({ value }) => ('deliveredAt' in value ? value.deliveredAt : value.abandonedAt) < before)
    if (old.length > 0) await control.transact(old.map(({ key }) => ({ key, value: undefined })))
  }

  return async (now) => {
    if (marks && delivery.isComplete()) await pruneVersions(marks)
    const streams = delivery.lanes().map(({ stream }) => [stream, journal.durable(stream)] as const)
    const isSettled = isOutboxIdle() && delivery.isComplete()
    marks = isSettled ? { configVersion: trails.configVersion(), durable: new Map(streams) } : undefined
    for (const lane of delivery.lanes()) await pruneLedger(lane, now - defaultDeliveryLimits.ledgerMs)
  }
}
