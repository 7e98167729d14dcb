import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'vitest'
import { createSimulatedDisk, type DiskFault, type SimulatedDisk } from '../disk/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { openDirectoryBucketStoreOn, type DirectoryBucketStore } from './directory-bucket-store.ts'
import type { ObjectIndex } from './object-index.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { openSimulatedObjectIndex } from './simulated-object-index.testing.ts'

const caller = { kind: 'owner' } as const
const bytesMax = 1_000_000
const directory = '/data/buckets'

/** What a run left to compare with: per key the content last answered for (undefined: deleted), and those that were not. */
interface Outcome {
  readonly acknowledged: Map<string, string | undefined>
  readonly unanswered: Map<string, Set<string | undefined>>
  hasBucket: boolean
}

type OpenedStore = DirectoryBucketStore & {
  /** How many contents the index has. */
  inlineContents(): number
}
async function openOn(disk: SimulatedDisk): Promise<OpenedStore> {
  let index: ObjectIndex | undefined
  const openIndex = async (path: string) => (index = await openSimulatedObjectIndex(disk, path))
  const options = { directory, keys: createTestKeys(), now: () => 1 }
  const store = await openDirectoryBucketStoreOn({ disk, openIndex }, options)
  return { ...store, inlineContents: () => index!.range(Buffer.from('i'), undefined, 100).length }
}

/** What begins so is put as S3 does, with its size told: its content goes into the index. All else goes into files. */
const small = 'small: '

async function put(store: DirectoryBucketStore, key: string, content: string): Promise<void> {
  const body = Buffer.from(content)
  if (!content.startsWith(small)) return void (await store.put({ bucket: 'logs', key, body, caller }))
  const user = { kind: 'account', account: '111122223333', arn: 'arn:aws:iam::111122223333:root' } as const
  await store.objects.putObject({ bucket: 'logs', key, user, expected: { size: body.length } }, Readable.from([body]))
}

async function newDisk(): Promise<SimulatedDisk> {
  const disk = createSimulatedDisk()
  await disk.makeDirectory('/data')
  await disk.syncDirectory('/')
  return disk
}

/** First start, concurrent puts, replacements, deletions and a reopening. Every step may fail, and the next one is made. */
async function scenario(disk: SimulatedDisk): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: new Map(), unanswered: new Map(), hasBucket: false }
  let store: DirectoryBucketStore | undefined
  const step = async (key: string, content: string | undefined): Promise<void> => {
    if (!store) return
    const tried = outcome.unanswered.get(key) ?? new Set()
    outcome.unanswered.set(key, tried.add(content))
    if (content === undefined) await store.deleteObject('logs', key)
    else await put(store, key, content)
    outcome.unanswered.delete(key)
    outcome.acknowledged.set(key, content)
  }
  const round = async (steps: readonly (readonly [string, string | undefined])[]): Promise<void> => {
    await Promise.allSettled(steps.map(([key, content]) => step(key, content)))
  }
  try {
    store = await openOn(disk)
    await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
    outcome.hasBucket = true
    await round([
      ...['a', 'b', 'c'].map((key) => [key, `${key}, first. `.repeat(200)] as const),
      ['e', `${small}e, first`],
      ['f', `${small}f, first`],
    ])
    await round([
      ['a', 'a, second. '.repeat(100)],
      ['d', ''],
      ['b', undefined],
      ['e', 'e, second, in a file'],
      ['f', `${small}f, second`],
    ])
    await store.close()
    store = await openOn(disk)
    await round([
      ['a', undefined],
      ['b', 'b, second'],
      ['c', `${small}c, second. `],
      ['f', undefined],
    ])
  } catch {
    // The power is off, or one call failed: what counts is what was acknowledged until then.
  }
  await store?.close().catch(() => undefined)
  return outcome
}

async function contentOf(store: DirectoryBucketStore, key: string): Promise<string | undefined> {
  try {
    return Buffer.from((await store.get('logs', key, { bytesMax })).body).toString()
  } catch (error) {
    if ((error as { code?: string }).code === 'NoSuchKey') return undefined
    throw error
  }
}

async function filesOn(disk: SimulatedDisk): Promise<number> {
  const folders = await disk.list(`${directory}/objects`)
  const names = await Promise.all(folders.map((folder) => disk.list(`${directory}/objects/${folder}`)))
  return names.flat().length
}

