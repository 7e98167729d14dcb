/**
 * Puts and gets of 1 KB, 1 MB and 1 GB in the directory store: sealed, as they always are, and beside it the same way of a body
 * without a cipher, as format 1 had it. Then the memory that a body of 1 GB takes.
 * Run: node --conditions=opentrail-source bench/buckets.ts [directory]. Prints a table and one line of JSON.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId } from '@opentrail/core/event'
import { createContentFiles } from '../packages/server/src/buckets/directory-content.ts'
import { encodeRecord, looseKey, noValue, objectKey } from '../packages/server/src/buckets/directory-records.ts'
import { createObjectKeys, openDirectoryBucketStore, type ObjectUser } from '../packages/server/src/buckets/index.ts'
import { openLmdbObjectIndex } from '../packages/server/src/buckets/lmdb-object-index.ts'
import { systemRandom } from '../packages/server/src/clock/index.ts'
import { createMemoryControlStore } from '../packages/server/src/control/index.ts'
import { createNodeDisk } from '../packages/server/src/disk/index.ts'
import { openKeyRing } from '../packages/server/src/keyring/index.ts'

const parent = process.argv[2] ?? tmpdir()
const account = '111122223333' as AccountId
const user: ObjectUser = { kind: 'account', account, arn: `arn:aws:iam::${account}:user/bench` }
const pieceBytes = 64 * 1024
const pieces = Array.from({ length: 16 }, (_, n) => Buffer.alloc(pieceBytes, `${n}, not all the same: `))

interface Run {
  readonly what: string
  readonly bytes: number
  readonly count: number
  /** At a time. */
  readonly concurrency: number
}
const runs: readonly Run[] = [
  { what: '1 KB, one at a time', bytes: 1_000, count: 500, concurrency: 1 },
  { what: '1 KB, 16 at a time', bytes: 1_000, count: 5_000, concurrency: 16 },
  { what: '1 MB, one at a time', bytes: 1_000_000, count: 100, concurrency: 1 },
  { what: '1 MB, 16 at a time', bytes: 1_000_000, count: 200, concurrency: 16 },
  { what: '1 GB', bytes: 1_000_000_000, count: 1, concurrency: 1 },
]

async function* bodyOf(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes, n = 0; left > 0; left -= pieceBytes, n++)
    yield pieces[n % pieces.length]!.subarray(0, Math.min(left, pieceBytes))
}

/** What is measured: bytes that are kept, and read back. */
interface Store {
  put(key: string, bytes: number): Promise<void>
  get(key: string): Promise<number>
  close(): Promise<void>
}

async function openSealed(directory: string): Promise<Store> {
  const { cipher, derive } = await openKeyRing({
    control: createMemoryControlStore(),
    source: { kind: 'environment', variable: 'ROOT', value: '00'.repeat(32) },
    random: systemRandom,
    now: Date.now,
  })
  const keys = createObjectKeys({ cipher, indexKey: derive('bucket index') })
  const store = await openDirectoryBucketStore({ directory, keys, now: Date.now })
  await store.createBucket('bench', { owner: account, region: 'eu-central-1' })
  return {
    async put(key, bytes) {
      await store.objects.putObject({ bucket: 'bench', key, user }, bodyOf(bytes))
    },
    async get(key) {
      const object = await store.objects.openObject({ bucket: 'bench', key, user })
      let bytes = 0
      for await (const piece of object.read({ from: 0, to: object.head.size })) bytes += piece.length
      await object.close()
      return bytes
    },
    close: () => store.close(),
  }
}

/** The same steps on the disk, with MD5 and without a cipher. */
async function openPlain(directory: string): Promise<Store> {
  const disk = createNodeDisk()
  for (const name of ['objects', 'index']) await disk.makeDirectory(join(directory, name))
  const files = createContentFiles(disk, join(directory, 'objects'))
  const index = openLmdbObjectIndex(join(directory, 'index'))
  const free: string[] = []
  async function take(): Promise<string> {
    if (free.length === 0) {
      const ids = await files.newIds(32)
      await index.transact((transaction) => ids.forEach((id) => transaction.put(looseKey(id), noValue)))
      free.push(...ids)
    }
    return free.pop()!
  }
  const stored = new Map<string, { id: string; size: number }>()
  return {
    async put(key, bytes) {
      const id = await take()
      const md5 = createHash('md5')
      await files.write(
        id,
        batches(bodyOf(bytes), (piece) => md5.update(piece)),
      )
      const record = { id, size: bytes, etag: md5.digest('hex'), lastModified: Date.now() }
      await index.transact((transaction) => {
        transaction.remove(looseKey(id))
        transaction.put(objectKey('bench', key), encodeRecord(record))
      })
      stored.set(key, { id, size: bytes })
    },
    async get(key) {
      const { id, size } = stored.get(key)!
      const file = await files.open(id)
      let at = 0
      while (at < size) at += (await file.read(at, Math.min(8 * pieceBytes, size - at))).length
      await file.close()
      return at
    },
    close: () => index.close(),
  }
}

async function* batches(
  body: AsyncIterable<Uint8Array>,
  look: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  for await (const piece of body) {
    look(piece)
    batch.push(piece)
    if (batch.length < 8) continue
    yield batch
    batch = []
  }
  yield batch
}

interface Measured {
  readonly perSecond: number
  readonly megabytesPerSecond: number
  readonly cpuMicrosecondsEach: number
  readonly rssGrowthMegabytesMax: number
}

async function measure({ count, bytes, concurrency }: Run, action: (n: number) => Promise<unknown>): Promise<Measured> {
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20)
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
  let next = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < count) await action(next++)
    }),
  )
  const seconds = (performance.now() - startedAt) / 1_000
  const { user: inUser, system } = process.cpuUsage(cpu)
  clearInterval(watch)
  return {
    perSecond: Math.round(count / seconds),
    megabytesPerSecond: Number(((count * bytes) / seconds / 1e6).toFixed(1)),
    cpuMicrosecondsEach: Math.round((inUser + system) / count),
    rssGrowthMegabytesMax: Math.round((peak - before) / 1e6),
  }
}

const rows: object[] = []
for (const [kind, open] of [
  ['sealed', openSealed],
  ['plain', openPlain],
] as const) {
  const directory = await mkdtemp(join(parent, 'opentrail-bench-'))
  const store = await open(directory)
  await store.put('warm', 5_000_000)
  for (const run of runs) {
    const key = (n: number): string => `${run.what}/${n}`
    const put = await measure(run, (n) => store.put(key(n), run.bytes))
    const get = await measure(run, async (n) => {
      const bytes = await store.get(key(n))
      if (bytes !== run.bytes) throw new Error(`${bytes} bytes came back, not ${run.bytes}`)
    })
    for (const [call, figures] of [
      ['put', put],
      ['get', get],
    ] as const)
      rows.push({ kind, what: run.what, call, ...figures })
  }
  await store.close()
  await rm(directory, { recursive: true })
}
console.table(rows)
console.log(JSON.stringify(rows))
