/**
 * Searches over the real journal and engine: pages, histograms and top values by the index alone, text by reading records,
 * inserts beside them, the longest block of the event loop, bytes of the index.
 * Run: node --conditions=opentrail-source bench/search.ts [events] [scans: leave the rest out]
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseEventTime, type NewEntry, type StreamId } from '@opentrail/core/event'
import { parseSearch } from '@opentrail/core/search'
import { createMemoryControlStore } from '../packages/server/src/control/index.ts'
import { createNodeDisk } from '../packages/server/src/disk/index.ts'
import { startEngine } from '../packages/server/src/engine/index.ts'
import { createHistoryIndex, openClickHousePostingsStore } from '../packages/server/src/history/index.ts'
import { createTestCipher } from '../packages/server/src/journal/cipher.testing.ts'
import { createWorkerSealer, openSegmentJournal } from '../packages/server/src/journal/index.ts'
import { createFigures, ms } from './figures.ts'
import { batchTemplate } from './records.ts'

const events = Number(process.argv[2] ?? 1_000_000)
const scansOnly = process.argv[3] === 'scans'
const [account, region] = ['111122223333', 'eu-west-1']
const stream = `${account}/${region}` as StreamId
const perAppend = 1_000
const repetitions = 30
const now = Date.parse('2026-11-21T12:00:00Z')
const spanMs = 24 * 3_600_000

interface BenchRecord {
  readonly eventID: string
  readonly eventTime: string
  readonly eventName: string
  readonly eventSource: string
  readonly readOnly: boolean
  readonly userIdentity: { readonly accessKeyId: string; readonly principalId: string }
  readonly resources?: readonly { readonly type: string; readonly ARN: string }[]
}

/** As admission makes it of such a record. */
function entryOf(line: string): NewEntry {
  const value = JSON.parse(line) as BenchRecord
  const event = {
    eventId: value.eventID,
    eventTime: parseEventTime(value.eventTime),
    eventSource: value.eventSource,
    eventName: value.eventName,
    category: 'Management',
    readOnly: value.readOnly,
    username: value.userIdentity.principalId.split(':')[1],
    accessKeyId: value.userIdentity.accessKeyId,
    resources: (value.resources ?? []).map(({ type, ARN }) => ({ type, name: ARN })),
  }
  const record = Buffer.from(line)
  const principal = `arn:aws:iam::${account}:user/forwarder`
  return {
    idKey: Buffer.from(value.eventID.replaceAll('-', ''), 'hex'),
    recordHash: createHash('sha256').update(record).digest(),
    admittedAt: now,
    envelope: Buffer.from(JSON.stringify({ version: 1, configVersion: 1, origin: 'producer', principal, event })),
    record,
  }
}

const { add, write } = createFigures('search')
const share = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function measure(name: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < repetitions; round++) times.push(await timed(work))
  add(name, `p50 ${ms(share(times, 0.5))}, p95 ${ms(share(times, 0.95))}`, '')
}

const directory = await mkdtemp(join(tmpdir(), 'opentrail-bench-'))
const engine = await startEngine({ directory: join(directory, 'history') })
const sealer = createWorkerSealer()
const { journal } = await openSegmentJournal({
  disk: createNodeDisk(),
  directory: join(directory, 'journal'),
  cipher: createTestCipher(),
  sealer,
  bytesMax: 2 ** 40,
  onFault: console.error,
})
const index = createHistoryIndex({
  journal,
  control: createMemoryControlStore(),
  store: await openClickHousePostingsStore({ client: engine.client }),
  random: { bytes: (length) => randomBytes(length) },
})
const scalar = async (query: string): Promise<number> =>
  Number(await (await engine.client.query({ query, format: 'TabSeparated' })).text())
const bytesPerEvent = async (table: string): Promise<string> => {
  const where = `active AND database = 'opentrail' AND table = '${table}'`
  return ((await scalar(`SELECT sum(bytes_on_disk) FROM system.parts WHERE ${where}`)) / events).toFixed(1)
}
const untilInserted = async (): Promise<void> => {
  while ((index.cursors().get(stream) ?? 0) < journal.durable(stream)) await new Promise((done) => setTimeout(done, 20))
}