/** Opens, compares, puts, and opens once more after another power cut: what the first opening put right has to last too. */
async function checkTwice(disk: SimulatedDisk, outcome: Outcome, what: string): Promise<void> {
  try {
    const found = new Map<string, string | undefined>()
    for (const pass of [1, 2]) {
      const store = await openOn(disk)
      if (!outcome.hasBucket && (await store.listBuckets()).length === 0) {
        assert.equal(store.isNew, true)
        await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
      }
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
        const content = await contentOf(store, key)
        const { acknowledged, unanswered } = outcome
        const isNext = pass === 1 && unanswered.get(key)?.has(content)
        assert.ok(
          isNext || content === (pass === 1 ? acknowledged : found).get(key),
          `${key} is ${content?.slice(0, 30)} in pass ${pass}`,
        )
        found.set(key, content)
      }
      const { objects } = await store.list('logs', {})
      assert.equal(objects.filter(({ key }) => found.get(key) !== undefined).length, objects.length)
      const inline = [...found.values()].filter((content) => content?.startsWith(small)).length
      assert.equal(store.inlineContents(), inline, 'stray contents in the index')
      assert.equal(await filesOn(disk), objects.length - inline, 'stray files')
      if (pass === 1) {
        await store.put({ bucket: 'logs', key: 'a', body: Buffer.from('after'), caller })
        found.set('a', 'after')
        outcome.hasBucket = true
        disk.crash(seededRandom(7))
      } else await store.close()
    }
  } catch (cause) {
    throw new Error(`after ${what}: ${String(cause)}`, { cause })
  }
}

async function operationsOf(): Promise<number> {
  const disk = await newDisk()
  const { unanswered } = await scenario(disk)
  assert.equal(unanswered.size, 0)
  return disk.operations
}

const seeds = [1, 2, 3]
/** Some hundred openings each: seconds on a quiet machine. */
const timeout = 120_000

describe('a power cut at every single disk operation', () => {
  for (const when of ['before', 'half', 'after'] as const)
    test(
      `${when} it took effect: each object is the old one or the new one, whole, and no file is left over`,
      async () => {
        const operations = await operationsOf()
        assert.ok(operations > 80, `${operations} operations`)
        for (let at = 0; at < operations + 5; at++)
          for (const seed of seeds) {
            const disk = await newDisk()
            const start = disk.operations
            const fault: DiskFault = { kind: 'power-off', when }
            disk.setFault(({ index }) => (index === start + at ? fault : undefined))
            const outcome = await scenario(disk)
            disk.setFault(undefined)
            disk.crash(seededRandom(seed * 1_000 + at))
            await checkTwice(disk, outcome, `power off ${when} operation ${at}, seed ${seed}`)
          }
      },
      timeout,
    )
})

describe('a process that dies with the power on at every single disk operation', () => {
  for (const when of ['before', 'half', 'after'] as const)
    test(
      `${when} it took effect: what was written and not synced is read by the next one`,
      async () => {
        const operations = await operationsOf()
        assert.ok(operations > 80, `${operations} operations`)
        for (let at = 0; at < operations + 5; at++) {
          const disk = await newDisk()
          const start = disk.operations
          // Each call from then on fails: nothing more happens.
          disk.setFault(({ index }) =>
            index < start + at ? undefined : { kind: 'fail', when: index === start + at ? when : 'before' },
          )
          const outcome = await scenario(disk)
          disk.setFault(undefined)
          await checkTwice(disk, outcome, `dying ${when} operation ${at}`)
        }
      },
      timeout,
    )
})

describe('each disk operation failing once, the process going on', () => {
  for (const when of ['before', 'half', 'after'] as const)
    test(
      `${when} it took effect: what was refused left nothing, what was answered is there`,
      async () => {
        const operations = await operationsOf()
        assert.ok(operations > 80, `${operations} operations`)
        for (let at = 0; at < operations; at++) {
          const disk = await newDisk()
          const start = disk.operations
          disk.setFault(({ index }) => (index === start + at ? { kind: 'fail', when } : undefined))
          const outcome = await scenario(disk)
          disk.setFault(undefined)
          await checkTwice(disk, outcome, `fail ${when} operation ${at}`)
        }
      },
      timeout,
    )
})
