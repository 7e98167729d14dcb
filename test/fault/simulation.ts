import { createHash } from 'node:crypto'
import type { AccountId, Region } from '@opentrail/core/event'
import { ControlConflictError } from '../../packages/server/src/control/index.ts'
import { uuid } from '../../packages/server/src/clock/index.ts'
import {
  createInPlaceAdmission,
  IntakeInterruptedError,
  takeIn,
  type RecordWriter,
} from '../../packages/server/src/intake/index.ts'
import { JournalFullError } from '../../packages/server/src/journal/index.ts'
import type { ApiCall } from '../../packages/server/src/selftrail/index.ts'
import { demand, type Attempt, type Ledger, type OwnEvent, type TrailChange, type Write } from './ledger.ts'
import { prepare } from './mishaps.ts'
import { checkSearches } from './search-check.ts'
import { bucketNames } from './simulated-buckets.ts'
import type { TrailPlace } from './trail-workload.ts'
import { chooseFilter, pageSizeOf, startWalk, type Walk } from './walk.ts'
import { accounts, below, chance, pick, principalOf, regions, streamOf, streams, type Request } from './workload.ts'
import { createWorld, type World } from './world.ts'

const secondMs = 1_000
const hourMs = 3_600 * secondMs
/** Events are up to 200 s ahead of the clock that they were sent by, and may be 300 s ahead of the server's. */
const futureMsMax = 90 * secondMs
/** Errors that a request may be answered with, beside an injected one that came through; anything else is a bug. */
const expectedErrors = new Set(['JournalFullError', 'JournalUnavailableError', 'WriterBusyError'])
const isExpected = (error: unknown): boolean =>
  expectedErrors.has((error as Error).name) || (error as Error).message.startsWith('injected')
/** After failures a journal refuses up to 64 appends before it tries again; then it has to take one. */
const recoveryTriesMax = 150

export interface Outcome {
  readonly seed: number
  /** How much happened: for the reader, and to see that schedules are not empty. */
  readonly entries: number
  readonly lives: number
  readonly faults: number
  readonly walks: number
  readonly removed: number
  /** Log files that trails were delivered, and ranges that were given up. */
  readonly files: number
  readonly abandoned: number
  /** In schedules that have them. */
  readonly digests: number
  /** Of all that was stored and when, as a repetition has to store it again. */
  readonly digest: string
}

/** Runs one schedule from its seed and judges it on the way and at its end. @throws {Violation | StuckError} */
export async function simulate(seed: number): Promise<Outcome> {
  const world = await createWorld(seed)
  const { dice } = world
  const counts = { lives: 1, walks: 0 }
  const open: Walk[] = []
  const ended: Walk[] = []
  await world.open()
  // Mostly there is something to deliver from the beginning.
  for (let changes = below(dice, 7); changes > 0; changes--)
    await world.settle(world.life.process, [changeTrail(world)])
  const steps = 8 + below(dice, 22)
  for (let step = 0; step < steps; step++) {
    const { leaps } = await prepare(world)
    const work: Promise<unknown>[] = Array.from({ length: 1 + below(dice, 4) }, () => act(world, open, ended, counts))
    // Retention at its most dangerous: much is old at once, and history may not have it all.
    if (leaps || chance(dice, 0.4)) work.push(world.life.schedule.runDue())
    const died = !(await world.settle(world.life.process, work))
    if (died || chance(dice, 0.06)) {
      if (!died && chance(dice, 0.5)) await close(world)
      const powerCut = chance(dice, 0.6)
      world.crash({ powerCut, wipe: chance(dice, 0.12) })
      await world.open()
      counts.lives++
      // What a killed process left unsynced must last once the next one has shown it.
      if (!powerCut && chance(dice, 0.2)) {
        world.crash({ powerCut: true, wipe: false })
        await world.open()
        counts.lives++
      }
    } else if (ended.length > 0 || chance(dice, 0.2)) await world.judge('new')
    for (const walk of ended.splice(0)) walk.compare()
  }
  const digests = await finish(world, counts)
  for (const walk of open) walk.compare()
  const states = world.life.journal.streams()
  const deliveries = [...world.ledger.lanes.values()].flatMap(({ entries }) => [...entries.values()])
  return {
    seed,
    entries: states.reduce((sum, { last }) => sum + last, 0),
    removed: states.reduce((sum, { first }) => sum + first - 1, 0),
    faults: world.faults.happened,
    files: deliveries.filter((entry) => 'key' in entry).length,
    abandoned: deliveries.filter((entry) => 'reason' in entry).length,
    digests,
    digest: digestOf(world),
    ...counts,
  }
}

