import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { BucketError } from './bucket-store.ts'
import type { DirectoryBucketStore } from './directory-bucket-store.ts'
import { openMemoryObjectStore } from './memory-object-store.ts'
import { createTestKeys } from './object-keys.testing.ts'

/*
 * A model of S3's versions and locks that knows nothing of the store: each key is a list of versions, newest first, and a
 * version's name is how the test made it. The store is asked the same, and has to give the same answers and show the same.
 */
interface ModelVersion {
  /** The store's id. */
  id: string
  readonly content: string | undefined
  lock: { mode: 'GOVERNANCE' | 'COMPLIANCE'; until: number } | undefined
  isHeld: boolean
}
interface Model {
  readonly keys: Map<string, ModelVersion[]>
  versioning: 'Enabled' | 'Suspended' | undefined
  hasLock: boolean
  now: number
}
interface World {
  readonly model: Model
  readonly store: DirectoryBucketStore
  readonly time: { now: number }
  puts: number
}

const bucket = 'logs'
const owner = '111122223333'
const user = { kind: 'account', account: owner, arn: `arn:aws:iam::${owner}:user/tester` } as const
const hour = 3_600_000

const codeOf = async (action: () => Promise<unknown>): Promise<string> => {
  try {
    await action()
    return 'ok'
  } catch (error) {
    if (error instanceof BucketError) return error.code
    throw error
  }
}
const versionsOf = (model: Model, key: string): ModelVersion[] => {
  const found = model.keys.get(key) ?? []
  model.keys.set(key, found)
  return found
}
const isLocked = ({ lock, isHeld }: ModelVersion, now: number, bypasses: boolean): boolean =>
  isHeld || (lock !== undefined && lock.until > now && (lock.mode === 'COMPLIANCE' || !bypasses))

/** In front of the others; a version `null` takes the place of the one that there is. */
function addTo(model: Model, key: string, version: ModelVersion): void {
  const versions = versionsOf(model, key)
  if (version.id === 'null') {
    const at = versions.findIndex(({ id }) => id === 'null')
    if (at >= 0) versions.splice(at, 1)
  }
  versions.unshift(version)
}

type Step = (world: World) => Promise<void>

const keyOf = fc.constantFrom('a', 'a/b', 'ä')
const lockOf = fc.option(
  fc.record({
    mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const),
    hours: fc.integer({ min: 1, max: 5 }),
  }),
  { nil: undefined },
)

const puts = fc
  .tuple(keyOf, lockOf, fc.boolean(), fc.boolean())
  .map(([key, lock, isHeld, isUpload]): Step => async (world) => {
    const { model, store } = world
    const content = `content ${world.puts++} of ${key}`
    const retention = model.hasLock && lock ? { mode: lock.mode, until: model.now + lock.hours * hour } : undefined
    const marks = { ...(retention && { retention }), ...(model.hasLock && isHeld && { isLegallyHeld: true }) }
    const body = async function* () {
      yield Buffer.from(content)
    }
    const request = { bucket, key, user, ...marks }
    let stored
    if (isUpload) {
      const { uploadId } = await store.objects.createUpload(request)
      const place = { bucket, key, uploadId }
      const { etag } = await store.objects.putPart({ ...place, number: 1, user }, body())
      stored = await store.objects.completeUpload(place, [{ number: 1, etag }])
    } else stored = await store.objects.putObject(request, body())
    const id = stored.versionId ?? 'null'
    if (model.versioning !== 'Enabled') assert.equal(id, 'null')
    addTo(model, key, { id, content, lock: retention, isHeld: marks.isLegallyHeld ?? false })
  })

const deletions = fc
  .tuple(keyOf, fc.option(fc.nat({ max: 5 }), { nil: undefined }), fc.boolean())
  .map(([key, which, bypassesGovernance]): Step => async ({ model, store }) => {
    const versions = versionsOf(model, key)
    if (which === undefined) {
      const deleted = await store.objects.deleteObject({ bucket, key, user })
      if (model.versioning === undefined) versions.length = 0
      else addTo(model, key, { id: deleted.versionId!, content: undefined, lock: undefined, isHeld: false })
      return
    }
    const version = versions[which]
    if (!version) return
    const request = { bucket, key, versionId: version.id, user, bypassesGovernance }
    const code = await codeOf(() => store.objects.deleteObject(request))
    assert.equal(code, isLocked(version, model.now, bypassesGovernance) ? 'AccessDenied' : 'ok')
    if (code === 'ok') versions.splice(which, 1)
  })

