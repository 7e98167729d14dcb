import type { Fault, FaultTarget } from './faults.ts'
import { bucketNames, type Outage } from './simulated-buckets.ts'
import { below, chance, pick, type Dice } from './workload.ts'
import type { World } from './world.ts'

const secondMs = 1_000
const hourMs = 3_600 * secondMs
const dayMs = 24 * hourMs

/** What changes between steps: the clock, the engine, the disk's room, and what will go wrong. */
export async function prepare(world: World): Promise<{ leaps: boolean }> {
  const { dice, faults, machine } = world
  await world.advanceClock(below(dice, 20 * secondMs))
  if (chance(dice, 0.12)) await world.advanceClock(below(dice, 3 * hourMs))
  // Within the day: history counts by days of admission, and what it makes of their going backwards is not judged here.
  if (world.clockGoesBack && chance(dice, 0.35))
    await world.advanceClock(-below(dice, Math.min(pick(dice, [5_000, 2 * hourMs]), world.clocks.domain() % dayMs)))
  const leaps = chance(dice, 0.08)
  if (leaps) {
    const far = pick(dice, [1, 1, 2, 29, 30, 99]) * dayMs + below(dice, 2 * dayMs)
    await world.advanceClock(world.withDigests ? far % (8 * hourMs) : far)
  }
  if (chance(dice, world.engineUp ? 0.05 : 0.4)) world.setEngine(!world.engineUp)
  if (chance(dice, 0.05)) machine.disk.setCapacity(below(dice, 60_000))
  else if (chance(dice, 0.4)) machine.disk.setCapacity(Infinity)
  await changeBuckets(world)
  if (chance(dice, 0.3)) {
    const target = pick<FaultTarget>(dice, ['disk', 'sync', 'control', 'postings', 'buckets', 'buckets', 'spool'])
    for (let many = 1 + below(dice, 3); many > 0; many--)
      faults.plan({ target, kind: kindOf(dice, target), code: pick(dice, codes), ...place(world, target) })
  }
  if (chance(dice, 0.12)) {
    const target = pick<FaultTarget>(dice, ['disk', 'sync', 'sync', 'control', 'postings', 'buckets', 'spool', 'any'])
    faults.plan({ target, kind: 'kill', ...place(world, target) })
  }
  return { leaps }
}

const codes = ['SlowDown', 'AccessDenied', 'NoSuchBucket', 'InternalError', 'RequestTimeout']
const outages: readonly Outage[] = ['SlowDown', 'AccessDenied', 'InternalError', 'RequestTimeout', 'garbage']

function kindOf(dice: Dice, target: FaultTarget): Fault['kind'] {
  if (target === 'buckets') return pick(dice, ['fail', 'fail', 'late', 'late', 'garbage'] as const)
  return target !== 'control' && target !== 'postings' && chance(dice, 0.3) ? 'full' : 'fail'
}

/** Buckets fail for many steps, are missing for some, and late puts arrive. */
async function changeBuckets({ dice, machine: { buckets }, clocks }: World): Promise<void> {
  const bucket = pick(dice, bucketNames)
  if (chance(dice, 0.05)) await (buckets.exists(bucket) ? buckets.remove(bucket) : buckets.create(bucket))
  if (buckets.outages.has(bucket)) {
    if (chance(dice, 0.3)) buckets.outages.delete(bucket)
  } else if (chance(dice, 0.08)) buckets.outages.set(bucket, pick(dice, outages))
  await buckets.arrive(clocks.domain(), () => chance(dice, 0.3))
}

const place = ({ dice }: World, target: FaultTarget): Pick<Fault, 'skip' | 'when'> => ({
  // Buckets and the spool are called seldom.
  skip: below(dice, target === 'buckets' || target === 'spool' ? 3 : pick(dice, [3, 10, 40])),
  when: pick(dice, ['before', 'half', 'after']),
})