function digestOf({ ledger, turns }: World): string {
  const hash = createHash('sha256').update(String(turns.time()))
  for (const entries of ledger.archive.values())
    for (const { record, envelope, admittedAt } of entries)
      hash.update(record).update(envelope).update(String(admittedAt))
  return hash.digest('hex')
}

/** One of the things that happen at the same time within a step. */
function act(world: World, open: Walk[], ended: Walk[], counts: { walks: number }): Promise<unknown> {
  const { dice } = world
  const attempts = world.ledger.attempts
  const roll = dice()
  if (roll < 0.36) return send(world, world.workload.request(world.clocks.domain()))
  if (roll < 0.44) {
    // Where the clock went back, events are not sent again before they happened.
    const sendable = attempts.filter(({ sentAt }) => sentAt <= world.clocks.domain() + futureMsMax)
    const failed = sendable.filter(({ end }) => end !== 'answered')
    const again = pick(dice, failed.length > 0 && chance(dice, 0.7) ? failed : sendable.slice(-20))
    return again ? send(world, again.request) : Promise.resolve()
  }
  if (roll < 0.5) return change(world)
  if (roll < 0.62) return changeTrail(world)
  if (roll < 0.67) return recordOwn(world)
  if (roll < 0.81) return world.life.schedule.runDue()
  if (roll < 0.87 && open.length > 0) return onward(open.shift()!, 1, open, ended)
  counts.walks++
  const stream = pick(dice, streams)
  const ids =
    world.ledger.archive
      .get(stream)
      ?.slice(-30)
      .map(({ record }) => idIn(record)) ?? []
  const [account, region] = stream.split('/') as [AccountId, Region]
  const walk = startWalk(world, { account, region, filter: chooseFilter(dice, ids), pageSize: pageSizeOf(dice) })
  return onward(walk, chance(dice, 0.5) ? 1 : 50, open, ended)
}

const idIn = (record: Uint8Array) => (JSON.parse(Buffer.from(record).toString()) as { eventID: string }).eventID

async function onward(walk: Walk, pages: number, open: Walk[], ended: Walk[]): Promise<void> {
  for (let page = 0; page < pages; page++) if (!(await walk.next())) return void ended.push(walk)
  open.push(walk)
}

/** Sends a request through the real intake, and writes down what was answered. */
async function send(world: World, request: Request): Promise<void> {
  const { ledger, dice, random } = world
  const { account, region, key, lines } = request
  for (const { good } of lines) if (good) ledger.records.set(good.marker, good)
  const sentAt = world.clocks.domain()
  const principal = principalOf(account)
  const attempt: Attempt = { request, principal, sentAt, end: 'unanswered', writes: [] }
  ledger.attempts.push(attempt)
  const body = Buffer.from(lines.map(({ text }) => text).join('\n'))
  const cut = below(dice, body.length)
  const intake = {
    body: (async function* () {
      yield* [body.subarray(0, cut), body.subarray(cut)]
    })(),
    encoding: 'identity' as const,
    context: () => ({
      origin: 'producer' as const,
      principal,
      configVersion: world.life.service.trails.configVersion(),
      account,
      region,
      accounts: new Set<string>(accounts),
      regions: new Set<string>(regions),
      now: sentAt,
    }),
    ...(key !== undefined && { idempotencyKey: key }),
  }
  try {
    const { answer } = await takeIn(intake, {
      admission: createInPlaceAdmission(() => uuid(random)),
      writer: observed(world.life.service.writer, attempt.writes, ledger),
      reports: { open: () => Promise.reject(new Error('so many refusals')), read: async () => undefined },
      bodyBytesMax: 1 << 20,
    })
    attempt.answer = answer
    attempt.end = 'answered'
  } catch (error) {
    if (!(error instanceof IntakeInterruptedError)) throw error
    demand(isExpected(error.cause), () => `a request failed with ${String(error.cause)}`)
    attempt.end = 'interrupted'
  }
}

