import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { createFigures, ms } from './figures.ts'
import { lookupLoad, untilFound } from './lookups.ts'
import type { LoadOrder, LoadReport } from './load.ts'
import { diskBytes, startBenchServer, type BenchServer } from './server-process.ts'

// The figures of the whole server, from outside, over HTTP, with the load generator in a process of its own.
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    events: { type: 'string', default: '1000000' },
    'events-large': { type: 'string', default: '0' },
    data: { type: 'string' },
  },
})

const { add, write } = createFigures('spine')
const load = async (order: LoadOrder): Promise<LoadReport> => {
  const args = ['--conditions=opentrail-source', join(import.meta.dirname, 'load.ts'), JSON.stringify(order)]
  return JSON.parse((await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 })).stdout) as LoadReport
}

async function metric(server: BenchServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** Seconds until the stored index holds everything that is durable. */
async function untilIndexed(server: BenchServer): Promise<number> {
  const started = performance.now()
  while ((await metric(server, 'opentrail_history_lag_events')) > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
  return (performance.now() - started) / 1_000
}

const cpuOf = (server: BenchServer) => new Map(server.usage().map(({ name, cpuSeconds }) => [name, cpuSeconds]))
const cpuNote = (before: Map<string, number>, after: Map<string, number>, seconds: number, report: LoadReport) =>
  [...after]
    .map(([name, used]) => `${name} ${(((used - (before.get(name) ?? 0)) / seconds) * 100).toFixed(0)} %`)
    .join(', ') + `, load generator ${((report.cpuSeconds / report.seconds) * 100).toFixed(0)} % of one core`

async function main(): Promise<void> {
  const data = values.data ?? mkdtempSync(join(tmpdir(), 'opentrail-bench-'))
  let server = await startBenchServer(data)
  try {
    add('start to ready, empty', ms(server.startMs), '2 s')
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    const idle = server.usage().map(({ name, residentBytes }) => `${name} ${Math.round(residentBytes / 2 ** 20)} MiB`)
    add('idle memory', idle.join(', '), 'as low as the engine allows')

    const { endpoint, account, region, accessKeyId, secretAccessKey } = server
    const order = { endpoint, account, region, accessKeyId, secretAccessKey, recordsPerBatch: 100, connections: 16 }
    await lookupFigures(server, order, Number(values.events))

    const before = cpuOf(server)
    const full = await load({ ...order, seconds: Number(values.seconds) })
    const behind = await untilIndexed(server)
    const rate = full.events / (full.seconds + behind)
    add(
      'events/s accepted, fsynced, indexed',
      `${Math.round(rate)}`,
      '25,000',
      `${full.events} events in ${full.seconds.toFixed(0)} s, index complete ${behind.toFixed(1)} s later, ${full.refused} refused; ${cpuNote(before, cpuOf(server), full.seconds, full)}; acknowledgement p50 ${ms(full.p50)}, p99 ${ms(full.p99)}`,
    )

    const halfOrder = { ...order, seconds: 30, eventsPerSecond: 12_500 }
    const [half, found] = await Promise.all([load(halfOrder), untilFound(server, 25)])
    add(
      'acknowledgement p99 at half that load',
      ms(half.p99),
      '50 ms',
      `p50 ${ms(half.p50)}, max ${ms(half.max)}, ${Math.round(half.events / half.seconds)} events/s`,
    )
    add(
      'acknowledgement until found, p99',
      ms(found.p99),
      '1 s',
      `p50 ${ms(found.p50)}, ${found.count} samples, under that load`,
    )

    await lookupFigures(server, order, Number(values['events-large']))

    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const events = await storedEvents(server)
    await server.stop()
    const disk = diskBytes(data)
    const total = [...disk.values()].reduce((sum, bytes) => sum + bytes, 0)
    add(
      'bytes on disk per event',
      (total / events).toFixed(0),
      'at most 300',
      [...disk]
        .filter(([, bytes]) => bytes > 2 ** 20)
        .map(([name, bytes]) => `${name} ${(bytes / events).toFixed(0)}`)
        .join(', '),
    )
    server = await startBenchServer(data)
    add(`start to ready, ${(events / 1e6).toFixed(1)} M events`, ms(server.startMs), '2 s')
  } finally {
    await server.stop()
    if (values.data === undefined) rmSync(data, { recursive: true, force: true })
  }
  write()
}

/** Fills the store up to `wanted` events (0: leaves the figures out), lets it settle and asks. */
async function lookupFigures(server: BenchServer, order: Omit<LoadOrder, 'seconds'>, wanted: number): Promise<void> {
  if (wanted === 0) return
  const stored = await storedEvents(server)
  if (stored < wanted) await load({ ...order, seconds: 3_600, eventsMax: wanted - stored })
  await untilIndexed(server)
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  const size = `${((await storedEvents(server)) / 1e6).toFixed(1)} M events`
  const closed = await lookupLoad(server, { seconds: 20, connections: 8 })
  add(
    `LookupEvents/s at ${size}`,
    `${Math.round(closed.perSecond)}`,
    '300',
    `closed loop, 8 connections: p50 ${ms(closed.p50)}, p99 ${ms(closed.p99)}; ${closed.byAttribute}`,
  )
  for (const perSecond of [100, 200, 300]) {
    const paced = await lookupLoad(server, { seconds: 15, connections: 32, perSecond })
    add(
      `LookupEvents p99 at ${perSecond}/s, ${size}`,
      ms(paced.p99),
      '50 ms',
      `p50 ${ms(paced.p50)}; ${paced.byAttribute}`,
    )
  }
}

/** Over all streams, from the metric that intake counts and the own events it does not. */
const storedEvents = (server: BenchServer): Promise<number> => metric(server, 'opentrail_journal_events')

await main()
