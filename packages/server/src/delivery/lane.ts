import { coversRegion, trailArn, trailTopicArn, type TrailVersion } from '@opentrail/core/trail'
import { streamParts, type Region, type Sequence, type StreamId } from '@opentrail/core/event'
import type { Random } from '../clock/index.ts'
import { BucketError, type BucketStore } from '../buckets/index.ts'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import type { ByteCache, Journal } from '../journal/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import type { ContentBuilder, LogContent } from './content-builder.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import type { DeliveryLimits } from './delivery-limits.ts'
import {
  laneKey,
  ledgerKey,
  newLane,
  type AbandonReason,
  type LaneDocument,
  type LedgerEntry,
  type Plan,
} from './lane-document.ts'
import { eventCount, makePlan, movePlan, rekey, spooledNames, spoolName, type TrailDestination } from './plan.ts'
import { encryptedUnder, putFile, readBack } from './put-file.ts'
import type { PutGate } from './put-gate.ts'
import { selectedWrites } from './selected-entries.ts'
import type { DeliverySpool } from './spool.ts'

export interface LaneParts {
  readonly journal: Pick<Journal, 'durable' | 'get'>
  readonly control: ControlStore
  readonly trails: Pick<ControlTrailDirectory, 'versions' | 'byId' | 'configVersion'>
  readonly builder: ContentBuilder
  readonly buckets: BucketStore
  readonly gate: PutGate
  /** What was made for a lane's first plan, by lane: kept while there is room, made again otherwise. Shared by all. */
  readonly atHand: ByteCache<PlannedContent>
  readonly spool: DeliverySpool
  readonly limits: DeliveryLimits
  readonly now: () => number
  readonly random: Random
  readonly leadingRegion: Region
  readonly events: DeliveryEvents
  /** Every change has its event in the journal. */
  readonly isOutboxIdle: () => boolean
  /** About how many bytes an entry of the stream takes. */
  readonly entryBytes: (stream: StreamId) => number
  /** Writes a range off together with the event that says so. @throws what SelfTrail.commit throws. */
  readonly recordAbandoned: (abandoned: Abandoned, writes: readonly ControlWrite[]) => Promise<void>
}

export interface PlannedContent {
  readonly plan: Plan
  readonly content: LogContent
}

export interface Abandoned {
  readonly trailArn: string
  readonly stream: StreamId
  readonly from: Sequence | 0
  readonly to: Sequence
  readonly count: number
  readonly reason: AbandonReason
}

/**
 * A put without an answer has arrived by then, or never will: S3 refuses requests that were signed longer ago, and no
 * other store is known to keep one waiting.
 */
const onItsWayMsMax = 15 * 60_000

/** One trail's way through one stream. Not safe for concurrent `work`: the delivery that owns it sees to that. */
export interface Lane {
  readonly trailId: string
  readonly stream: StreamId
  document(): LaneDocument
  /** The journal keeps what comes after it. */
  held(): Sequence | 0
  /** Nothing that the trail has taken waits to be delivered. */
  isDrained(): boolean
  /** Delivers what is durable now. @throws {BucketError} and what the stores throw; the lane may go on where it was. */
  work(options: { readonly isClosed: () => boolean }): Promise<'done' | 'postponed'>
}

/** Makes the lane's document, unless an attempt whose answer was lost has made it. @throws {ControlUnavailableError} */
export async function createLane(
  parts: LaneParts,
  trailId: string,
  stream: StreamId,
  start: Sequence | 0,
): Promise<LaneDocument> {
  const key = laneKey(trailId, stream)
  const made = await parts.control.get<LaneDocument>(key)
  if (made) return made.value
  const document = newLane(trailId, stream, start)
  await parts.control.transact([{ key, value: document, ifVersion: 0 }])
  return document
}

/** What a content takes beside its bodies, generously. */
const overheadBytes = 1_024

/** A lane's document has at most 1 MiB; the rest of it is small. */
const plansBytesMax = 768 * 1024