const locks = fc
  .tuple(keyOf, fc.nat({ max: 5 }), lockOf, fc.boolean(), fc.boolean())
  .map(([key, which, lock, isHeld, bypassesGovernance]): Step => async ({ model, store }) => {
    const version = versionsOf(model, key)[which]
    if (!version || !model.hasLock) return
    const after = lock && { mode: lock.mode, until: model.now + lock.hours * hour }
    const marks = { ...(after && { retention: after }), isLegallyHeld: isHeld }
    const place = { bucket, key, versionId: version.id, bypassesGovernance }
    const code = await codeOf(() => store.objects.changeVersion(place, () => marks))
    const before = version.lock && version.lock.until > model.now ? version.lock : undefined
    const isSame = version.lock?.mode === after?.mode && version.lock?.until === after?.until
    const isLonger = before !== undefined && after?.mode === before.mode && after.until >= before.until
    const isAllowed = isSame || !before || isLonger || (before.mode === 'GOVERNANCE' && bypassesGovernance)
    assert.equal(code, version.content === undefined ? 'MethodNotAllowed' : isAllowed ? 'ok' : 'AccessDenied')
    if (code !== 'ok') return
    version.lock = after
    version.isHeld = isHeld
  })

const settings = fc
  .constantFrom('Enabled' as const, 'Suspended' as const, 'lock' as const)
  .map((what): Step => async ({ model, store }) => {
    const change = what === 'lock' ? { versioning: 'Enabled' as const, objectLock: {} } : { versioning: what }
    const code = await codeOf(() => store.objects.changeSettings(bucket, (before) => ({ ...before, ...change })))
    assert.equal(code, model.hasLock && what === 'Suspended' ? 'InvalidBucketState' : 'ok')
    if (code !== 'ok') return
    model.versioning = change.versioning
    model.hasLock ||= what === 'lock'
  })

const waits = fc.integer({ min: 0, max: 3 }).map((hours): Step => async ({ model, time }) => {
  model.now += hours * hour + 1
  time.now = model.now
})

const steps = fc.array(
  fc.oneof(
    { arbitrary: puts, weight: 5 },
    { arbitrary: deletions, weight: 4 },
    { arbitrary: locks, weight: 3 },
    { arbitrary: settings, weight: 1 },
    { arbitrary: waits, weight: 1 },
  ),
  { minLength: 5, maxLength: 40 },
)

async function read(store: DirectoryBucketStore, key: string, versionId: string): Promise<string> {
  const object = await store.objects.openObject({ bucket, key, versionId, user })
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of object.read({ from: 0, to: object.head.size })) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  } finally {
    await object.close()
  }
}

/** All that the store shows is what the model has: listings, heads and contents. */
async function compare({ model, store }: World): Promise<void> {
  const expected = [...model.keys]
    .filter(([, versions]) => versions.length > 0)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const { versions } = await store.objects.listVersions(bucket, { limit: 1_000 })
  assert.deepEqual(
    versions.map(({ key, versionId, isLatest, isDeleteMarker }) => [key, versionId, isLatest, isDeleteMarker]),
    expected.flatMap(([key, list]) => list.map(({ id, content }, at) => [key, id, at === 0, content === undefined])),
  )
  const { objects } = await store.objects.listObjects(bucket, { limit: 1_000 })
  assert.deepEqual(
    objects.map(({ key }) => key),
    expected.filter(([, list]) => list[0]!.content !== undefined).map(([key]) => key),
  )
  for (const [key, list] of expected) {
    const code = await codeOf(() => store.objects.headObject({ bucket, key }))
    assert.equal(code, list[0]!.content === undefined ? 'NoSuchKey' : 'ok')
    for (const { id, content } of list) if (content !== undefined) assert.equal(await read(store, key, id), content)
  }
}

test('any row of puts, uploads, deletions, locks and settings leaves what S3 would', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(steps, async (row) => {
      const time = { now: Date.UTC(2026, 10, 21) }
      const store = await openMemoryObjectStore({ now: () => time.now, keys: createTestKeys(), partBytesMin: 1 })
      await store.createBucket(bucket, { owner, region: 'eu-central-1' })
      const model: Model = { keys: new Map(), versioning: undefined, hasLock: false, now: time.now }
      const world: World = { model, store, time, puts: 0 }
      for (const step of row) await step(world)
      await compare(world)
      compared += 1
      await store.close()
    }),
    { numRuns: 150 },
  )
  assert.equal(compared, 150)
}, 120_000)