const observed = (writer: RecordWriter, writes: Write[], ledger: Ledger): RecordWriter => ({
  async write(stream, entries, options) {
    const write: Write = { stream, entries, begunAt: ledger.tick() }
    writes.push(write)
    try {
      const outcomes = await writer.write(stream, entries, options)
      write.outcomes = outcomes
      write.endedAt = ledger.tick()
      return outcomes
    } catch (error) {
      write.error = error
      throw error
    }
  },
})

function ownCall(
  world: World,
  eventName: string,
  key: string | undefined,
  place?: TrailPlace,
): { own: OwnEvent; call: ApiCall } {
  const { dice } = world
  const account = place?.account ?? pick(dice, accounts)
  const region = place?.homeRegion ?? pick(dice, regions)
  const marker = world.workload.newMarker()
  const own: OwnEvent = { marker, stream: streamOf(account, region), eventName, key, end: 'unanswered' }
  world.ledger.own.set(marker, own)
  const call: ApiCall = {
    identity: { kind: 'machine-owner', account },
    region,
    eventSource: 'cloudtrail.amazonaws.com',
    eventName,
    readOnly: key === undefined,
    requestId: marker,
    sourceIPAddress: '127.0.0.1',
    userAgent: 'simulation',
    requestParameters: { Marker: marker },
  }
  return { own, call }
}

/** An administrative change; now and then one that must be refused, because another was first. */
async function change(world: World): Promise<void> {
  const taken = [...world.ledger.own.values()].find(({ end, key }) => key !== undefined && end === 'done')
  const conflicts = taken !== undefined && chance(world.dice, 0.15)
  const key = `sim/${world.workload.newMarker()}`
  const { own, call } = ownCall(world, 'PutThing', key)
  const writes = [{ key, value: own.marker }, ...(conflicts ? [{ key: taken.key!, value: 'never', ifVersion: 0 }] : [])]
  try {
    await world.life.service.trail.commit(writes, call)
    demand(!conflicts, () => `the change ${own.marker} overlooked ${taken!.marker}`)
    own.end = 'done'
  } catch (error) {
    const refused = error instanceof JournalFullError || error instanceof ControlConflictError
    demand(
      refused || (error as Error).name === 'ControlUnavailableError',
      () => `a change failed with ${String(error)}`,
    )
    own.end = refused ? 'refused' : 'unknown'
  }
}

/** A trail is made, changed or deleted, with its event, as the operations do it. */
async function changeTrail(world: World): Promise<void> {
  const { ledger, trailWorkload } = world
  const { service } = world.life
  const place = trailWorkload.place()
  const work = service.trails.change(async (save) => {
    const before = service.trails.find(place.account, place.homeRegion, place.name)
    const { eventName, after } = trailWorkload.edit(place, before, world.clocks.domain())
    const trailId = (after ?? before)!.id
    await save({ before, after, output: {} }, async ({ writes, configVersion, committed }) => {
      const key = `sim/${world.workload.newMarker()}`
      const { own, call } = ownCall(world, eventName, key, place)
      const change: TrailChange = { own, trailId, before, after, configVersion, begunAt: ledger.tick() }
      ledger.trailChanges.push(change)
      const options = { ...(configVersion !== undefined && { configVersion }), ...(committed && { committed }) }
      try {
        await service.trail.commit([...writes, { key, value: own.marker }], call, options)
        own.end = 'done'
        change.endedAt = ledger.tick()
      } catch (error) {
        own.end = error instanceof JournalFullError ? 'refused' : 'unknown'
        throw error
      }
    })
  })
  await work.catch((error: unknown) =>
    demand(
      error instanceof JournalFullError || (error as Error).name === 'ControlUnavailableError',
      () => `a change of a trail failed with ${String(error)}`,
    ),
  )
}

async function recordOwn(world: World): Promise<void> {
  const { own, call } = ownCall(world, 'DescribeThings', undefined)
  try {
    await world.life.service.trail.record(call)
    own.end = 'done'
  } catch (error) {
    demand(isExpected(error), () => `our own event failed with ${String(error)}`)
    own.end = error instanceof JournalFullError ? 'refused' : 'unknown'
  }
}

async function close(world: World): Promise<void> {
  const { service, journal, schedule, process } = world.life
  const closing = (async () => {
    await schedule.close()
    await service.close()
    await journal.close()
  })()
  await world.settle(process, [closing.catch(() => undefined)])
}

