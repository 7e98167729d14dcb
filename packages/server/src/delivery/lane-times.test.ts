import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { defaultDeliveryLimits } from './delivery-limits.ts'
import { createLaneTimes } from './lane-times.ts'

const second = 1_000
const minute = 60 * second
const day = 86_400 * second

function fixture() {
  let clock = day + 30 * second
  const limits = { ...defaultDeliveryLimits, intervalMs: minute, ownDeliveriesWaitMs: 15 * minute }
  const times = createLaneTimes(limits, () => clock)
  return {
    times,
    pass: (ms: number) => void (clock += ms),
    /** Milliseconds from now; undefined: never. */
    dueIn() {
      const at = times.dueAt(false, false)
      return at === undefined ? undefined : at - clock
    },
  }
}

describe('a lane is due', () => {
  test('at the next whole interval after something began to wait', () => {
    const { times, pass, dueIn } = fixture()
    assert.equal(dueIn(), undefined)
    times.waiting()
    assert.equal(dueIn(), 30 * second)
    pass(20 * second)
    times.waiting()
    assert.equal(dueIn(), 10 * second)
    times.began()
    assert.equal(dueIn(), undefined)
    times.ended('done', false)
    assert.equal(dueIn(), undefined)
  })

  test('later after each failure, up to the longest pause', () => {
    const { times, dueIn } = fixture()
    const pauses = Array.from({ length: 12 }, () => {
      times.began()
      times.failed()
      return dueIn()
    })
    assert.deepEqual(pauses.slice(0, 4), [1_000, 2_000, 4_000, 8_000])
    assert.equal(pauses.at(-1), defaultDeliveryLimits.pauseMaxMs)
  })

  test('late while own deliveries alone wait, but with the next interval once something else came', () => {
    const { times, pass, dueIn } = fixture()
    times.waiting()
    times.began()
    times.ended('postponed', true)
    assert.equal(dueIn(), 15 * minute)
    pass(5 * minute)
    times.waiting()
    assert.equal(dueIn(), 30 * second)
    times.began()
    // It came while they were looked at.
    times.waiting()
    times.ended('postponed', true)
    assert.equal(dueIn(), 30 * second)
  })

  test('no later because the clock was set back', () => {
    const waiting = fixture()
    waiting.times.waiting()
    waiting.pass(-day)
    assert.equal(waiting.dueIn(), 30 * second)
    const failed = fixture()
    failed.times.began()
    failed.times.failed()
    failed.pass(-day)
    assert.equal(failed.dueIn(), defaultDeliveryLimits.pauseMaxMs)
    failed.pass(minute)
    assert.equal(failed.dueIn(), defaultDeliveryLimits.pauseMaxMs - minute)
    const postponed = fixture()
    postponed.times.began()
    postponed.times.ended('postponed', true)
    postponed.pass(-day)
    assert.equal(postponed.dueIn(), 15 * minute)
  })
})
