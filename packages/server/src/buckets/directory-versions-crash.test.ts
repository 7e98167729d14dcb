import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createSimulatedDisk, type DiskFault, type SimulatedDisk } from '../disk/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { openDirectoryBucketStoreOn, type DirectoryBucketStore } from './directory-bucket-store.ts'
import { createTestKeys } from './object-keys.testing.ts'
import type { CompletedPart, ObjectStore, StoredVersion } from './object-store.ts'
import { openSimulatedObjectIndex } from './simulated-object-index.testing.ts'

const directory = '/data/buckets'
const bucket = 'logs'
const owner = '111122223333'
const user = { kind: 'account', account: owner, arn: `arn:aws:iam::${owner}:user/tester` } as const
const limit = 1_000

const openOn = (disk: SimulatedDisk): Promise<DirectoryBucketStore> =>
  openDirectoryBucketStoreOn(
    { disk, openIndex: (path) => openSimulatedObjectIndex(disk, path) },
    { directory, keys: createTestKeys(), now: () => 1, partBytesMin: 10 },
  )

/** What was answered, and what was asked for without an answer. */
interface Outcome {
  /** Version ids with their contents. */
  readonly stored: Map<string, string>
  readonly deleted: Set<string>
  readonly triedToDelete: Set<string>
  readonly triedToStore: Set<string>
  uploadId?: string
  readonly parts: Map<number, { readonly etag: string; readonly content: string }>
  isCompleted: boolean
  abortedId?: string
  isAborted: boolean
}

const partContents = ['part one, '.repeat(30), 'part two, replaced', 'part two, '.repeat(30), 'the last part']
const wholeOf = ({ parts }: Outcome): string => [...parts.values()].map(({ content }) => content).join('')

async function* bodyOf(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}

/** Versions, deletions, an upload that is completed and one that is aborted. Every step may fail, and the next one is made. */
async function scenario(disk: SimulatedDisk): Promise<Outcome> {
  const outcome: Outcome = {
    stored: new Map(),
    deleted: new Set(),
    triedToDelete: new Set(),
    triedToStore: new Set(),
    parts: new Map(),
    isCompleted: false,
    isAborted: false,
  }
  let store: DirectoryBucketStore | undefined
  try {
    store = await openOn(disk)
    await store.createBucket(bucket, { owner, region: 'eu-central-1' })
    await store.objects.changeSettings(bucket, (settings) => ({ ...settings, versioning: 'Enabled' }))
    await Promise.allSettled([versionSteps(store.objects, outcome), uploadSteps(store.objects, outcome)])
    await store.close()
    store = await openOn(disk)
    await completeSteps(store.objects, outcome)
  } catch {
    // The power is off, or one call failed: what counts is what was answered until then.
  }
  await store?.close().catch(() => undefined)
  return outcome
}

async function versionSteps(objects: ObjectStore, outcome: Outcome): Promise<void> {
  const put = async (content: string): Promise<void> => {
    outcome.triedToStore.add(content)
    const stored = await objects.putObject({ bucket, key: 'doc', user }, bodyOf(content)).catch(() => undefined)
    if (stored?.versionId !== undefined) outcome.stored.set(stored.versionId, content)
  }
  for (const content of ['first', 'second', 'third'].map((word) => `${word}, `.repeat(50))) await put(content)
  await objects.deleteObject({ bucket, key: 'doc', user }).catch(() => undefined)
  for (const versionId of [...outcome.stored.keys()].slice(1)) {
    outcome.triedToDelete.add(versionId)
    const deleted = await objects.deleteObject({ bucket, key: 'doc', versionId, user }).catch(() => undefined)
    if (deleted) outcome.deleted.add(versionId)
  }
}

async function uploadSteps(objects: ObjectStore, outcome: Outcome): Promise<void> {
  const { uploadId } = await objects.createUpload({ bucket, key: 'big', user })
  outcome.uploadId = uploadId
  for (const [at, number] of [1, 2, 2, 3].entries()) {
    const content = partContents[at]!
    const place = { bucket, key: 'big', uploadId, number, user }
    const part = await objects.putPart(place, bodyOf(content)).catch(() => undefined)
    if (part) outcome.parts.set(number, { etag: part.etag, content })
  }
  const aborted = await objects.createUpload({ bucket, key: 'aborted', user })
  outcome.abortedId = aborted.uploadId
  const place = { bucket, key: 'aborted', uploadId: aborted.uploadId }
  await objects.putPart({ ...place, number: 1, user }, bodyOf('never seen again')).catch(() => undefined)
  await objects.abortUpload(place)
  outcome.isAborted = true
}

