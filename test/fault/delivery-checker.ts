import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { streamParts, type StoredEntry, type StreamId } from '@opentrail/core/event'
import type { ControlStore } from '../../packages/server/src/control/index.ts'
import type { LaneDocument, LedgerEntry } from '../../packages/server/src/delivery/index.ts'
import { isProof } from './digest-checker.ts'
import { demand, Violation, type LaneHistory, type Ledger } from './ledger.ts'
import { plain } from './naive-history.ts'
import { envelopeOf, naiveSelects, type TrailSince } from './naive-selection.ts'
import type { BucketObject, SimulatedBuckets } from './simulated-buckets.ts'
import { histories, standing } from './trail-checker.ts'

const lanesPrefix = 'delivery/lane/'
const ledgersPrefix = 'delivery/ledger/'
const documentsMax = 10_000
type Delivered = Extract<LedgerEntry, { readonly key: string }>
type Abandoned = Exclude<LedgerEntry, Delivered>
const isDelivered = (entry: LedgerEntry): entry is Delivered => 'key' in entry

const laneOf = (ledger: Ledger, name: string): LaneHistory => {
  const split = name.indexOf('/')
  const fresh = (): LaneHistory => ({
    trailId: name.slice(0, split),
    stream: name.slice(split + 1) as StreamId,
    document: undefined,
    entries: new Map(),
  })
  const known = ledger.lanes.get(name) ?? fresh()
  ledger.lanes.set(name, known)
  return known
}

/** Reads lanes and their ledgers: what a ledger has said once it goes on saying, until it is old. @throws {Violation} */
export async function collectDeliveries(ledger: Ledger, control: ControlStore): Promise<void> {
  for (const lane of ledger.lanes.values()) lane.document = undefined
  for (const { key, value } of await control.list<LaneDocument>(lanesPrefix, { limit: documentsMax }))
    laneOf(ledger, key.slice(lanesPrefix.length)).document = value
  for (const { key, value } of await control.list<LedgerEntry>(ledgersPrefix, { limit: documentsMax })) {
    const { entries } = laneOf(ledger, key.slice(ledgersPrefix.length, key.lastIndexOf('/')))
    const before = entries.get(value.ordinal)
    if (!before) entries.set(value.ordinal, value)
    else demand(JSON.stringify(before) === JSON.stringify(value), () => `the ledger changed: ${key}`)
  }
  for (const { trailId, stream, document, entries } of ledger.lanes.values())
    demand(
      !document || document.ordinal === entries.size,
      () => `${trailId} ${stream} has ${entries.size} ledger entries, not ${document?.ordinal}`,
    )
}

/** Retention has removed what comes before `first`: every lane has to have passed that. */
export function checkHeld(ledger: Ledger, stream: StreamId, first: number): Violation | undefined {
  for (const { trailId, document, ...lane } of ledger.lanes.values()) {
    if (lane.stream !== stream || !document) continue
    const held = document.plans.find(({ isSpooled }) => !isSpooled)?.from ?? document.cursor
    if (first - 1 > held) return new Violation(`${stream} now begins at ${first}: removed before ${trailId} had it`)
  }
  return undefined
}

const kinds: Readonly<Record<string, string>> = {
  Management: 'CloudTrail',
  Data: 'CloudTrail',
  NetworkActivity: 'CloudTrail-NetworkActivity',
}
const kindOf = (entry: StoredEntry) => kinds[plain(entry).record.eventCategory]!

/** Once compared: neither ledger entries nor objects change. */
const passed = new WeakSet<object>()

/** The ledger is true: what it says is delivered is there, with the bytes that the trail's selection gives. */
export function checkFiles(ledger: Ledger, buckets: SimulatedBuckets): void {
  const trails = histories(standing(ledger))
  for (const lane of ledger.lanes.values()) {
    checkLedger(lane)
    for (const entry of lane.entries.values()) {
      if (passed.has(entry)) continue
      const selected = selectedIn(ledger, lane, trails, entry)
      if (isDelivered(entry))
        checkFile(
          lane,
          entry,
          selected.filter((one) => kindOf(one) === entry.kind),
          buckets,
        )
      else checkAbandoned(lane, entry, selected)
      passed.add(entry)
    }
  }
  checkObjects(ledger, buckets)
}

