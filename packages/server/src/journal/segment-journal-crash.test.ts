import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { NewEntry, StreamId } from '@opentrail/core/event'
import { DiskFullError, type DiskFault, type SimulatedDisk } from '../disk/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { assertHolds, entries, stream, type Acknowledged } from './entries.testing.ts'
import { JournalFullError } from './journal.ts'
import type { SegmentJournal } from './segment-journal.ts'
import { diskWithData, openOn } from './segment-journal.testing.ts'

/** What a run of the scenario left to compare with: answered appends, and per stream the one that was not. */
interface Outcome {
  readonly acknowledged: Acknowledged
  readonly unanswered: Map<StreamId, NewEntry[]>
}

/** Appends to two streams with rotation, sealing, retention and a reopening; stops quietly at the first failure. */
async function scenario(disk: SimulatedDisk): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: new Map(), unanswered: new Map() }
  const put = async (journal: SegmentJournal, round: number): Promise<void> => {
    const to = stream(round % 2)
    const batch = entries(`r${round}`, 1 + (round % 3), { size: 260, admittedAt: round })
    outcome.unanswered.set(to, batch)
    await journal.append(to, batch)
    outcome.unanswered.delete(to)
    outcome.acknowledged.set(to, [...(outcome.acknowledged.get(to) ?? []), ...batch])
  }
  let open: SegmentJournal | undefined
  try {
    open = (await openOn(disk, { segmentBytes: 2_000 })).journal
    for (let round = 0; round < 8; round++) await put(open, round)
    await open.settled()
    await open.retain(3, new Map())
    await open.close()
    open = (await openOn(disk, { segmentBytes: 2_000 })).journal
    for (let round = 8; round < 12; round++) await put(open, round)
    await open.settled()
    await open.retain(100, new Map())
    await put(open, 12)
  } catch {
    // The power is off, or one call failed: what counts is what was acknowledged until then.
  }
  await open?.settled()
  await open?.close().catch(() => undefined)
  return outcome
}

async function operationsOf(run: (disk: SimulatedDisk) => Promise<Outcome>): Promise<number> {
  const disk = await diskWithData()
  const { unanswered } = await run(disk)
  assert.equal(unanswered.size, 0)
  return disk.operations
}

const seeds = [1, 2]
/** Some thousand openings each: seconds on a quiet machine. */
const timeout = 180_000

describe('a power cut at every single disk operation', () => {
  for (const when of ['before', 'half', 'after'] as const)
    test(
      `${when} it took effect: everything acknowledged is there after opening again`,
      async () => {
        const operations = await operationsOf(scenario)
        assert.ok(operations > 150, `${operations} operations`)
        for (let at = 0; at < operations + 5; at++)
          for (const seed of seeds) await crashAt(at, seed, { kind: 'power-off', when })
      },
      timeout,
    )
})

test(
  'a segment whose removal could not be synced, then retention again and a power cut at each operation of it: no gap',
  async () => {
    let cuts = 0
    for (let later = 0; later < 60; later++)
      for (let seed = 1; seed <= 4; seed++) cuts += await cutSecondRetention(later, seed)
    assert.ok(cuts > 20, `${cuts} power cuts`)
  },
  timeout,
)

/** Returns 1 if the power failed while retention was under way. */
async function cutSecondRetention(later: number, seed: number): Promise<0 | 1> {
  const disk = await diskWithData()
  const { journal } = await openOn(disk, { segmentBytes: 2_000 })
  const acknowledged: NewEntry[] = []
  for (let round = 0; round < 20; round++) {
    const batch = entries(`r${round}`, 2, { size: 260, admittedAt: round })
    await journal.append(stream(1), batch)
    acknowledged.push(...batch)
  }
  await journal.settled()
  let isRemoved = false
  disk.setFault(({ kind, path }) => {
    if (kind === 'unlink' && path.endsWith('.seg')) isRemoved = true
    return isRemoved && kind === 'syncDirectory'
      ? { kind: 'fail', when: 'before', error: new DiskFullError('injected') }
      : undefined
  })
  await assert.rejects(journal.retain(6, new Map()))
  const at = disk.operations + later
  disk.setFault(({ index }) => (index === at ? { kind: 'power-off', when: 'after' } : undefined))
  const cut = await journal.retain(15, new Map()).then(
    () => 0 as const,
    () => 1 as const,
  )
  disk.setFault(undefined)
  disk.crash(seededRandom(seed))
  const next = await openOn(disk, { segmentBytes: 2_000 })
  await assertHolds(next.journal, new Map([[stream(1), acknowledged]]))
  await next.journal.close()
  return cut
}

async function crashAt(at: number, seed: number, fault: DiskFault): Promise<void> {
  const disk = await diskWithData()
  const start = disk.operations
  disk.setFault(({ index }) => (index === start + at ? fault : undefined))
  const outcome = await scenario(disk)
  disk.setFault(undefined)
  disk.crash(seededRandom(seed * 1_000 + at))
  await checkTwice(disk, outcome, `${fault.kind} ${fault.when} operation ${at}, seed ${seed}`)
}

