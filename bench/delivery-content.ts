/**
 * What log files cost: microseconds of the main thread and of all threads per event and trail, from a journal in memory
 * (delivery's own share) and from one on disk; then gzip levels on one file.
 * Run: node --conditions=opentrail-source bench/delivery-content.ts [events]. Prints tables and one line of JSON.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { SelectingVersion } from '@opentrail/core/delivery'
import { admit, splitRecords, splitterStart, type AccountId, type Region, type StreamId } from '@opentrail/core/event'
import type { AdmissionContext, NewEntry, Sequence } from '@opentrail/core/event'
import { defaultSelectors, type TrailSelectors } from '@opentrail/core/selector'
import { createContentBuilder, type ContentBuilder, type FileContent } from '../packages/server/src/delivery/index.ts'
import { createNodeDisk } from '../packages/server/src/disk/index.ts'
import { createMemoryJournal, createWorkerSealer, openSegmentJournal } from '../packages/server/src/journal/index.ts'
import type { Journal } from '../packages/server/src/journal/index.ts'
import { batchTemplate } from './records.ts'

const count = Number(process.argv[2] ?? 50_000)
const account = '111122223333' as AccountId
const region = 'eu-west-1' as Region
const stream = `${account}/${region}` as StreamId
const leadingRegion = 'us-east-1' as Region
const batchSize = 1_000
const rounds = 3

const context = (now: number): AdmissionContext => ({
  origin: 'producer',
  principal: `arn:aws:iam::${account}:user/forwarder`,
  configVersion: 12,
  account,
  region,
  accounts: new Set([account]),
  regions: new Set([region]),
  now,
})

async function fill(journal: Journal): Promise<void> {
  const template = batchTemplate(batchSize, { account, region })
  let now = Date.parse('2026-11-21T08:00:00Z')
  for (let done = 0; done < count; done += batchSize) {
    now += 1_000
    const { records } = splitRecords(splitterStart, Buffer.from(template.fill(now)), true)
    const entries = records.map((record): NewEntry => {
      const admission = admit(record, context(now), () => ({ id: randomUUID(), fromKey: false }))
      if (!admission.ok) throw new Error(admission.refusal.message)
      return admission.entry
    })
    await journal.append(stream, entries)
  }
}

const versionOf = (since: number, selectors: TrailSelectors = defaultSelectors): SelectingVersion => ({
  since,
  isLogging: true,
  homeRegion: region,
  isMultiRegion: true,
  includesGlobalServiceEvents: true,
  isRecursive: true,
  selectors,
})
const writesOf = (name: string): TrailSelectors => ({
  kind: 'advanced',
  selectors: [
    {
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['Management'] },
        { Field: 'eventSource', NotEquals: [name] },
      ],
    },
  ],
})
const alike = (trails: number) => Array.from({ length: trails }, (_, index) => [versionOf(index + 1)])
const different = ['kms.amazonaws.com', 'rdsdata.amazonaws.com', 'a.example', 'b.example', 'c.example']

interface Row {
  readonly what: string
  readonly files: number
  readonly 'main µs/event': number
  readonly 'all threads µs/event': number
  readonly 'events/s': number
  readonly 'RSS MiB': number
}
const table: Row[] = []
const round2 = (value: number): number => Math.round(value * 100) / 100
const microseconds = ({ user, system }: NodeJS.CpuUsage): number => user + system
let sample: FileContent | undefined

/** Takes the whole stream for one trail, range after range; resolves to the number of files. */
async function take(builder: ContentBuilder, versions: readonly SelectingVersion[], to: number): Promise<number> {
  let files = 0
  for (let after: Sequence | 0 = 0; after < to;) {
    const request = { stream, after, to: to as Sequence, versions, leadingRegion, isExact: false }
    const content = await builder.build(request)
    files += content.files.length
    sample ??= content.files[0]
    after = content.to
  }
  return files
}

/** All trails side by side. Events are counted once, not per trail; the best of some rounds: the machine may be busy. */
async function measure(
  what: string,
  journal: Journal,
  trails: readonly (readonly SelectingVersion[])[],
): Promise<void> {
  const last = journal.durable(stream)
  let best: Row | undefined
  for (let round = 0; round < rounds; round++) {
    // New each time, with empty caches.
    const builder = createContentBuilder({ journal })
    try {
      // Threads started, code compiled.
      await take(builder, trails[0]!, 5_000)
      const whole = process.cpuUsage()
      const main = process.threadCpuUsage()
      const start = performance.now()
      const files = await Promise.all(trails.map((versions) => take(builder, versions, last)))
      const seconds = (performance.now() - start) / 1_000
      const row: Row = {
        what,
        files: files.reduce((sum, made) => sum + made, 0),
        'main µs/event': round2(microseconds(process.threadCpuUsage(main)) / last),
        'all threads µs/event': round2(microseconds(process.cpuUsage(whole)) / last),
        'events/s': Math.round(last / seconds),
        'RSS MiB': Math.round(process.memoryUsage.rss() / 2 ** 20),
      }
      if (!best || row['main µs/event'] < best['main µs/event']) best = row
    } finally {
      await builder.close()
    }
  }
  table.push(best!)
}

async function measureAll(where: string, journal: Journal): Promise<void> {
  await measure(`${where}, 1 trail, default selectors`, journal, alike(1))
  await measure(`${where}, 5 trails, default selectors`, journal, alike(5))
  await measure(
    `${where}, 5 trails, all different`,
    journal,
    different.map((name) => [versionOf(1, writesOf(name))]),
  )
}

const directory = await mkdtemp(join(tmpdir(), 'opentrail-bench-'))
const sealer = createWorkerSealer()
try {
  const memory = createMemoryJournal()
  await fill(memory)
  await measureAll('memory', memory)
  const { journal } = await openSegmentJournal({
    disk: createNodeDisk(),
    directory: join(directory, 'journal'),
    // Encryption is the journal's cost, measured with it.
    cipher: {
      prepare: async () => {},
      seal: (_, plaintext) => Buffer.concat(plaintext),
      open: async (_, sealed) => Buffer.from(sealed),
    },
    sealer,
    bytesMax: 2 ** 40,
    onFault: console.error,
  })
  await fill(journal)
  await journal.settled()
  await measureAll('disk', journal)
  await journal.close()

  const json = gunzipSync(sample!.body)
  const levels = [1, 4, 6, 9].map((level) => {
    const before = process.cpuUsage()
    const packed = gzipSync(json, { level, chunkSize: 2 ** 20 })
    const ms = microseconds(process.cpuUsage(before)) / 1_000
    return {
      'gzip level': level,
      'MB/s': Math.round(json.length / ms / 1_000),
      'µs/event': round2((ms * 1_000) / sample!.count),
      ratio: round2(json.length / packed.length),
    }
  })
  console.table(table)
  console.table(levels)
  console.log(JSON.stringify({ benchmark: 'delivery-content', events: count, rows: table, levels }))
} finally {
  await sealer.close()
  await rm(directory, { recursive: true, force: true })
}