async function completeSteps(objects: ObjectStore, outcome: Outcome): Promise<void> {
  const { uploadId, parts } = outcome
  if (uploadId === undefined || parts.size < 3) return
  const chosen: CompletedPart[] = [...parts].map(([number, { etag }]) => ({ number, etag }))
  const place = { bucket, key: 'big', uploadId }
  const completed: StoredVersion = await objects.completeUpload(place, chosen)
  outcome.isCompleted = completed.size === wholeOf(outcome).length
}

async function read(objects: ObjectStore, key: string, versionId: string): Promise<string> {
  const object = await objects.openObject({ bucket, key, versionId, user })
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of object.read({ from: 0, to: object.head.size })) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  } finally {
    await object.close()
  }
}

async function filesOn(disk: SimulatedDisk): Promise<number> {
  const folders = await disk.list(`${directory}/objects`)
  const names = await Promise.all(folders.map((folder) => disk.list(`${directory}/objects/${folder}`)))
  return names.flat().length
}

/** Everything that the store shows, as text; each version is read whole on the way. */
async function check(store: DirectoryBucketStore, disk: SimulatedDisk, outcome: Outcome): Promise<string> {
  const { objects } = store
  if ((await store.listBuckets()).length === 0) {
    assert.equal(outcome.stored.size + outcome.parts.size, 0)
    return 'nothing'
  }
  const { versions } = await objects.listVersions(bucket, { limit })
  const shown: string[] = []
  let files = 0
  for (const { key, versionId, isDeleteMarker } of versions) {
    if (isDeleteMarker) {
      shown.push(`${key} ${versionId} marker`)
      continue
    }
    const content = await read(objects, key, versionId)
    shown.push(`${key} ${versionId} ${content}`)
    files += (await objects.headObject({ bucket, key, versionId })).parts?.length ?? 1
    if (key === 'big') assert.equal(content, wholeOf(outcome))
    else assert.ok(outcome.triedToStore.has(content), `unknown content ${content.slice(0, 30)}`)
    assert.ok(!outcome.deleted.has(versionId), `${versionId} was deleted`)
  }
  for (const [versionId, content] of outcome.stored)
    if (!outcome.triedToDelete.has(versionId)) assert.equal(await read(objects, 'doc', versionId), content)
  const { uploads } = await objects.listUploads(bucket, { limit })
  for (const { key, uploadId } of uploads) {
    const { parts } = await objects.listParts({ bucket, key, uploadId }, { limit })
    files += parts.length
    shown.push(`upload of ${key}: ${parts.map(({ number, etag }) => `${number} ${etag}`).join(', ')}`)
  }
  const isUpload = uploads.some(({ uploadId }) => uploadId === outcome.uploadId)
  const isObject = versions.some(({ key }) => key === 'big')
  if (outcome.uploadId !== undefined) assert.notEqual(isUpload, isObject, 'either the upload or the object')
  if (outcome.isCompleted) assert.ok(isObject)
  if (outcome.isAborted) assert.ok(!uploads.some(({ uploadId }) => uploadId === outcome.abortedId))
  assert.equal(await filesOn(disk), files, 'stray or missing files')
  return shown.join('\n')
}

/** Opens and compares, twice: what the first opening put right has to survive the next power cut. */
async function checkTwice(disk: SimulatedDisk, outcome: Outcome, what: string): Promise<void> {
  try {
    const first = await openOn(disk)
    const shown = await check(first, disk, outcome)
    disk.crash(seededRandom(7))
    const second = await openOn(disk)
    assert.equal(await check(second, disk, outcome), shown)
    await second.close()
  } catch (cause) {
    throw new Error(`after ${what}: ${String(cause)}`, { cause })
  }
}

async function newDisk(): Promise<SimulatedDisk> {
  const disk = createSimulatedDisk()
  await disk.makeDirectory('/data')
  await disk.syncDirectory('/')
  return disk
}

async function operationsOf(): Promise<number> {
  const disk = await newDisk()
  const outcome = await scenario(disk)
  assert.ok(outcome.isCompleted && outcome.isAborted && outcome.deleted.size === 2)
  return disk.operations
}

/** Some hundred openings each: seconds on a quiet machine. */
const timeout = 240_000

describe('versions and uploads', () => {
  for (const kind of ['power-off', 'fail'] as const)
    for (const when of ['before', 'half', 'after'] as const)
      test(
        `${kind} ${when} every single disk operation: each version is whole, and either the upload is there or its object`,
        async () => {
          const operations = await operationsOf()
          assert.ok(operations > 100, `${operations} operations`)
          for (let at = 0; at < operations + 3; at++) {
            const disk = await newDisk()
            const start = disk.operations
            const fault: DiskFault = { kind, when }
            disk.setFault(({ index }) => (index === start + at ? fault : undefined))
            const outcome = await scenario(disk)
            disk.setFault(undefined)
            if (kind === 'power-off') disk.crash(seededRandom(at))
            await checkTwice(disk, outcome, `${kind} ${when} operation ${at}`)
          }
        },
        timeout,
      )
})