/** Opens, compares, appends, and opens once more: what the first opening put right has to last too. */
async function checkTwice(disk: SimulatedDisk, { acknowledged, unanswered }: Outcome, what: string): Promise<void> {
  try {
    const first = await openOn(disk, { segmentBytes: 2_000 })
    await assertHolds(first.journal, acknowledged, unanswered)
    const survived = new Map(acknowledged)
    for (const [to, batch] of unanswered)
      if (first.journal.durable(to) > (acknowledged.get(to)?.length ?? 0))
        survived.set(to, [...(acknowledged.get(to) ?? []), ...batch])
    const more = entries('after', 2)
    await first.journal.append(stream(1), more)
    survived.set(stream(1), [...(survived.get(stream(1)) ?? []), ...more])
    await first.journal.settled()
    disk.crash(seededRandom(7))
    const second = await openOn(disk, { segmentBytes: 2_000 })
    await assertHolds(second.journal, survived)
    await second.journal.close()
  } catch (cause) {
    throw new Error(`after ${what}: ${String(cause)}`, { cause })
  }
}

describe('each disk operation failing once, the process going on', () => {
  for (const when of ['before', 'half', 'after'] as const)
    test(
      `${when} it took effect: nothing acknowledged is lost, refused appends leave no trace`,
      async () => {
        const operations = await operationsOf(survivor)
        assert.ok(operations > 80, `${operations} operations`)
        for (let at = 0; at < operations; at++) {
          const disk = await diskWithData()
          const start = disk.operations
          disk.setFault(({ index }) => (index === start + at ? { kind: 'fail', when } : undefined))
          const outcome = await survivor(disk)
          disk.setFault(undefined)
          await checkTwice(disk, outcome, `fail ${when} operation ${at}`)
        }
      },
      timeout,
    )
})

/** Appends with rotation, sealing and retention that go on after a failure; only an append's answer says what is stored. */
async function survivor(disk: SimulatedDisk): Promise<Outcome> {
  const acknowledged: Acknowledged = new Map()
  const opened = await openOn(disk, { segmentBytes: 2_000 }).catch(() => openOn(disk, { segmentBytes: 2_000 }))
  const { journal } = opened
  for (let round = 0; round < 10; round++) {
    const to = stream(round % 2)
    const batch = entries(`r${round}`, 1 + (round % 3), { size: 260, admittedAt: round })
    // Refused ones are not tried again here, so that one that was stored all the same would be noticed.
    const stored = await journal.append(to, batch).catch(() => undefined)
    if (stored !== undefined) acknowledged.set(to, [...(acknowledged.get(to) ?? []), ...batch])
    if (round === 6) await journal.retain(3, new Map()).catch(() => undefined)
  }
  await journal.settled()
  disk.setFault(undefined)
  await assertHolds(journal, acknowledged)
  await journal.close()
  return { acknowledged, unanswered: new Map() }
}

describe('a full disk that fails once more while the append is cut back, and the process dies', () => {
  /** Calls after the failed write or sync that the second fault hits: cutting back and starting a new log, and a few more. */
  const laterMax = 8
  for (const first of ['before', 'half', 'after'] as const)
    for (const second of ['before', 'half', 'after'] as const)
      test(`${first}, then ${second} it took effect: what was refused as full is nowhere`, async () => {
        let refused = 0
        for (const kind of ['write', 'datasync'] as const)
          for (let later = 1; later <= laterMax; later++)
            // With the power on, what was written and not synced is read by the next process.
            for (const powerCutSeed of [undefined, 1, 2])
              refused += await refuseTwice({ kind, later, first, second, powerCutSeed })
        assert.ok(refused > 0, 'nothing was refused as full')
      })
})

interface TwoFaults {
  readonly kind: 'write' | 'datasync'
  readonly later: number
  readonly first: DiskFault['when']
  readonly second: DiskFault['when']
  /** Undefined: the process dies, and the power stays on. */
  readonly powerCutSeed: number | undefined
}

/** Two streams' appends share the group that fails. Returns how many of them were refused as full. */
async function refuseTwice({ kind, later, first, second, powerCutSeed }: TwoFaults): Promise<number> {
  const disk = await diskWithData()
  const { journal } = await openOn(disk)
  const streams = [stream(1), stream(2)]
  for (const to of streams) await journal.append(to, entries(`kept-${to}`, 2))
  let failedAt: number | undefined
  disk.setFault(({ index, kind: called }) => {
    if (failedAt === undefined && called === kind) failedAt = index
    const when = index === failedAt ? first : index - later === failedAt ? second : undefined
    return when && { kind: 'fail', when, error: new DiskFullError('injected') }
  })
  const answers = await Promise.allSettled(streams.map((to) => journal.append(to, entries(`refused-${to}`, 2))))
  if (powerCutSeed !== undefined) disk.crash(seededRandom(powerCutSeed))
  disk.setFault(undefined)
  const next = await openOn(disk)
  let refused = 0
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'fulfilled' || !(answer.reason instanceof JournalFullError)) continue
    refused++
    const what = `${kind} failed ${first}, and ${second} ${later} later, power cut ${powerCutSeed}`
    assert.equal(next.journal.durable(streams[index]!), 2, what)
  }
  await next.journal.close()
  return refused
}