const selectedIn = (
  ledger: Ledger,
  { trailId, stream }: LaneHistory,
  trails: ReadonlyMap<string, readonly TrailSince[]>,
  { from, to }: { readonly from: number; readonly to: number },
): StoredEntry[] =>
  (ledger.archive.get(stream) ?? [])
    .slice(from, to)
    .filter((entry) => kindOf(entry) && naiveSelects(trails.get(trailId) ?? [], entry))

/** Dense ordinals, ranges one behind the other, times that never fall. */
function checkLedger({ trailId, stream, entries }: LaneHistory): void {
  let before: LedgerEntry | undefined
  let deliveredAt = -Infinity
  for (const entry of [...entries.values()].sort((a, b) => a.ordinal - b.ordinal)) {
    const where = () => `${trailId} ${stream}: ${JSON.stringify(entry)} behind ${JSON.stringify(before)}`
    demand(entry.ordinal === (before?.ordinal ?? 0) + 1, where)
    const isSamePlan = before && isDelivered(before) && isDelivered(entry) && before.kind !== entry.kind
    const isSame = isSamePlan && before?.from === entry.from && before.to === entry.to
    demand(isSame || entry.from >= (before?.to ?? 0), where)
    demand(entry.to > entry.from, where)
    if (isDelivered(entry)) {
      demand(entry.deliveredAt >= deliveredAt, where)
      ;({ deliveredAt } = entry)
    }
    before = entry
  }
}

function checkFile(
  { trailId, stream }: LaneHistory,
  entry: Delivered,
  selected: readonly StoredEntry[],
  buckets: SimulatedBuckets,
): void {
  const where = (what: string) => () => `${trailId} ${stream} (${entry.from}, ${entry.to}] ${entry.key}: ${what}`
  const object = buckets.object(entry.bucket, entry.key)
  if (!object) return demand(false, where('is in the ledger and not in its bucket'))
  const expected = `{"Records":[${selected.map((one) => plain(one).text).join(',')}]}`
  for (const body of object.bodies) demand(gunzipSync(body).toString() === expected, where('holds other events'))
  demand(object.bodies.length === 1 || !buckets.port.supportsConditionalPut(entry.bucket), where('was put twice'))
  const times = selected.map((one) => plain(one).seconds * 1_000)
  const facts = [
    createHash('sha256').update(expected).digest('hex'),
    Buffer.byteLength(expected),
    selected.length,
    Math.min(...times),
    Math.max(...times),
  ]
  const { sha256, bytes, count, oldest, newest } = entry
  demand(
    JSON.stringify([sha256, bytes, count, oldest, newest]) === JSON.stringify(facts),
    where(`is not ${facts.join(' ')}`),
  )
  const { account, region } = streamParts(stream)
  demand(entry.key.includes(`/AWSLogs/${account}/${entry.kind}/${region}/`), where('is not where it belongs'))
  passed.add(object)
}

/** Only what the bucket's failures excuse may be given up, and only what was selected. */
function checkAbandoned({ trailId, stream }: LaneHistory, entry: Abandoned, selected: readonly StoredEntry[]): void {
  demand(
    entry.reason !== 'removed' && entry.count === selected.length && entry.count > 0,
    () => `${trailId} ${stream}: ${JSON.stringify(entry)} of ${selected.length} events`,
  )
}