/** Everything works again: the service takes records, catches up, and shows what it acknowledged. Resolves to the number of digests. */
async function finish(world: World, counts: { lives: number; walks: number }): Promise<number> {
  const { faults, machine, dice } = world
  faults.clear()
  machine.disk.setCapacity(Infinity)
  machine.buckets.outages.clear()
  for (const bucket of bucketNames) await machine.buckets.create(bucket)
  world.setEngine(true)
  await world.settle(world.life.process, [recovers(world)])
  if (chance(dice, 0.5)) {
    world.crash({ powerCut: true, wipe: false })
    await world.open()
    counts.lives++
  }
  faults.clear()
  await world.settle(world.life.process, [settled(world)])
  await world.judge('start')
  await world.checkDelivered()
  const digests = await world.checkDigests()
  await world.checkHistory()
  const walks: Walk[] = []
  for (const stream of streams) {
    const [account, region] = stream.split('/') as [AccountId, Region]
    const ids =
      world.ledger.archive
        .get(stream)
        ?.slice(-30)
        .map(({ record }) => idIn(record)) ?? []
    for (const filter of [undefined, chooseFilter(dice, ids), chooseFilter(dice, ids)])
      walks.push(startWalk(world, { account, region, filter, pageSize: pageSizeOf(dice) }))
  }
  const walkAll = walks.map(async (walk) => {
    while (await walk.next());
  })
  await world.settle(world.life.process, walkAll)
  for (const walk of walks) walk.compare()
  counts.walks += walks.length
  return digests
}

/** A journal that failed takes records again, unless it is full of what it must keep. */
async function recovers(world: World): Promise<void> {
  for (let tries = 0; ; tries++) {
    const request = world.workload.request(world.clocks.domain())
    await send(world, request)
    const { end, writes } = world.ledger.attempts.at(-1)!
    if (end === 'answered' || writes.some(({ error }) => refusesAsFull(world, error))) return
    demand(tries < recoveryTriesMax, () => `the journal takes nothing any more: ${String(writes.at(-1)?.error)}`)
  }
}

const refusesAsFull = (world: World, error: unknown): boolean => {
  const { bytes, bytesMax } = world.life.journal.stats()
  return error instanceof JournalFullError && bytes > bytesMax * 0.9
}

/** Resolves once every lane and the history store have everything that is durable, and the outbox is empty unless the journal is full. */
async function settled(world: World): Promise<void> {
  const { service, journal, schedule, process } = world.life
  const waiting = async () => (await world.machine.control.list('outbox/')).length
  const isFull = () => journal.stats().bytes > journal.stats().bytesMax * 0.9
  // The journal may still refuse some appends before it looks whether the disk works again.
  for (let tries = 0; tries < 1 || ((await waiting()) > 0 && !isFull()); tries++) {
    demand(tries < recoveryTriesMax, () => 'an event stays in the outbox for nothing')
    await world.advanceClock(hourMs)
    await schedule.runDue()
  }
  await delivered(world)
  await service.history.refilled()
  const isBehind = () =>
    journal.streams().some(({ stream, last }) => (service.history.cursors().get(stream) ?? 0) < last)
  while (isBehind()) await new Promise<void>((resolve) => void process.timers.after(10, resolve))
  await journal.settled()
  await checkSearches(world)
}

/** Resolves once nothing is due any more and every lane is where its stream ends. */
async function delivered(world: World): Promise<void> {
  const { service, journal, schedule } = world.life
  const { delivery } = service
  const isBehind = () =>
    !delivery.isComplete() ||
    delivery.lanes().some(({ stream, cursor, plans }) => plans.length > 0 || cursor < journal.durable(stream))
  for (let tries = 0; tries < 1 || isBehind(); tries++) {
    demand(tries < recoveryTriesMax, () => `lanes stay behind: ${JSON.stringify(delivery.lanes())}`)
    await world.advanceClock(hourMs)
    await schedule.runDue()
    await delivery.job.settled()
  }
  // The hour in which the last files were delivered has its digest, too.
  await world.advanceClock(2 * hourMs)
  await schedule.runDue()
  await service.digests.job.settled()
  // What fell due along with them.
  await delivery.job.settled()
}
