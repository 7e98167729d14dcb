import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createSchedule, type ScheduleOptions } from './schedule.ts'
import { createVirtualClock } from './virtual-clock.ts'

const minute = 60_000

function fixture() {
  const clock = createVirtualClock({ wall: () => 1_000_000, monotonic: () => 0 })
  clock.freeze()
  const log: string[] = []
  const options: ScheduleOptions = {
    now: clock.now,
    failed: (job, error) => void log.push(`${job} failed: ${(error as Error).message}`),
    ticking: false,
  }
  const schedule = createSchedule(options)
  const job = (name: string, everyMs: number) =>
    schedule.add({
      name,
      everyMs,
      run: async (dueAt) =>
        void log.push(`${name}@${(dueAt - 1_000_000) / minute}/${(clock.now() - 1_000_000) / minute}`),
    })
  return { clock, schedule, log, job }
}

describe('schedule', () => {
  test('advancing runs what falls due, in due order, with the clock at the moment it is due', async () => {
    const { clock, schedule, log, job } = fixture()
    job('a', 2 * minute)
    job('b', 3 * minute)
    await schedule.advance(6 * minute, clock.set)
    assert.deepEqual(log, ['a@2/2', 'b@3/3', 'a@4/4', 'a@6/6', 'b@6/6'])
    assert.equal(clock.now(), 1_000_000 + 6 * minute)
  })

  test('a clock that jumps ahead makes a late job run once, not once per missed period', async () => {
    const { clock, schedule, log, job } = fixture()
    job('a', minute)
    clock.set(clock.now() + 100 * minute)
    await schedule.runDue()
    assert.deepEqual(log, ['a@1/100'])
  })

  test('a clock that is set back makes a job run a period later, not when it is there again', async () => {
    const { clock, schedule, log, job } = fixture()
    job('a', minute)
    clock.set(clock.now() - 100 * minute)
    await schedule.runDue()
    await schedule.advance(2 * minute, clock.set)
    assert.deepEqual(log, ['a@-99/-99', 'a@-98/-98'])
  })

  test('a failing job is reported and runs again', async () => {
    const { clock, schedule, log } = fixture()
    schedule.add({ name: 'bad', everyMs: minute, run: () => Promise.reject(new Error('no')) })
    await schedule.advance(2 * minute, clock.set)
    assert.deepEqual(log, ['bad failed: no', 'bad failed: no'])
  })

  test('a virtual clock ticks on unless frozen', () => {
    let elapsed = 0
    const clock = createVirtualClock({ wall: () => 5_000, monotonic: () => elapsed })
    elapsed = 10
    assert.equal(clock.now(), 5_010)
    clock.freeze()
    elapsed = 99
    assert.equal(clock.now(), 5_010)
    clock.unfreeze()
    elapsed = 100
    assert.equal(clock.now(), 5_011)
    clock.set(1)
    assert.equal(clock.now(), 1)
  })

  test('a clock that is set back puts a job off by one period at most', async () => {
    const { clock, schedule, log, job } = fixture()
    job('a', 10 * minute)
    clock.set(1_000_000 - 5_000 * minute)
    await schedule.runDue()
    assert.deepEqual(log, [])
    clock.set(1_000_000 - 4_990 * minute)
    await schedule.runDue()
    assert.deepEqual(log, ['a@-4990/-4990'])
  })
})
