import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createMemoryControlStore, type FaultPoint } from '../control/index.ts'
import { base64, dayMs, fakeKeyRing, openKmsWorld, start, type KmsWorld } from './kms.testing.ts'

/** A control store whose next transaction fails at `point`, once it is set. */
function failingControl() {
  const state: { point: FaultPoint | undefined } = { point: undefined }
  const control = createMemoryControlStore({
    fault() {
      const { point } = state
      state.point = undefined
      return point
    },
  })
  return { control, state }
}

/** What a reader finds of all keys, materials by their ids. */
const found = ({ keys }: KmsWorld): unknown =>
  [...keys.store.all()]
    .map((key) => ({ ...key, aliases: keys.store.aliasesOfKey(key.id) }))
    .sort((a, b) => Number(a.id > b.id) - Number(a.id < b.id))

interface Change {
  readonly name: string
  /** Before the fault: the inputs of what follows. */
  prepare(world: KmsWorld): Promise<object>
  /** Of the domain, after which the job runs. */
  readonly afterDays?: number
}

const keyId = async (world: KmsWorld) => ({ KeyId: (await world.createKey()).id })
const changes: readonly Change[] = [
  { name: 'CreateKey', prepare: async () => ({}) },
  { name: 'DisableKey', prepare: keyId },
  { name: 'RotateKeyOnDemand', prepare: keyId },
  { name: 'EnableKeyRotation', prepare: keyId },
  { name: 'ScheduleKeyDeletion', prepare: keyId },
  {
    name: 'CreateAlias',
    prepare: async (world) => ({ TargetKeyId: (await world.createKey()).id, AliasName: 'alias/a' }),
  },
]

describe('a write that fails', () => {
  for (const point of ['before', 'after'] as const)
    for (const { name, prepare } of changes)
      test(`of ${name}, ${point} it took effect: memory says what the store says, and what follows works`, async () => {
        const { control, state } = failingControl()
        const keyRing = fakeKeyRing()
        const world = await openKmsWorld({ control, keyRing })
        const bystander = await world.createKey()
        const { CiphertextBlob } = await world.ok('Encrypt', { KeyId: bystander.id, Plaintext: base64('x') })
        const input = await prepare(world)
        const before = found(world)
        state.point = point
        const reply = await world.call(name, input)
        assert.equal(reply.body['__type'], 'KMSInternalException')
        const next = await openKmsWorld({ control, keyRing })
        assert.deepEqual(found(world), found(next))
        if (point === 'before') assert.deepEqual(found(world), before)
        else assert.notDeepEqual(found(world), before)
        // The next change begins with what the store holds.
        await world.ok('UpdateKeyDescription', { KeyId: bystander.id, Description: 'after' })
        const opened = await next.ok('Decrypt', { CiphertextBlob })
        assert.equal(opened['Plaintext'], base64('x'))
      })

  for (const point of ['before', 'after'] as const)
    test(`of the job that destroys and rotates, ${point} it took effect: it is done in the end, once`, async () => {
      const { control, state } = failingControl()
      const keyRing = fakeKeyRing()
      const world = await openKmsWorld({ control, keyRing })
      const [doomed, kept] = [await world.createKey(), await world.createKey()]
      await world.ok('ScheduleKeyDeletion', { KeyId: doomed.id })
      await world.ok('EnableKeyRotation', { KeyId: kept.id })
      world.time.now = start + 400 * dayMs
      for (const fault of [point, point, undefined, undefined]) {
        state.point = fault
        await world.job.run(world.time.now)
        world.time.now += 60_000
      }
      for (const each of [world, await openKmsWorld({ control, keyRing })]) {
        assert.equal(each.keys.store.key(doomed.id), undefined)
        assert.equal(each.keys.store.key(kept.id)!.materials.length, 2)
      }
    })
})

test('a process that dies keeps every key that was answered for, and what it sealed', async () => {
  const control = createMemoryControlStore()
  const keyRing = fakeKeyRing()
  const world = await openKmsWorld({ control, keyRing })
  const sealed: { readonly KeyId: string; readonly CiphertextBlob: unknown }[] = []
  for (let number = 0; number < 5; number++) {
    const { id: KeyId } = await world.createKey()
    const { CiphertextBlob } = await world.ok('Encrypt', { KeyId, Plaintext: base64(KeyId) })
    sealed.push({ KeyId, CiphertextBlob })
  }
  // Under way when the process dies: either they are there whole, or not at all.
  const [rotated, deleted] = [sealed[0]!.KeyId, sealed[1]!.KeyId]
  const lost = [
    world.call('RotateKeyOnDemand', { KeyId: rotated }),
    world.call('ScheduleKeyDeletion', { KeyId: deleted }),
    world.call('CreateKey', {}),
  ]
  const next = await openKmsWorld({ control: control.crash(), keyRing })
  await Promise.allSettled(lost)
  assert.equal([...next.keys.store.all()].length, 5)
  for (const { KeyId, CiphertextBlob } of sealed)
    assert.equal((await next.ok('Decrypt', { CiphertextBlob }))['Plaintext'], base64(KeyId))
})

test('changes of one key at the same time happen one after the other, and none is lost', async () => {
  const world = await openKmsWorld()
  const { id } = await world.createKey()
  const tagging = Array.from({ length: 20 }, (_, number) =>
    world.ok('TagResource', { KeyId: id, Tags: [{ TagKey: `tag-${number}`, TagValue: 'x' }] }),
  )
  await Promise.all([...tagging, world.ok('RotateKeyOnDemand', { KeyId: id })])
  const key = world.keys.store.key(id)!
  assert.equal(key.tags.length, 20)
  assert.equal(key.materials.length, 2)
})