/** No object but what the ledger names, what is planned, and what a range that was given up may have left. */
function checkObjects(ledger: Ledger, buckets: SimulatedBuckets): void {
  const prefixes = new Map(
    ledger.trailChanges.flatMap(({ trailId, after }) => (after ? [[after.settings.keyPrefix!, trailId]] : [])),
  )
  const planned = new Set(
    [...ledger.lanes.values()].flatMap(({ document }) =>
      (document?.plans ?? []).flatMap(({ bucket, files }) => files.map(({ key }) => `${bucket} ${key}`)),
    ),
  )
  for (const object of buckets.objects()) {
    if (passed.has(object) || isProof(object.key) || planned.has(`${object.bucket} ${object.key}`)) continue
    const [prefix, , account, , region] = object.key.split('/')
    const lane = ledger.lanes.get(`${prefixes.get(prefix!)}/${account}/${region}`)
    demand(lane !== undefined && isGivenUp(ledger, lane, object), () => `nobody knows ${object.bucket} ${object.key}`)
  }
}

/** Everything in it lies in ranges that were given up: an attempt may have succeeded without an answer. */
function isGivenUp(ledger: Ledger, lane: LaneHistory, { bodies }: BucketObject): boolean {
  const abandoned = [...lane.entries.values()].filter((entry) => !isDelivered(entry))
  const texts = new Set(
    abandoned.flatMap(({ from, to }) =>
      ledger.archive
        .get(lane.stream)!
        .slice(from, to)
        .map((one) => plain(one).text),
    ),
  )
  return bodies.every((body) => {
    const { Records } = JSON.parse(gunzipSync(body).toString()) as { Records: unknown[] }
    return Records.every((record) => texts.has(JSON.stringify(record)))
  })
}

/** At the end: every selected event is in a file or in a range that was given up, and nothing is left to do. */
export function checkDelivered(
  ledger: Ledger,
  { outbox }: { readonly outbox: ReadonlySet<string> },
  { spool }: { readonly spool: ReadonlyMap<string, unknown> },
): void {
  const trails = histories(standing(ledger))
  for (const trailId of trails.keys())
    for (const [stream, entries] of ledger.archive) {
      const lane = ledger.lanes.get(`${trailId}/${stream}`)
      const ranges = [...(lane?.entries.values() ?? [])]
      for (const entry of selectedIn(ledger, { trailId, stream } as LaneHistory, trails, {
        from: 0,
        to: entries.length,
      }))
        demand(
          ranges.some(
            (range) =>
              range.from < entry.sequence &&
              entry.sequence <= range.to &&
              (!isDelivered(range) || range.kind === kindOf(entry)),
          ),
          () =>
            `${stream}#${entry.sequence} is in no file of ${trailId}: ${JSON.stringify([
              envelopeOf(entry),
              trails.get(trailId)!.map(({ since, trail }) => [since, trail?.isLogging, trail?.selectors]),
              lane?.document,
              ranges.map(({ from, to }) => [from, to]),
            ])}`,
        )
    }
  demand(spool.size === 0, () => `${spool.size} files are left in the spool`)
  checkAbandonEvents(ledger, outbox)
}

/** Each range that was given up has its event, and no event is there without its range. */
function checkAbandonEvents(ledger: Ledger, outbox: ReadonlySet<string>): void {
  const told = new Map<string, number>()
  for (const [stream, entries] of ledger.archive)
    for (const { record } of entries.map(plain)) {
      if (record.eventName !== 'AbandonDelivery') continue
      const { after, to, events, reason } = record.additionalEventData ?? {}
      const name = JSON.stringify([stream, after, to, events, reason])
      told.set(name, (told.get(name) ?? 0) + 1)
    }
  let untold = 0
  for (const { stream, entries } of ledger.lanes.values())
    for (const entry of entries.values()) {
      if (isDelivered(entry)) continue
      const name = JSON.stringify([stream, entry.from, entry.to, entry.count, entry.reason])
      const times = told.get(name) ?? 0
      if (times === 0) untold++
      else told.set(name, times - 1)
    }
  demand(untold <= outbox.size, () => `${untold} ranges were given up without an event`)
  for (const [name, times] of told) demand(times === 0, () => `the event of ${name} is there without its range`)
}
