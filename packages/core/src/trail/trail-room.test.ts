import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { conversionFault, roomFault } from './trail-room.ts'
import { regionOf, trail } from './trail.testing.ts'

const regions = ['us-east-1', 'eu-west-1', 'ap-south-2'].map(regionOf)
const multi = { isMultiRegion: true }
const named = (homeRegion: string, ...names: string[]) => names.map((name) => trail({ homeRegion, name }))

describe('a name', () => {
  const candidate = (homeRegion: string, isMultiRegion: boolean) =>
    trail({ id: 'new', homeRegion, name: 'audit', settings: { isMultiRegion } })
  const isTaken = (of: ReturnType<typeof candidate>, by: ReturnType<typeof trail>) =>
    roomFault(of, [by], regions)?.kind === 'name-taken'

  test('is free where no trail and no shadow of that name is', () => {
    const single = trail({ homeRegion: 'us-east-1' })
    const everywhere = trail({ homeRegion: 'us-east-1', settings: multi })
    assert.equal(isTaken(candidate('us-east-1', false), single), true)
    assert.equal(isTaken(candidate('eu-west-1', false), single), false)
    assert.equal(isTaken(candidate('eu-west-1', true), single), true)
    assert.equal(isTaken(candidate('eu-west-1', false), everywhere), true)
    assert.equal(isTaken(candidate('eu-west-1', true), everywhere), true)
    assert.equal(isTaken(candidate('us-east-1', false), trail({ name: 'Audit' })), false)
    assert.equal(
      roomFault(candidate('us-east-1', false), [single], regions)?.message,
      'Trail audit already exists for customer: 111122223333',
    )
  })

  test('does not collide with the trail itself', () => {
    const own = trail({ settings: multi })
    assert.equal(roomFault({ ...own, isLogging: true }, [own], regions), undefined)
  })
})

describe('five trails per Region', () => {
  test('count shadows, and a trail of all Regions needs room in each', () => {
    const shadows = named('ap-south-2', 'one', 'two').map((each) => ({
      ...each,
      settings: { ...each.settings, ...multi },
    }))
    const inEurope = named('eu-west-1', 'three', 'four', 'five')
    const all = [...shadows, ...inEurope]
    const kind = (homeRegion: string, settings = {}) =>
      roomFault(trail({ id: 'new', homeRegion, name: 'six', settings }), all, regions)?.message
    assert.equal(kind('us-east-1'), undefined)
    assert.equal(kind('eu-west-1'), 'User: 111122223333 already has 5 trails in eu-west-1.')
    assert.equal(kind('us-east-1', multi), 'User: 111122223333 already has 5 trails in eu-west-1.')
    assert.equal(roomFault(trail({ homeRegion: 'eu-west-1', name: 'five' }), all.slice(0, 4), regions), undefined)
  })
})

test('turning one Region into all needs name and room elsewhere; nothing else about an update does', () => {
  const before = trail()
  const after = trail({ settings: multi })
  const sameName = trail({ homeRegion: 'eu-west-1' })
  assert.equal(conversionFault(before, after, [before], regions), undefined)
  assert.equal(
    conversionFault(before, after, [before, sameName], regions)?.message,
    'The trail cannot apply to all Regions. Trail audit already exists for customer: 111122223333',
  )
  const full = named('eu-west-1', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5')
  const fault = conversionFault(before, after, [before, ...full], regions)
  assert.deepEqual(
    [fault?.kind, fault?.message],
    [
      'conversion-not-permitted',
      'The trail cannot apply to all Regions. User: 111122223333 already has 5 trails in eu-west-1.',
    ],
  )
  for (const [from, to] of [
    [before, before],
    [after, after],
    [after, before],
  ] as const)
    assert.equal(conversionFault(from, to, [before, sameName, ...full], regions), undefined)
})
