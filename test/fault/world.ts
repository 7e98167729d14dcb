import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { StoredEntry, StreamId } from '@opentrail/core/event'
import { createSchedule, type Clocks, type Random, type Schedule } from '../../packages/server/src/clock/index.ts'
import {
  createInPlaceContentBuilder,
  type ContentLimits,
  type DeliveryLimits,
} from '../../packages/server/src/delivery/index.ts'
import type { ControlStore } from '../../packages/server/src/control/index.ts'
import { signTestCheckpoint } from '../../packages/server/src/digests/checkpoint-signer.testing.ts'
import type { Gzip } from '../../packages/server/src/digests/index.ts'
import { seededRandom } from '../../packages/server/src/disk/seeded-random.testing.ts'
import type { HistoryLimits } from '../../packages/server/src/history/index.ts'
import { createInlineSealer, openSegmentJournal, type SegmentJournal } from '../../packages/server/src/journal/index.ts'
import { createTestCipher } from '../../packages/server/src/journal/cipher.testing.ts'
import { createLookupEvents } from '../../packages/server/src/operations/index.ts'
import { openService, type Service } from '../../packages/server/src/service.ts'
import { createRotationJob, createSigningKeys } from '../../packages/server/src/signing-keys/index.ts'
import { periodAt } from '../../packages/server/src/signing-keys/key-periods.ts'
import { fakeKeyRing, smallKeyPair } from '../../packages/server/src/signing-keys/signing-keys.testing.ts'
import { noTopics } from '../../packages/server/src/topics/fake-topics.testing.ts'
import { checkJournal, checkPostings, type Observed } from './checker.ts'
import { checkDelivered, checkFiles, checkHeld, collectDeliveries } from './delivery-checker.ts'
import { checkDigests } from './digest-checker.ts'
import { createFaults } from './faults.ts'
import { demand, newLedger, Violation } from './ledger.ts'
import { createMachine, openProcessPorts, unsyncedInsertsMax } from './process-ports.ts'
import { bucketNames } from './simulated-buckets.ts'
import { trace } from './trace.ts'
import { createTurns, type Process } from './turns.ts'
import { checkTrails } from './trail-checker.ts'
import { createTrailWorkload } from './trail-workload.ts'
import { below, chance, createWorkload, pick, regions } from './workload.ts'

const dayMs = 86_400_000
/** Openings that may fail by injected faults before one without any has to succeed. */
const faultyOpeningsMax = 3
const directory = '/data/journal'
const startedAt = Date.parse('2026-11-21T10:00:00Z')
/** Schedules with digests begin so long before the Regions' signing keys change. */
const beforeRotationMs = 5 * 3_600_000
/** One day more than can be looked up. */
const historyKeptDays = 91

/** One process's life: from opening to crash or close. */
export interface Life {
  readonly process: Process
  readonly journal: SegmentJournal
  readonly service: Service
  readonly schedule: Schedule
  /** The history store holds all that it once held. */
  whole: boolean
}

/** Threads have no place in a schedule. */
const inPlaceGzip: Gzip = {
  pack: async (bytes) => gzipSync(bytes),
  async unpack(packed, bytesMax) {
    try {
      return gunzipSync(packed, { maxOutputLength: bytesMax })
    } catch {
      return undefined
    }
  },
}

export type World = Awaited<ReturnType<typeof createWorld>>

function archiveOne(known: StoredEntry[], entry: StoredEntry): void {
  const before = known[entry.sequence - 1]
  const copy = { ...entry, record: Buffer.from(entry.record), envelope: Buffer.from(entry.envelope) }
  if (!before) known.push({ ...copy, idKey: Buffer.from(entry.idKey), recordHash: Buffer.from(entry.recordHash) })
  else
    demand(
      Buffer.compare(before.record, entry.record) === 0 &&
        Buffer.compare(before.envelope, entry.envelope) === 0 &&
        Buffer.compare(before.recordHash, entry.recordHash) === 0 &&
        before.admittedAt === entry.admittedAt,
      () => `${entry.stream}#${entry.sequence} has changed since it was first read`,
    )
}

