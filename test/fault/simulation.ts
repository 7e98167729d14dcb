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
import type { Fault, FaultTarget } from './faults.ts'
import { demand, type Attempt, type OwnEvent, type Write } from './ledger.ts'
import { chooseFilter, pageSizeOf, startWalk, type Walk } from './walk.ts'
import { accounts, below, chance, pick, principalOf, regions, streamOf, streams, type Request } from './workload.ts'
import { createWorld, type World } from './world.ts'

const secondMs = 1_000
const hourMs = 3_600 * secondMs
const dayMs = 24 * hourMs
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
  const steps = 8 + below(dice, 22)
  for (let step = 0; step < steps; step++) {
    const { leaps } = prepare(world)
    const work: Promise<unknown>[] = Array.from({ length: 1 + below(dice, 4) }, () => act(world, open, ended, counts))
    // Retention at its most dangerous: much is old at once, and history may not have it all.
    if (leaps) work.push(world.life.schedule.runDue())
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
  await finish(world, counts)
  for (const walk of open) walk.compare()
  const states = world.life.journal.streams()
  return {
    seed,
    entries: states.reduce((sum, { last }) => sum + last, 0),
    removed: states.reduce((sum, { first }) => sum + first - 1, 0),
    faults: world.faults.happened,
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

/** What changes between steps: the clock, the engine, the disk's room, and what will go wrong. */
function prepare(world: World): { leaps: boolean } {
  const { dice, faults, machine } = world
  world.advanceClock(below(dice, 20 * secondMs))
  if (chance(dice, 0.12)) world.advanceClock(below(dice, 3 * hourMs))
  const leaps = chance(dice, 0.08)
  if (leaps) world.advanceClock(pick(dice, [1, 1, 2, 29, 30, 99]) * dayMs + below(dice, 2 * dayMs))
  if (chance(dice, world.engineUp ? 0.05 : 0.4)) world.setEngine(!world.engineUp)
  if (chance(dice, 0.05)) machine.disk.setCapacity(below(dice, 60_000))
  else if (chance(dice, 0.4)) machine.disk.setCapacity(Infinity)
  if (chance(dice, 0.25)) {
    const target = pick<FaultTarget>(dice, ['disk', 'sync', 'control', 'postings'])
    const kind = (target === 'disk' || target === 'sync') && chance(dice, 0.3) ? 'full' : 'fail'
    for (let many = 1 + below(dice, 3); many > 0; many--) faults.plan({ target, kind, ...place(world) })
  }
  if (chance(dice, 0.12)) {
    const target = pick<FaultTarget>(dice, ['disk', 'sync', 'sync', 'control', 'postings', 'any'])
    faults.plan({ target, kind: 'kill', ...place(world) })
  }
  return { leaps }
}

const place = ({ dice }: World): Pick<Fault, 'skip' | 'when'> => ({
  skip: below(dice, pick(dice, [3, 10, 40])),
  when: pick(dice, ['before', 'half', 'after']),
})

/** One of the things that happen at the same time within a step. */
function act(world: World, open: Walk[], ended: Walk[], counts: { walks: number }): Promise<unknown> {
  const { dice } = world
  const attempts = world.ledger.attempts
  const roll = dice()
  if (roll < 0.4) return send(world, world.workload.request(world.clocks.domain()))
  if (roll < 0.52) {
    const failed = attempts.filter(({ end }) => end !== 'answered')
    const again = pick(dice, failed.length > 0 && chance(dice, 0.7) ? failed : attempts.slice(-20))
    return again ? send(world, again.request) : Promise.resolve()
  }
  if (roll < 0.64) return change(world)
  if (roll < 0.72) return recordOwn(world)
  if (roll < 0.8) return world.life.schedule.runDue()
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
      writer: observed(world.life.service.writer, attempt.writes),
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

const observed = (writer: RecordWriter, writes: Write[]): RecordWriter => ({
  async write(stream, entries, options) {
    const write: Write = { stream, entries }
    writes.push(write)
    try {
      return (write.outcomes = await writer.write(stream, entries, options))
    } catch (error) {
      write.error = error
      throw error
    }
  },
})

function ownCall(world: World, eventName: string, key: string | undefined): { own: OwnEvent; call: ApiCall } {
  const { dice } = world
  const account = pick(dice, accounts)
  const region = pick(dice, regions)
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

/** Everything works again: the service takes records, catches up, and shows what it acknowledged. */
async function finish(world: World, counts: { lives: number; walks: number }): Promise<void> {
  const { faults, machine, dice } = world
  faults.clear()
  machine.disk.setCapacity(Infinity)
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

/** Resolves once the history store holds everything that is durable, and the outbox is empty unless the journal is full. */
async function settled(world: World): Promise<void> {
  const { service, journal, schedule, process } = world.life
  const waiting = async () => (await world.machine.control.list('outbox/')).length
  const isFull = () => journal.stats().bytes > journal.stats().bytesMax * 0.9
  // The journal may still refuse some appends before it looks whether the disk works again.
  for (let tries = 0; tries < 1 || ((await waiting()) > 0 && !isFull()); tries++) {
    demand(tries < recoveryTriesMax, () => 'an event stays in the outbox for nothing')
    world.advanceClock(hourMs)
    await schedule.runDue()
  }
  await service.history.refilled()
  const isBehind = () =>
    journal.streams().some(({ stream, last }) => (service.history.cursors().get(stream) ?? 0) < last)
  while (isBehind()) await new Promise<void>((resolve) => void process.timers.after(10, resolve))
  await journal.settled()
}
