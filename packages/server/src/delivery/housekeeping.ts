import { streamParts, type Region, type Sequence, type StreamId } from '@opentrail/core/event'
import { listAll, type ControlStore, type ControlWrite } from '../control/index.ts'
import type { Journal } from '../journal/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import type { Delivery } from './delivery.ts'
import { defaultDeliveryLimits } from './delivery-limits.ts'
import { selectedKey } from './selected-entries.ts'
import { goneKey, goneLanes, laneKey, ledgerOf, type LaneDocument, type LedgerEntry } from './lane-document.ts'

export interface HousekeepingOptions {
  readonly journal: Pick<Journal, 'durable'>
  readonly control: ControlStore
  readonly trails: ControlTrailDirectory
  readonly delivery: Pick<Delivery, 'lanes' | 'isComplete' | 'forget'>
  /** Who reads the ledger after delivery. */
  readonly readers: readonly LedgerReader[]
  /** No change waits for its event to be in the journal. */
  readonly isOutboxIdle: () => boolean
}

export interface LedgerReader {
  /** Ledger entries after this one are still wanted; undefined: none. */
  wantedAfter(trailId: string, region: Region): number | undefined
  /** Something is still to be made of what the trail has delivered. */
  isUnfinished(trailId: string): boolean
  /** Of entries after this one it will still be asked by which version the trail selects them; undefined: of none. */
  judgesAfter?(trailId: string, region: Region): Sequence | 0 | undefined
}

/** Ledger entries removed in one transaction, each with what was selected of its range. */
const ledgerPage = 500

/** A lane, also one of a deleted trail, of which the ledger is left. */
type Lane = Pick<LaneDocument, 'trailId' | 'stream'>

/** Hours that are looked back: digests come once an hour, and one that was planned shortly before a mark does not reach it. */
const marksMax = 3

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
  const { journal, control, trails, delivery, readers, isOutboxIdle } = options
  let marks: readonly Mark[] = []

  /**
   * An event is judged by the version of its entry, or by the change it records. Once the outbox was empty all such events
   * were in the journal; a lane that has passed where the journal ended then needs no older version.
   */
  async function pruneVersions(): Promise<void> {
    const lanesByTrail = Map.groupBy(delivery.lanes(), ({ trailId }) => trailId)
    for (const trailId of trails.trailIds()) {
      const lanes = lanesByTrail.get(trailId) ?? []
      const passed = marks.findLast((mark) => lanes.every((lane) => hasPassed(lane, mark)))
      // Where a trail that is gone delivered is known by its last version alone.
      const isWanted = !trails.byId(trailId) && readers.some((reader) => reader.isUnfinished(trailId))
      if (!passed || isWanted) continue
      const alsoIfOver = (): ControlWrite[] =>
        lanes.flatMap(({ stream }) => [
          { key: laneKey(trailId, stream), value: undefined },
          { key: goneKey(trailId, stream), value: { trailId, stream } },
        ])
      if (await trails.prune(trailId, passed.configVersion, alsoIfOver)) delivery.forget(trailId)
    }
  }

  /** The lane, and who reads behind it, will not look at entries from before the mark again. */
  function hasPassed({ trailId, stream, cursor, plans }: LaneDocument, { durable }: Mark): boolean {
    const end = durable.get(stream) ?? 0
    const { region } = streamParts(stream)
    const isJudged = readers.every((reader) => (reader.judgesAfter?.(trailId, region) ?? end) >= end)
    return plans.length === 0 && cursor >= end && isJudged
  }

  /** Resolves to whether something is left. */
  async function pruneLedger({ trailId, stream }: Lane, before: number): Promise<boolean> {
    const { region } = streamParts(stream)
    const wantedAfter = Math.min(...readers.map((reader) => reader.wantedAfter(trailId, region) ?? Infinity))
    const isOld = ({ value }: { value: LedgerEntry }): boolean => timeOf(value) < before && value.ordinal <= wantedAfter
    const ledger = ledgerOf(trailId, stream)
    for (;;) {
      // Mostly the oldest is to stay: a page of all lanes, each hour, would be seconds of the main thread.
      const [oldest] = await control.list<LedgerEntry>(ledger, { limit: 1 })
      if (!oldest || !isOld(oldest)) return oldest !== undefined
      const page = await control.list<LedgerEntry>(ledger, { limit: ledgerPage })
      await control.transact(
        page.filter(isOld).flatMap(({ key, value }) => [
          { key, value: undefined },
          { key: selectedKey(trailId, stream, value.from), value: undefined },
        ]),
      )
    }
  }

  return async (now) => {
    if (delivery.isComplete()) await pruneVersions()
    const streams = delivery.lanes().map(({ stream }) => [stream, journal.durable(stream)] as const)
    if (isOutboxIdle() && delivery.isComplete())
      marks = [...marks, { configVersion: trails.configVersion(), durable: new Map(streams) }].slice(-marksMax)
    const before = now - defaultDeliveryLimits.ledgerMs
    for (const lane of delivery.lanes()) await pruneLedger(lane, before)
    for (const { key, value } of await listAll<Lane>(control, goneLanes))
      if (!(await pruneLedger(value, before))) await control.transact([{ key, value: undefined }])
  }
}

const timeOf = (entry: LedgerEntry): number => ('deliveredAt' in entry ? entry.deliveredAt : entry.abandonedAt)