export function openLane(parts: LaneParts, found: LaneDocument): Lane {
  const {
    journal,
    control,
    trails,
    builder,
    buckets,
    gate,
    atHand,
    spool,
    limits,
    now,
    random,
    leadingRegion,
    events,
  } = parts
  const { trailId, stream } = found
  const { account, region } = streamParts(stream)
  const key = laneKey(trailId, stream)
  let document = found
  /** Of the stored document; undefined: to be read before anything is written. */
  let stored: number | undefined
  const keep = (plan: Plan, content: LogContent): void =>
    atHand.set(
      key,
      { plan, content },
      content.files.reduce((bytes, { body }) => bytes + body.length, overheadBytes),
    )
  const contentOf = async (plan: Plan): Promise<LogContent> => {
    const known = atHand.get(key)
    return known?.plan === plan ? known.content : rebuild(plan)
  }
  /** The first plan was made here, and no attempt may have stored anything of it. */
  let isUntried = false
  /** When the last attempt ended whose outcome is unknown; an earlier process may have made one just before this one. */
  let uncertainAt = now()
  /** How often this process has failed to store the first plan. */
  let failures = 0
  /** Behind `at` comes nothing that a version before `since` takes. */
  let ended: { readonly since: number; readonly at: Sequence | 0 } | undefined
  /** Names of files that are in the spool, or may be. */
  const spooled = new Set(spooledNames(found))

  async function reload(): Promise<void> {
    const current = await control.get<LaneDocument>(key)
    if (!current) throw new Error(`lane ${key} has no document`)
    document = current.value
    stored = current.version
    isUntried = false
  }

  /** The document and what belongs to it, in one transaction; by compare-and-set, so that two writers cannot cross. */
  async function write(next: LaneDocument, more: readonly ControlWrite[] = []): Promise<void> {
    const ifVersion = stored
    if (ifVersion === undefined) throw new Error(`lane ${key} was not read`)
    stored = undefined
    await control.transact([{ key, value: next, ifVersion }, ...more])
    document = next
    stored = (await control.get(key))?.version
  }

  const ledgerWrite = (entry: LedgerEntry): ControlWrite => ({
    key: ledgerKey(trailId, stream, entry.ordinal),
    value: entry,
    ifVersion: 0,
  })

  function destination(): TrailDestination | undefined {
    const trail = trails.byId(trailId)
    const version = trails.versions(trailId).at(-1)
    const named = trail ? { ...trail.settings, name: trail.name, homeRegion: trail.homeRegion } : version
    if (!named) return undefined
    const { bucket, keyPrefix, name, homeRegion, encryptionKey } = named
    const arn = trailArn({ account, homeRegion, name })
    const topicArn = trail ? trailTopicArn(trail) : version?.topicArn
    return {
      bucket,
      ...(keyPrefix !== undefined && { keyPrefix }),
      trailArn: arn,
      ...(topicArn !== undefined && { topicArn }),
      ...(encryptionKey !== undefined && { encryptionKey }),
    }
  }

  /**
   * Nothing behind the cursor can be selected. What was appended since the last change is not, but for the events of the
   * changes before it, which may come later and in any order: the lane has to have passed where the stream ended at a
   * moment when every change had its event in the journal.
   */
  function takesNothing(versions: readonly TrailVersion[]): boolean {
    const last = versions.at(-1)
    if (!last) return true
    if (last.isLogging && coversRegion(last, region)) return false
    if (ended?.since !== last.since && parts.isOutboxIdle()) ended = { since: last.since, at: journal.durable(stream) }
    return ended?.since === last.since && document.cursor >= ended.at
  }

  /** Looks at what comes behind the cursor: passes what is not selected, plans what is. */
  async function advance(cut: Sequence, isSpooled: boolean): Promise<'done' | 'postponed'> {
    const versions = trails.versions(trailId)
    const target = destination()
    if (!target || takesNothing(versions)) {
      await write({ ...document, cursor: cut })
      return 'done'
    }
    const from = document.cursor
    const content = await builder.build({ stream, after: from, to: cut, versions, leadingRegion, isExact: false })
    if (content.missing > 0) {
      await writeOffMissing(from, content.missing, document.plans)
      return 'done'
    }
    const { files, to } = content
    const [first, last] = await journal.get(stream, [(from + 1) as Sequence, to])
    const queuedAt = Math.min(now(), last?.admittedAt ?? now())
    if (files.length > 0 && files.every(({ isOwnDeliveriesOnly }) => isOwnDeliveriesOnly))
      // Since the first: where more come all the time, the last is always new.
      if (now() - Math.min(queuedAt, first?.admittedAt ?? queuedAt) < limits.ownDeliveriesWaitMs) return 'postponed'
    const next = { ...document, cursor: to }
    if (files.length === 0) {
      await write(next)
      return 'done'
    }
    const plan = makePlan({ stream, from, destination: target, plannedAt: now(), queuedAt }, content, random)
    if (isSpooled) await writeToSpool(plan, content)
    const planned = { ...next, plans: [...document.plans, isSpooled ? { ...plan, isSpooled } : plan] }
    await write(planned, selectedWrites(trailId, stream, from, content))
    if (!isSpooled) {
      keep(plan, content)
      isUntried = true
    }
    return 'done'
  }

  /** Retention has removed the first `missing` entries behind `from`: they are written off, what follows is looked at anew. */
  async function writeOffMissing(from: Sequence | 0, missing: number, plans: readonly Plan[]): Promise<void> {
    const to = (from + missing) as Sequence
    await abandon({ from, to, count: missing, reason: 'removed' }, { ...document, plans, cursor: to })
    atHand.delete(key)
  }

  async function abandon(
    range: Pick<Abandoned, 'from' | 'to' | 'count' | 'reason'>,
    next: LaneDocument,
  ): Promise<void> {
    const ordinal = document.ordinal + 1
    const arn = destination()?.trailArn ?? trailId
    const ifVersion = stored
    if (ifVersion === undefined) throw new Error(`lane ${key} was not read`)
    stored = undefined
    await parts.recordAbandoned({ trailArn: arn, stream, ...range }, [
      { key, value: { ...next, ordinal }, ifVersion },
      ledgerWrite({ ordinal, ...range, abandonedAt: now() }),
    ])
    events.abandoned({ trailArn: arn, stream, ...range })
    await reload()
  }

  async function abandonFirst(reason: AbandonReason): Promise<void> {
    const [plan, ...plans] = document.plans
    if (!plan) return
    const { from, to } = plan
    await abandon({ from, to, count: eventCount(plan), reason }, { ...document, plans })
    await forget()
  }

  async function writeToSpool(plan: Plan, content: LogContent): Promise<void> {
    for (const [index, { body }] of content.files.entries()) {
      const name = spoolName(trailId, stream, plan, plan.files[index]!)
      spooled.add(name)
      await spool.write(name, body)
    }
  }

  /** The first plan is done with. */
  async function forget(): Promise<void> {
    atHand.delete(key)
    failures = 0
    await tidySpool()
  }

  /** Removes what no plan names: of a plan that is done with, or that was never written down. */
  async function tidySpool(): Promise<void> {
    const planned = new Set(spooledNames(document))
    for (const name of spooled) {
      if (planned.has(name)) continue
      await spool.remove(name)
      spooled.delete(name)
    }
  }

  /** The files' bodies in the plan's order; undefined where they cannot be made as planned. */
  async function bodiesOf(plan: Plan): Promise<readonly Uint8Array[] | undefined> {
    if (plan.isSpooled) {
      const bodies: Uint8Array[] = []
      for (const file of plan.files) {
        const body = await spool.read(spoolName(trailId, stream, plan, file))
        if (!body) return undefined
        bodies.push(body)
      }
      return bodies
    }
    const content = await contentOf(plan)
    keep(plan, content)
    const { files } = content
    const isAsPlanned =
      files.length === plan.files.length && files.every(({ sha256 }, index) => sha256 === plan.files[index]!.sha256)
    return isAsPlanned ? files.map(({ body }) => body) : undefined
  }

  const rebuild = ({ from, to }: Plan): Promise<LogContent> =>
    builder.build({ stream, after: from, to, versions: trails.versions(trailId), leadingRegion, isExact: true })

  /** Brings the oldest plan into its bucket. @throws {BucketError} it is to be tried again. */
  async function storeFirst(): Promise<void> {
    let plan = document.plans[0]!
    const target = destination()
    // Asked before the bucket is: what arrives after it was looked at must not count as arrived.
    const arrived = hasArrived()
    if (target && hasMoved(plan, target) && (isUntried || (await isNowhere(plan)))) {
      // Not put again meanwhile: that would only be one more that may be on its way.
      if (!isUntried && !arrived) throw mayArrive(plan)
      plan = movePlan(plan, stream, target, now(), random)
      await replaceFirst(plan)
    }
    const bodies = await bodiesOf(plan)
    if (!bodies) return replan(plan)
    const caller = { kind: 'delivery' as const, trailArn: target?.trailArn ?? trailId, account }
    for (const [index, file] of plan.files.entries()) {
      const place = { bucket: plan.bucket, file, body: bodies[index]!, caller, isRepeated: !isUntried }
      const put = { ...place, ...encryptedUnder(target?.encryptionKey) }
      const outcome = await gate(plan.bucket, () => putFile(buckets, put)).catch((error: unknown) => {
        // A definite refusal of the first file leaves the plan untried: nothing of it can be anywhere.
        const isRefused = error instanceof BucketError && !error.isOutcomeUnknown
        if (index > 0 || !isRefused) isUntried = false
        if (!isRefused) uncertainAt = now()
        throw error
      })
      if (outcome === 'taken') {
        const files = plan.files.map((each) => (each === file ? rekey(file, stream, plan, now(), random) : each))
        isUntried = false
        return replaceFirst({ ...plan, files })
      }
    }
    await recordStored(plan)
  }

  async function replaceFirst(plan: Plan): Promise<void> {
    const known = atHand.get(key)
    if (known && known.plan === document.plans[0]) keep(plan, known.content)
    await write({ ...document, plans: [plan, ...document.plans.slice(1)] })
  }

  /** Nothing that this or an earlier process has sent may yet arrive in the bucket. */
  const hasArrived = (): boolean => now() - uncertainAt >= onItsWayMsMax

  /** None of the plan's objects is in its bucket. @throws {BucketError} that cannot be told. */
  async function isNowhere(plan: Plan): Promise<boolean> {
    for (const file of plan.files) {
      const found = await readBack(buckets, plan.bucket, file).catch((error: unknown) => {
        if (error instanceof BucketError && error.code === 'NoSuchBucket') return 'absent' as const
        throw error
      })
      if (found === 'same') return false
    }
    return true
  }

  /** The entries no longer give the bytes that were planned: another version of the program, or damage. */
  async function replan(plan: Plan): Promise<void> {
    const arrived = hasArrived()
    if (!(await isNowhere(plan))) {
      // It was stored before. Where only a part was, the rest cannot be made any more.
      for (const file of plan.files)
        if ((await readBack(buckets, plan.bucket, file)) !== 'same') return abandonFirst('removed')
      return recordStored(plan)
    }
    if (!arrived) throw mayArrive(plan)
    events.failed('content', stream, new Error(`(${plan.from}, ${plan.to}] no longer gives what was planned`))
    const target = destination()
    if (plan.isSpooled || !target) return abandonFirst('removed')
    const content = await contentOf(plan)
    const { from, queuedAt } = plan
    if (content.missing > 0) return writeOffMissing(from, content.missing, document.plans.slice(0, -1))
    if (content.files.length === 0) return abandonFirst('removed')
    const next = makePlan({ stream, from, destination: target, plannedAt: now(), queuedAt }, content, random)
    const replanned = { ...document, plans: [next, ...document.plans.slice(1)] }
    await write(replanned, selectedWrites(trailId, stream, from, content))
    keep(next, content)
  }

  async function recordStored(plan: Plan): Promise<void> {
    const deliveredAt = Math.max(now(), document.latestDeliveryAt ?? 0)
    const { from, to, bucket } = plan
    const topicArn = destination()?.topicArn
    const announced = topicArn === undefined ? {} : { topicArn }
    const entries = plan.files.map((file, index): LedgerEntry => {
      return { ordinal: document.ordinal + 1 + index, from, to, bucket, deliveredAt, ...announced, ...file }
    })
    const { latestError: _, ...rest } = document
    const ordinal = document.ordinal + entries.length
    const next = {
      ...rest,
      ordinal,
      plans: document.plans.slice(1),
      latestDeliveryAt: deliveredAt,
      latestAttemptAt: now(),
    }
    await write(next, entries.map(ledgerWrite))
    for (const { bytes, count } of plan.files) events.delivered({ stream, bucket, bytes, count })
    isUntried = false
    await forget()
  }

  /**
   * What failed for so long is given up, but never before it was tried: the clock may have jumped, or nobody have run. Until
   * that stands, each further attempt still may deliver it.
   */
  async function recordFailure(error: unknown): Promise<void> {
    failures++
    if (error instanceof BucketError) await write({ ...document, latestAttemptAt: now(), latestError: error.code })
    const [plan] = document.plans
    if (plan && failures >= limits.triesMin && now() - plan.queuedAt > limits.giveUpMs) await abandonFirst('expired')
    if (error instanceof BucketError) await relieve()
  }

  const held = (): Sequence | 0 => document.plans.find(({ isSpooled }) => !isSpooled)?.from ?? document.cursor
  const backlogBytes = (): number => (journal.durable(stream) - held()) * parts.entryBytes(stream)

  const isSpoolFull = (): boolean =>
    spool.bytes() >= limits.spoolBytesMax ||
    document.plans.length >= limits.spooledPlansMax ||
    JSON.stringify(document.plans).length >= plansBytesMax

  /** The oldest entry that is waited for would be gone from the journal, if this lane did not hold it. */
  async function holdsJournal(): Promise<boolean> {
    const [oldest] = await journal.get(stream, [(held() + 1) as Sequence])
    return oldest !== undefined && now() - oldest.admittedAt > limits.keptMs
  }

  /**
   * A backlog beyond its quota goes to the spool. What that does not take stays in the journal for as long as it is there
   * anyway; then it is given up, oldest first, because a bucket must not fill the journal.
   */
  async function relieve(): Promise<void> {
    while (backlogBytes() > limits.backlogBytesMax) {
      if (isSpoolFull()) {
        if (!(await holdsJournal())) return
        await abandonFirst('backlog')
      }
      const unspooled = document.plans.findIndex(({ isSpooled }) => !isSpooled)
      if (unspooled >= 0) await spoolPlan(unspooled)
      else if ((await advance(journal.durable(stream) as Sequence, true)) === 'postponed') return
    }
  }

  async function spoolPlan(index: number): Promise<void> {
    const plan = document.plans[index]!
    const content = await contentOf(plan)
    const isAsPlanned = content.files.length === plan.files.length
    if (!isAsPlanned || content.files.some(({ sha256 }, at) => sha256 !== plan.files[at]!.sha256))
      return abandonFirst('removed')
    await writeToSpool(plan, content)
    await write({ ...document, plans: document.plans.with(index, { ...plan, isSpooled: true }) })
  }

  return {
    trailId,
    stream,
    document: () => document,
    held,
    isDrained: () =>
      document.plans.length === 0 &&
      (document.cursor >= journal.durable(stream) || takesNothing(trails.versions(trailId))),
    async work({ isClosed }) {
      const cut = journal.durable(stream) as Sequence
      while (!isClosed()) {
        if (stored === undefined) await reload()
        await tidySpool()
        if (document.plans.length > 0)
          await storeFirst().catch(async (error: unknown) => {
            if (stored !== undefined && !isClosed()) await recordFailure(error)
            throw error
          })
        else if (document.cursor >= cut) return 'done'
        else if ((await advance(cut, false)) === 'postponed') return 'postponed'
      }
      return 'done'
    },
  }
}

const hasMoved = (plan: Plan, { bucket, keyPrefix }: TrailDestination): boolean =>
  plan.bucket !== bucket || plan.keyPrefix !== keyPrefix

const mayArrive = ({ from, to }: Plan): BucketError =>
  new BucketError('RequestTimeout', `an attempt to put (${from}, ${to}] may still be on its way`)