try {
  await index.ready()
  // 20 templates of as many different records: values repeat as they do in an account.
  const templates = Array.from({ length: 20 }, () => batchTemplate(perAppend, { account, region }))
  const filling = await timed(async () => {
    for (let done = 0; done < events; done += perAppend) {
      const time = now - spanMs + (spanMs * done) / events
      const lines = templates[(done / perAppend) % templates.length]!.fill(time).toString('latin1').split('\n')
      await journal.append(stream, lines.map(entryOf)) // prettier-ignore
    }
    await untilInserted()
  })
  add('filled', `${Math.round(events / (filling / 1_000))} events/s`, '', 'in one process with the generator')
  await journal.settled()
  while ((await scalar('SELECT count() FROM system.merges')) > 0) await new Promise((done) => setTimeout(done, 200))
  add('index on disk, bytes per event', `postings ${await bytesPerEvent('postings_2')}, events ${await bytesPerEvent('events_2')}`, '') // prettier-ignore

  const scope = (text: string, fromMs = now - spanMs) => {
    const expression = parseSearch(text)
    return {
      streams: [stream],
      ...(expression && { expression }),
      timeMin: Math.floor(fromMs / 1_000),
      timeMax: Math.floor(now / 1_000),
      scanMax: 100_000,
    }
  }
  const search = index.search
  const sample = await search.page({ ...scope('username = "user-7"'), limit: 1 })
  const { eventName } = JSON.parse(Buffer.from(sample.entries[0]!.record).toString()) as BenchRecord
  const combined = `username = "user-7" and eventName = "${eventName}" and readOnly = "true"`
  if (!scansOnly) {
    await measure('page of 50, every event', () => search.page({ ...scope(''), limit: 50 }))
    await measure('page of 50, last hour', () => search.page({ ...scope('', now - 3_600_000), limit: 50 }))
    await measure('page of 50, one attribute', () => search.page({ ...scope('username = "user-7"'), limit: 50 }))
    await measure('page of 50, three attributes', () => search.page({ ...scope(combined), limit: 50 }))
    await measure('page, one event by its id', () => search.page({ ...scope(`eventID = "${randomBytes(4).toString('hex')}"`), limit: 50 })) // prettier-ignore
    await measure('histogram, every event', () => search.counts({ ...scope(''), bucketSeconds: 900 }))
    await measure('histogram, three attributes', () => search.counts({ ...scope(combined), bucketSeconds: 900 }))
    await measure('top 10 user names', () => search.values({ ...scope(''), attribute: 'username', limit: 10 }))
    await measure('top 10 resources', () => search.values({ ...scope(''), attribute: 'resource', limit: 10 }))
    await measure('5,000 known ids', () =>
      search.known(
        stream,
        Array.from({ length: 5_000 }, (_, at) => `id-${at}`),
      ),
    )
  }

  const delay = monitorEventLoopDelay({ resolution: 1 })
  const stoodStill = (): string =>
    `the event loop stood still for ${ms(delay.percentile(99) / 1e6)} (p99), ${ms(delay.max / 1e6)} (max)`
  async function watched<T>(work: () => Promise<T>): Promise<T> {
    delay.enable()
    delay.reset()
    try {
      return await work()
    } finally {
      delay.disable()
    }
  }
  // What others on this machine do to the event loop.
  await watched(() => new Promise((done) => setTimeout(done, 3_000)))
  add('nothing at all', '', '', stoodStill())
  const scan = (text: string): Promise<unknown> => search.counts({ ...scope(text), bucketSeconds: 900 })
  for (const [name, text] of [
    ['text', 'nothing-has-this'],
    ['a member by its path', 'requestParameters.name = "thing-nothing"'],
    ['text of one user', 'username = "user-7" and nothing-has-this'],
  ] as const) {
    const looked = Math.min(100_000, text.startsWith('username') ? events / 60 : events)
    const took = await watched(() => timed(() => scan(text)))
    add(`scan, ${name}`, `${Math.round(looked / (took / 1_000))} records/s`, '', stoodStill())
  }

  /** Appends without a pause for so long. Resolves to events a second. */
  async function intake(forMs: number): Promise<number> {
    const lines = templates[0]!.fill(now).toString('latin1').split('\n').map(entryOf)
    const began = performance.now()
    let appended = 0
    for (; performance.now() - began < forMs; appended += lines.length) await journal.append(stream, lines)
    return Math.round(appended / ((performance.now() - began) / 1_000))
  }
  const intakeAlone = await watched(() => intake(5_000))
  add('intake alone, batches of 1,000', `${intakeAlone} events/s`, '', stoodStill())
  await untilInserted()
  const enough = new AbortController()
  let scans = 0
  const scanning = (async () => {
    for (; !enough.signal.aborted; scans++) await scan('nothing-has-this')
  })()
  const started = performance.now()
  const intakeBeside = await watched(() => intake(5_000))
  enough.abort()
  await scanning
  const scanRate = (scans * Math.min(100_000, events)) / ((performance.now() - started) / 1_000)
  add('intake beside text scans', `${intakeBeside} events/s`, '', `${Math.round(scanRate)} records/s; ${stoodStill()}`)
  await untilInserted()

  const appendOne = async (): Promise<number> => {
    const lines = templates[0]!.fill(now).toString('latin1').split('\n').map(entryOf)
    return timed(async () => {
      await journal.append(stream, lines)
      await untilInserted()
    })
  }
  const alone = [await appendOne(), await appendOne(), await appendOne()]
  const over = new AbortController()
  const beside = (async () => {
    while (!over.signal.aborted) await search.values({ ...scope(''), attribute: 'resource', limit: 10 })
  })()
  const under = [await appendOne(), await appendOne(), await appendOne()]
  over.abort()
  await beside
  add('an insert, from append to store', ms(share(alone, 0.5)), '', `${ms(share(under, 0.5))} beside searches without a pause`) // prettier-ignore
  write()
} finally {
  await index.close()
  await journal.close()
  await sealer.close()
  await engine.close()
  await rm(directory, { recursive: true })
}
