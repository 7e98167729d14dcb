import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Trail } from '@opentrail/core/trail'
import { trail } from '../../../core/src/trail/trail.testing.ts'
import { ControlConflictError, createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { openTrailDirectory, type ControlTrailDirectory } from './control-trail-directory.ts'

const account = '111122223333' as AccountId
const homeRegion = 'eu-west-1' as Region

const trailOf = (name: string, given: { isLogging?: boolean } = {}): Trail =>
  trail({ id: `id-of-${name}`, homeRegion, name, ...given })

/** Replaces the trail of that name, or removes it, in one transaction of `control`. */
const put = (trails: ControlTrailDirectory, control: ControlStore, name: string, after: Trail | undefined) =>
  trails.change((save) =>
    save({ before: trails.find(account, homeRegion, name), after, output: {} }, async ({ writes, committed }) => {
      await control.transact(writes)
      committed?.()
    }),
  )

/** Tells how many documents were read and listed. */
function counting(control: ControlStore) {
  const reads = { gets: 0, lists: 0 }
  const counted: ControlStore = {
    ...control,
    get: (key) => (reads.gets++, control.get(key)),
    list: (prefix, options) => (reads.lists++, control.list(prefix, options)),
  }
  return { reads, counted }
}

test('a change reads back what it wrote, however many trails there are', async () => {
  const control = createMemoryControlStore()
  const { reads, counted } = counting(control)
  const trails = await openTrailDirectory(counted)
  for (let index = 0; index < 5; index++) await put(trails, control, `t${index}`, trailOf(`t${index}`))
  Object.assign(reads, { gets: 0, lists: 0 })
  await put(trails, control, 't0', trailOf('t0', { isLogging: true }))
  // The trail, its version, the configuration.
  assert.deepEqual(reads, { gets: 3, lists: 0 })
  await put(trails, control, 't0', trailOf('t0', { isLogging: false }))
  assert.deepEqual(
    trails.versions('id-of-t0').map(({ isLogging }) => isLogging),
    [true, false],
  )
  assert.equal(trails.byId('id-of-t0')?.isLogging, false)
})

test('what is answered is what another process would read, after changes and after pruning', async () => {
  const control = createMemoryControlStore()
  const trails = await openTrailDirectory(control)
  await put(trails, control, 'a', trailOf('a', { isLogging: true }))
  await put(trails, control, 'b', trailOf('b', { isLogging: true }))
  await put(trails, control, 'a', trailOf('a', { isLogging: false }))
  await put(trails, control, 'b', undefined)
  assert.equal(await trails.prune('id-of-a', trails.configVersion(), () => []), false)
  assert.equal(await trails.prune('id-of-b', trails.configVersion(), () => [{ key: 'also', value: 1 }]), true)
  // Conditional writes still hold what the store has.
  await put(trails, control, 'a', trailOf('a', { isLogging: true }))
  await put(trails, control, 'b', trailOf('b'))
  const other = await openTrailDirectory(control)
  const seen = (directory: ControlTrailDirectory) => ({
    config: directory.configVersion(),
    trails: directory.ofAccount(account),
    byId: directory.byId('id-of-b'),
    versions: directory.trailIds().map((id) => directory.versions(id)),
  })
  assert.deepEqual(seen(trails), seen(other))
  assert.deepEqual(trails.trailIds(), ['id-of-a'])
  assert.deepEqual(
    trails.versions('id-of-a').map(({ since }) => since),
    [4, 6],
  )
  assert.equal((await control.get('also'))?.value, 1)
})

test('a change that waits for a bucket keeps nobody from tidying up', async () => {
  const control = createMemoryControlStore()
  const trails = await openTrailDirectory(control)
  await put(trails, control, 'a', trailOf('a', { isLogging: true }))
  await put(trails, control, 'a', undefined)
  const waiting = Promise.withResolvers<void>()
  const change = trails.change(() => waiting.promise)
  assert.equal(await trails.prune('id-of-a', trails.configVersion(), () => []), false)
  assert.equal(trails.versions('id-of-a').length, 2)
  waiting.resolve()
  await change
  assert.equal(await trails.prune('id-of-a', trails.configVersion(), () => []), true)
})

test('after a commit whose outcome is not known, the next change begins with what the store has', async () => {
  const control = createMemoryControlStore()
  const trails = await openTrailDirectory(control)
  const lost = trails.change((save) =>
    save({ before: undefined, after: trailOf('a', { isLogging: true }), output: {} }, async ({ writes }) => {
      await control.transact(writes)
      throw new ControlConflictError('no answer')
    }),
  )
  await assert.rejects(lost)
  assert.equal(trails.find(account, homeRegion, 'a'), undefined)
  await trails.change(async () => assert.equal(trails.find(account, homeRegion, 'a')?.isLogging, true))
  assert.equal(trails.configVersion(), 2)
})