/** The service on the simulated machine; everything in it follows from `seed`. */
export async function createWorld(seed: number) {
  const dice = seededRandom(seed * 5)
  const turns = createTurns(seededRandom(seed * 5 + 1))
  const randomBytes = seededRandom(seed * 5 + 2)
  const machineDice = seededRandom(seed * 5 + 3)
  const clockGoesBack = chance(dice, 0.2) || seed % 4 === 0
  /** A digest an hour for each chain is much to do, so the clock leaps less there. */
  const withDigests = seed % 6 === 1
  let now = withDigests ? periodAt(startedAt).end - beforeRotationMs : startedAt
  const random: Random = { bytes: (length) => Uint8Array.from({ length }, () => below(randomBytes, 256)) }
  const workload = createWorkload(seededRandom(seed * 5 + 4))
  const trailWorkload = createTrailWorkload(seededRandom(1_000_000_007 + seed), { validates: withDigests })
  const machine = createMachine(() => now)
  const keyRing = fakeKeyRing()
  const faults = createFaults()
  const ledger = newLedger()
  const cipher = createTestCipher()
  const lookupEvents = createLookupEvents({ tokenKey: createHash('sha256').update('tokens').digest(), random })
  const sizes = {
    segmentBytes: 3_000 + below(dice, 13_000),
    blockBytes: 800 + below(dice, 3_000),
    bytesMax: pick(dice, [2 ** 30, 2 ** 30, 345_000, 332_000]),
    reserveBytes: 8_000,
    cacheBytesMax: pick(dice, [0, 10_000, 1_000_000]),
  }
  const retentionDays = pick(dice, [2, 30, 100])
  const batchEventsMax = 2 + below(dice, 20)
  const historyLimits: Partial<HistoryLimits> = {
    // Nothing here depends on how fast the machine is.
    searchTurnMs: Infinity,
    flushIntervalMs: pick(dice, [5, 50, 400]),
    batchEventsMax,
    tailEventsMax: batchEventsMax + below(dice, 60),
    catchUpPage: 2 + below(dice, 20),
    refillStep: 3 + below(dice, 20),
    pauseFirstMs: 10,
    pauseMaxMs: 200,
  }
  const contentLimits: Partial<ContentLimits> = {
    eventsMax: 2 + below(dice, 19),
    bytesMax: pick(dice, [2_000, 10_000, 2 ** 20]),
    pageEntries: 1 + below(dice, 40),
    pageBytesMax: pick(dice, [1_000, 2 ** 20]),
    pageCacheBytesMax: pick(dice, [0, 20_000]),
    contentCacheBytesMax: pick(dice, [0, 20_000]),
  }
  const deliveryLimits: Partial<DeliveryLimits> = {
    intervalMs: pick(dice, [1_000, 5_000, 60_000]),
    eagerEvents: pick(dice, [5, 20_000]),
    backlogBytesMax: pick(dice, [2 ** 31, 2 ** 31, 20_000, 2_000]),
    spoolBytesMax: pick(dice, [2 ** 31, 2_000, 500]),
    spooledPlansMax: pick(dice, [1_000, 3]),
    // Where the journal is kept shortly anyway, delivery is to give up as soon as the spool is full.
    keptMs: retentionDays === 2 ? 5_000 : retentionDays * dayMs,
    giveUpMs: pick(dice, [30 * dayMs, 30 * dayMs, 3_600_000, 20_000]),
    triesMin: pick(dice, [1, 3, 10, 10]),
    pauseMaxMs: pick(dice, [300_000, 5_000]),
    putsPerBucketMax: pick(dice, [8, 1]),
  }
  const clocks: Clocks = { domain: () => now, wall: () => now, monotonic: () => turns.time() }
  let engineUp = true
  let life: Life | undefined
  /** Found where nobody waits for it. */
  let violation: Violation | undefined
  /** Faults that had happened when the index was last known to have everything. */
  let calmSince = 0
  /** The last day that retention has let history forget. */
  let historyForgotten = -Infinity

  for (const bucket of bucketNames) if (chance(dice, 0.85)) await machine.buckets.create(bucket)
  await machine.disk.makeDirectory('/data')
  await machine.disk.syncDirectory('/')

  const openSigners = (control: ControlStore) =>
    createSigningKeys({ control, keyRing, now: clocks.domain, generate: async () => smallKeyPair() })

  /** Runs `work` to its end. False: the process died first. */
  async function settle(process: Process, work: readonly Promise<unknown>[]): Promise<boolean> {
    let settled = false
    const all = Promise.all(work).finally(() => void (settled = true))
    // Looked at below, once everything stands still.
    all.catch(() => undefined)
    await turns.run(() => settled || !process.alive)
    // Before a later step removes what is old.
    await collectDeliveries(ledger, machine.control)
    if (settled) await all
    return settled
  }

  /** Reads what the journal shows that the archive does not have yet, and compares what it has. */
  async function archive(journal: SegmentJournal, from: 'new' | 'start'): Promise<void> {
    for (const { stream, first, last } of journal.streams()) {
      const known = ledger.archive.get(stream) ?? []
      ledger.archive.set(stream, known)
      demand(known.length <= last, () => `${stream} ends at ${last}, and was read up to ${known.length} before`)
      const start = from === 'new' ? known.length : first - 1
      demand(first - 1 <= known.length, () => `${stream} begins at ${first}, and was read up to ${known.length}`)
      if (start === last) continue
      const { entries } = await journal.read(stream, start as never, last - start)
      demand(entries.length === last - start, () => `${stream}: ${entries.length} entries in (${start}, ${last}]`)
      for (const entry of entries) archiveOne(known, entry)
    }
  }

  async function openOnce(process: Process): Promise<Life> {
    const ports = openProcessPorts(machine, process, faults)
    const { journal, opened: report } = await openSegmentJournal({
      disk: ports.disk,
      directory,
      cipher,
      sealer: createInlineSealer(),
      onFault: trace,
      ...sizes,
    })
    trace('opened', { ...report, streams: journal.streams().map(({ stream, first, last }) => [stream, first, last]) })
    const schedule = createSchedule({ now: clocks.domain, failed: trace, ticking: false })
    const watched: SegmentJournal = {
      ...journal,
      async retain(admittedBefore, cursors) {
        // What it removes is compared with the ledger later, so it has to be known.
        await withoutFaults(() => archive(journal, 'new'))
        const removedBefore = new Map(journal.streams().map(({ stream, first }) => [stream, first - 1]))
        ledger.retainedBefore = Math.max(ledger.retainedBefore, admittedBefore)
        historyForgotten = Math.max(historyForgotten, Math.floor(now / dayMs) - historyKeptDays)
        const { historyCursors } = await observe(journal)
        const freed = await journal.retain(admittedBefore, cursors)
        for (const { stream, first } of journal.streams())
          if (first - 1 > Math.max(historyCursors.get(stream) ?? 0, removedBefore.get(stream) ?? 0))
            violation ??= new Violation(`${stream} now begins at ${first}: removed before history had it`)
        await collectDeliveries(ledger, machine.control)
        for (const { stream, first } of journal.streams())
          if (first - 1 > removedBefore.get(stream)!) violation ??= checkHeld(ledger, stream, first)
        return freed
      },
    }
    const signingKeys = openSigners(ports.control)
    if (withDigests)
      schedule.add(
        createRotationJob({ keys: signingKeys, now: clocks.domain, failed: (error) => trace('rotation', error) }),
      )
    const service = await openService(
      {
        journal: watched,
        control: ports.control,
        postings: ports.postings,
        buckets: ports.buckets,
        content: createInPlaceContentBuilder({ journal: watched, limits: contentLimits }),
        spool: ports.spool,
        signingKeys,
        gzip: inPlaceGzip,
        topics: noTopics,
        signCheckpoint: signTestCheckpoint,
        clocks,
        random,
        schedule,
        report: (event) => trace(`at ${turns.time()} ms`, event),
        timers: process.timers,
      },
      { regions, leadingRegion: regions[1]!, retentionDays, historyLimits, deliveryLimits },
    )
    const opened: Life = { process, journal, service, schedule, whole: false }
    service.history.refilled().then(
      () => (opened.whole = true),
      () => undefined,
    )
    return opened
  }

  async function withoutFaults<T>(work: () => Promise<T>): Promise<T> {
    faults.suspended = true
    return work().finally(() => void (faults.suspended = false))
  }

  async function open(): Promise<void> {
    for (let tries = 1; ; tries++) {
      if (tries > faultyOpeningsMax) {
        faults.clear()
        machine.disk.setCapacity(Infinity)
      }
      const happened = faults.happened
      const process = turns.process()
      let opened: Life | undefined
      let failure: unknown
      const opening = openOnce(process).then(
        (made) => (opened = made),
        (error: unknown) => (failure = error),
      )
      const settled = await settle(process, [opening])
      if (settled && opened) {
        life = opened
        break
      }
      process.kill()
      machine.restartControl()
      const excused = faults.happened > happened || tries <= faultyOpeningsMax
      if (settled && !excused)
        throw new Violation(`the service cannot be opened: ${String(failure)}`, { cause: failure })
      if (failure instanceof Violation) throw failure
      if ((failure as Error | undefined)?.name === 'JournalCorruptError')
        throw new Violation(`acknowledged data is damaged: ${String(failure)}`, { cause: failure })
    }
    await judge('start')
  }

  async function observe(journal: SegmentJournal): Promise<Observed & { numbers: Map<number, StreamId> }> {
    const { control } = machine
    const keysOf = async (prefix: string) => (await control.list(prefix, { limit: 10_000 })).map(({ key }) => key)
    const indexed = await control.list<{ number: number; cursor: number }>('history/stream/', { limit: 10_000 })
    const named = indexed.map(({ key, value }) => ({
      stream: key.slice('history/stream/'.length) as StreamId,
      ...value,
    }))
    return {
      streams: journal.streams(),
      documents: new Set(await keysOf('sim/')),
      outbox: new Set(await keysOf('outbox/')),
      historyCursors: new Map(named.map(({ stream, cursor }) => [stream, cursor])),
      numbers: new Map(named.map(({ stream, number }) => [number, stream])),
    }
  }

  /** Reads what is there and has the checker judge it. Resolves early when the process dies of a planned fault. */
  async function judge(from: 'new' | 'start'): Promise<void> {
    const { process, journal } = life!
    await withoutFaults(() => settle(process, [archive(journal, from)]))
    // Delivery goes on meanwhile, and may have written what it gave up.
    const isBehind = () => journal.streams().some(({ stream, last }) => ledger.archive.get(stream)?.length !== last)
    while (process.alive && isBehind()) await withoutFaults(() => settle(process, [archive(journal, 'new')]))
    if (violation) throw violation
    // Between turns nothing moves.
    const observed = await observe(journal)
    checkJournal(ledger, observed)
    checkTrails(ledger, observed.documents)
    checkFiles(ledger, machine.buckets)
  }

  return {
    dice,
    turns,
    machine,
    faults,
    ledger,
    workload,
    clocks,
    random,
    lookupEvents,
    settle,
    open,
    judge,
    withoutFaults,
    archive: (from: 'new' | 'start') => archive(life!.journal, from),
    get life() {
      return life!
    },
    get engineUp() {
      return engineUp
    },
    /** Something failed lately, so that the index may be late. */
    get impaired() {
      return faults.happened > calmSince || !engineUp
    },
    trailWorkload,
    clockGoesBack,
    withDigests,
    /** By less than nothing, too. What was on its way to a bucket arrives first. */
    async advanceClock(ms: number): Promise<void> {
      await machine.buckets.arrive(now + ms, () => false)
      if (ms < 0) {
        ledger.clockWentBack = true
        machine.buckets.setBack(-ms)
      }
      now += ms
    },
    /** The engine's process dies, or its successor starts. */
    setEngine(up: boolean): void {
      if (engineUp === up) return
      engineUp = up
      if (up) machine.postings.restart()
      else machine.postings.crash()
    },
    /** The process is dead; with `powerCut` the machine loses what was not synced. */
    crash({ powerCut, wipe }: { powerCut: boolean; wipe: boolean }): void {
      life!.process.kill()
      trace('crash', { powerCut, wipe })
      if (powerCut) machine.disk.crash(machineDice)
      machine.restartControl()
      machine.postings.crash(powerCut ? below(machineDice, unsyncedInsertsMax + 1) : 0)
      machine.postings.restart()
      engineUp = true
      if (wipe) machine.wipePostings()
      if (chance(machineDice, 0.7)) faults.clear()
    },
    /** Everything is put back in order, and time has passed: what was selected is in files. */
    async checkDelivered(): Promise<void> {
      checkDelivered(ledger, await observe(life!.journal), machine)
    },
    /** Likewise: the verifier finds nothing, and what was delivered is in digests. */
    checkDigests: () => checkDigests(ledger, machine.buckets, openSigners(machine.control)),
    /** Of earlier admission days the history has nothing any more. */
    historyForgotten: () => historyForgotten,
    /** Everything put back in order; what was ever acknowledged must now be found in history, too. */
    async checkHistory(): Promise<void> {
      const { journal } = life!
      const { numbers, streams } = await observe(journal)
      const first = new Map(streams.map((state) => [state.stream, state.first]))
      checkPostings(
        machine.postings.events(),
        numbers,
        ledger,
        (entry) =>
          entry.sequence >= first.get(entry.stream)! && Math.floor(entry.admittedAt / dayMs) >= historyForgotten,
      )
    },
  }
}
