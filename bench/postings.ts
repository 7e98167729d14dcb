/**
 * Inserts synthetic postings into the engine host and looks them up: rows per second, CPU of both processes, bytes on
 * disk, latency per attribute, memory. Usage: node --conditions=opentrail-source bench/postings.ts [events] [days]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sequence } from '../packages/core/src/event/index.ts'
import { startEngine } from '../packages/server/src/engine/index.ts'
import {
  openClickHousePostingsStore,
  type EventRows,
  type PostingBatch,
  type PostingRows,
} from '../packages/server/src/history/index.ts'

const events = Number(process.argv[2] ?? 1_000_000)
const days = Number(process.argv[3] ?? 1)
const batchEvents = 25_000
const firstDay = 20_000
const secondsPerDay = 86_400
const inFlight = 4
const findsPerKind = 200

/** How many values each attribute has in a large account; 0: a new one with every event. */
const attributes = [
  { name: 'all events', values: 1 },
  { name: 'EventId', values: 0 },
  { name: 'EventName', values: 300 },
  { name: 'ReadOnly', values: 2 },
  { name: 'Username', values: 2_000 },
  { name: 'ResourceType', values: 30 },
  { name: 'ResourceName', values: 200_000 },
  { name: 'EventSource', values: 60 },
  { name: 'AccessKeyId', values: 3_000 },
] as const

let state = 7
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

function hash(attribute: number, value: number): bigint {
  let mixed = BigInt.asUintN(64, ((BigInt(attribute) << 40n) ^ BigInt(value)) + 0x9e3779b97f4a7c15n)
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n)
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn)
  return mixed ^ (mixed >> 31n)
}
const hashes = attributes.map(({ values }, attribute) =>
  BigUint64Array.from({ length: values }, (_, value) => hash(attribute, value)),
)
/** Of events as such the value is their category. */
const hashOf = (attribute: number, value: number): bigint =>
  attribute === 0 ? 0n : (hashes[attribute]?.[value] ?? hash(attribute, value))
const lookupAttributes = attributes.length - 1

/** Few values are frequent and most are rare, as in real logs. */
const skewed = (values: number): number => Math.floor(values * random() ** 3)

const eventsPerDay = Math.ceil(events / days)
/** The search columns, in the order of `searchAttributes`: how many values each has; -1: a list of up to two. */
const searchValues = [300, 60, 2_000, 2_500, 2_500, 3_000, 200, 5_000, 400, 20, 3, 0, 2, 2, -200_000, -30] as const

const dayOf = (event: number): number => firstDay + Math.floor(event / eventsPerDay)
const timeOf = (event: number): number =>
  dayOf(event) * secondsPerDay + Math.floor(((event % eventsPerDay) * secondsPerDay) / eventsPerDay) - (event % 300)

function eventRows(from: number, count: number): EventRows {
  const events = Array.from({ length: count }, (_, row) => from + row)
  const columns = searchValues.map((values, place) => {
    const lists = events.map((event) => {
      const one = (most: number): bigint => hash(100 + place, most === 0 ? event : skewed(most))
      if (values >= 0) return [one(values)]
      return [...new Set(Array.from({ length: event % 3 }, () => one(-values)))]
    })
    const ends = Uint32Array.from({ length: count })
    let end = 0
    for (const [row, list] of lists.entries()) ends[row] = end += list.length
    const flat = new Uint32Array(BigUint64Array.from(lists.flat()).buffer)
    return values >= 0 ? { values: flat } : { values: flat, ends }
  })
  return {
    length: count,
    day: Uint16Array.from(events, dayOf),
    stream: new Uint32Array(count).fill(1),
    category: new Uint8Array(count),
    time: Uint32Array.from(events, timeOf),
    sequence: Float64Array.from(events, (event) => event + 1),
    columns,
  }
}

const batchOf = (from: number, count: number): PostingBatch => ({
  postings: postingRows(from, count),
  events: eventRows(from, count),
})

function postingRows(from: number, count: number): PostingRows {
  const length = count * lookupAttributes
  const rows = {
    length,
    day: new Uint16Array(length),
    stream: new Uint32Array(length).fill(1),
    attribute: new Uint8Array(length),
    value: new BigUint64Array(length),
    time: new Uint32Array(length),
    sequence: new Float64Array(length),
  }
  for (let row = 0; row < length; row++) {
    const attribute = 1 + (row % lookupAttributes)
    const event = from + Math.floor(row / lookupAttributes)
    const values = attributes[attribute]?.values ?? 0
    rows.day[row] = dayOf(event)
    rows.attribute[row] = attribute
    rows.value[row] = hashOf(attribute, values === 0 ? event : skewed(values))
    rows.time[row] = timeOf(event)
    rows.sequence[row] = event + 1
  }
  return rows
}

const processSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
const memory = (pid: number): string => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const megabytes = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return `${megabytes('VmRSS')} MB (own ${megabytes('RssAnon')}, library and files ${megabytes('RssFile')})`
}
const ownSeconds = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6
const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
const results: Record<string, unknown> = {}
function print(name: string, value: string | number): void {
  results[name] = value
  console.log(`${name.padEnd(34)} ${value}`)
}

if (!existsSync('/proc/self/stat')) throw new Error('this benchmark reads /proc: run it on Linux')
const directory = mkdtempSync(join(tmpdir(), 'bench-postings-'))
let began = performance.now()
const engine = await startEngine({ directory })
print('start, empty (ms)', Math.round(performance.now() - began))
const store = await openClickHousePostingsStore({ client: engine.client })
const pid = engine.pid() as number
print('memory, empty', memory(pid))

let ownCpu = 0
const engineCpu = processSeconds(pid)
let wall = 0
for (let from = 0; from < events; from += batchEvents) {
  const rows = batchOf(from, Math.min(batchEvents, events - from))
  const [before, cpuBefore] = [performance.now(), ownSeconds()]
  await store.insert(rows, `batch-${from}`)
  wall += performance.now() - before
  ownCpu += ownSeconds() - cpuBefore
}
print('insert: rows/s', Math.round((events * attributes.length) / (wall / 1000)))
print('insert: events/s', Math.round(events / (wall / 1000)))
print('insert: CPU s, main', ownCpu.toFixed(2))
print('insert: CPU s, engine and merges', (processSeconds(pid) - engineCpu).toFixed(2))
print('memory after inserts', memory(pid))

const scalar = async (query: string): Promise<string> =>
  (await (await engine.client.query({ query, format: 'TabSeparated' })).text()).trim()
const partsQuery = "SELECT count(), sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'opentrail'"
const quiet = async (): Promise<void> => {
  while ((await scalar('SELECT count() FROM system.merges')) !== '0') await new Promise((done) => setTimeout(done, 200))
}

async function measureFinds(title: string): Promise<void> {
  await quiet()
  console.log(`\n${title}: parts, bytes ${await scalar(partsQuery)}`)
  console.log('attribute'.padEnd(16), 'rows', 'p50 ms', 'p99 ms', 'CPU ms (main + engine)')
  for (const [attribute, { name, values }] of attributes.entries()) {
    const took: number[] = []
    let found = 0
    let next = 0
    const find = async (): Promise<void> => {
      const value = values === 0 ? Math.floor(random() * events) : skewed(values)
      const start = performance.now()
      const postings = await store.find({
        stream: 1,
        attribute,
        value: hashOf(attribute, value),
        timeMin: 0,
        timeMax: (firstDay + days) * secondsPerDay,
        sequenceMax: events as Sequence,
        limit: 50,
      })
      took.push(performance.now() - start)
      found += postings.length
    }
    const run = async (count: number): Promise<void> => {
      next = 0
      await Promise.all(Array.from({ length: inFlight }, async () => { while (next++ < count) await find() })) // prettier-ignore
    }
    await run(40)
    took.length = 0
    found = 0
    const [main, host] = [ownSeconds(), processSeconds(pid)]
    await run(findsPerKind)
    const perFind = (seconds: number): string => ((seconds * 1000) / findsPerKind).toFixed(2)
    took.sort((left, right) => left - right)
    const cpu = `${perFind(ownSeconds() - main)} + ${perFind(processSeconds(pid) - host)}`
    results[`${title}: ${name}`] = { p50: at(took, 0.5), p99: at(took, 0.99), cpu }
    const mean = (found / findsPerKind).toFixed(0).padStart(4)
    console.log(name.padEnd(16), mean, at(took, 0.5).toFixed(1).padStart(6), at(took, 0.99).toFixed(1).padStart(6), cpu)
  }
}

await measureFinds('find, after inserts')
if (process.argv.includes('--merge')) {
  for (const table of ['postings_2', 'events_2'])
    await engine.client.command({ query: `OPTIMIZE TABLE opentrail.${table} FINAL` })
  await measureFinds('find, merged')
}
print('bytes per event on disk', (Number((await scalar(partsQuery)).split('\t')[1]) / events).toFixed(1))
print('memory after finds', memory(pid))
began = performance.now()
const counts = await store.counts()
print('counts() (ms)', Math.round(performance.now() - began))
if (counts.reduce((sum, count) => sum + count.events, 0) !== events) throw new Error('events are missing')
await engine.close()
began = performance.now()
const again = await startEngine({ directory })
print('start with data (ms)', Math.round(performance.now() - began))
print('memory, idle with data', memory(again.pid() as number))
await again.close()
rmSync(directory, { recursive: true })
if (process.env['BENCH_JSON'] !== undefined) writeFileSync(process.env['BENCH_JSON'], JSON.stringify(results, null, 2))
