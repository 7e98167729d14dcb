import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createSchedule, createVirtualClock } from '../clock/index.ts'
import { createRotationJob } from './rotation-job.ts'

const hourMs = 3_600_000

function fixture(rotateDue: (now: number) => Promise<void>) {
  const clock = createVirtualClock({ wall: () => 0, monotonic: () => 0 })
  clock.freeze()
  const failures: unknown[] = []
  const schedule = createSchedule({ now: clock.now, failed: (_, error) => failures.push(error), ticking: false })
  const runs: number[] = []
  const keys = {
    rotateDue(now: number) {
      runs.push(now / hourMs)
      return rotateDue(now)
    },
  }
  schedule.add(createRotationJob({ keys, now: clock.now, failed: (error) => failures.push(error) }))
  return { clock, schedule, runs, failures }
}

test('the keys are looked after every hour; a virtual clock waits for it', async () => {
  let done = 0
  const { clock, schedule, runs } = fixture(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    done++
  })
  await schedule.advance(3.5 * hourMs, clock.set)
  assert.deepEqual([runs, done], [[1, 2, 3], 3])
})

test('a rotation that takes long holds up nothing, and is not begun twice', async () => {
  const { clock, schedule, runs } = fixture(() => new Promise(() => {}))
  clock.set(hourMs)
  await schedule.runDue()
  clock.set(5 * hourMs)
  await schedule.runDue()
  assert.deepEqual(runs, [1])
})

test('a failure is told once, and the next hour tries again', async () => {
  const { clock, schedule, runs, failures } = fixture(() => Promise.reject(new Error('down')))
  await schedule.advance(2 * hourMs, clock.set)
  assert.deepEqual([runs.length, failures.length], [2, 2])
})

test('a clock that is set back by months does not stop it', async () => {
  const { clock, schedule, runs } = fixture(async () => {})
  clock.set(3_000 * hourMs)
  await schedule.runDue()
  clock.set(10 * hourMs)
  await schedule.advance(2 * hourMs, clock.set)
  assert.deepEqual(runs, [3_000, 11, 12])
})
