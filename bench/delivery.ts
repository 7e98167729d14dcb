import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { createFigures, ms } from './figures.ts'
import type { LoadOrder, LoadReport } from './load.ts'
import { batchTemplate } from './records.ts'
import { sendBatch } from './send-batch.ts'
import { startBenchServer, type BenchServer } from './server-process.ts'

// Trails under load: what is accepted, fsynced, indexed and delivered, from outside, with 0, 1, 5 and 50 trails attached.
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    trails: { type: 'string', default: '0,1,5,50' },
    'latency-seconds': { type: 'string', default: '90' },
    'down-seconds': { type: 'string', default: '600' },
    verify: { type: 'boolean', default: false },
  },
})

const bucket = 'opentrail-logs'
/** Ten Regions with five trails each are fifty. */
const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-central-1',
  'ap-south-1',
  'ap-southeast-1',
]
const trailsPerRegion = 5
const figures = createFigures('delivery')

const load = async (order: LoadOrder): Promise<LoadReport> => {
  const args = ['--conditions=opentrail-source', join(import.meta.dirname, 'load.ts'), JSON.stringify(order)]
  return JSON.parse((await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 })).stdout) as LoadReport
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function clientOptions(server: BenchServer, region: string) {
  const { endpoint, accessKeyId, secretAccessKey } = server
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
}

async function attachTrails(server: BenchServer, many: number, to = bucket): Promise<readonly string[]> {
  const used = many <= trailsPerRegion ? [server.region] : regions
  for (let index = 0; index < many; index++) {
    const cloudTrail = new CloudTrailClient(clientOptions(server, used[index % used.length]!))
    const Name = `trail-${index}`
    await cloudTrail.send(new CreateTrailCommand({ Name, S3BucketName: to, S3KeyPrefix: Name }))
    await cloudTrail.send(new StartLoggingCommand({ Name }))
    cloudTrail.destroy()
  }
  return used
}

async function metrics(server: BenchServer): Promise<Map<string, number>> {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text()
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}
const delivered = (all: Map<string, number>) => all.get(`opentrail_delivered_events_total{bucket="${bucket}"}`) ?? 0

/** Seconds until nothing is left to index, and nothing but the last interval to deliver. */
async function untilDone(server: BenchServer): Promise<number> {
  const started = performance.now()
  for (;;) {
    const all = await metrics(server)
    const waits = all.get('opentrail_history_lag_events')! > 0 || all.get('opentrail_delivery_backlog_entries')! > 0
    if (!waits) return (performance.now() - started) / 1_000
    await pause(50)
  }
}

/** Resident memory of the server's own process, sampled each second until stopped. */
function watchMemory(server: BenchServer) {
  const samples: number[] = []
  const read = () => samples.push(server.usage().find(({ name }) => name === 'server')!.residentBytes)
  const timer = setInterval(read, 1_000)
  return () => {
    clearInterval(timer)
    const mib = samples.map((bytes) => bytes / 2 ** 20)
    const third = Math.max(1, Math.floor(mib.length / 3))
    return `resident ${mean(mib.slice(0, third)).toFixed(0)} MiB in the first third, ${mean(mib.slice(-third)).toFixed(0)} in the last, at most ${Math.max(...mib).toFixed(0)}`
  }
}

const mean = (part: readonly number[]) => part.reduce((sum, each) => sum + each, 0) / Math.max(1, part.length)

const cpuSeconds = (server: BenchServer) => server.usage().reduce((sum, each) => sum + each.cpuSeconds, 0)

async function withServer<T>(options: readonly string[], work: (server: BenchServer) => Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'opentrail-bench-'))
  const server = await startBenchServer(data, options)
  try {
    return await work(server)
  } finally {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function throughput(many: number, seconds: number): Promise<void> {
  await withServer(['--delivery-interval', '2s'], async (server) => {
    const used = await attachTrails(server, many)
    const stopWatching = watchMemory(server)
    const before = cpuSeconds(server)
    const order = { ...server, recordsPerBatch: 100, connections: 16, ...(many > trailsPerRegion && { regions: used }) }
    const report = await load({ ...order, seconds })
    const behind = await untilDone(server)
    const cpu = ((cpuSeconds(server) - before) / report.events) * 1e6
    const memory = stopWatching()
    const copies = many > trailsPerRegion ? trailsPerRegion : many
    const found = delivered(await metrics(server))
    const isWhole = found >= report.events * copies
    figures.add(
      `events/s accepted, fsynced, indexed and delivered, ${many} trails`,
      `${Math.round(report.events / (report.seconds + behind))}`,
      many === 1 ? '20,000' : '',
      `${report.events} events in ${report.seconds.toFixed(0)} s, done ${behind.toFixed(1)} s later, ${found} in files ` +
        `(${isWhole ? 'all, each once per trail, and own events' : 'NOT ALL'}); ${cpu.toFixed(0)} us of processor time per event; ` +
        `acknowledgement p50 ${ms(report.p50)}, p99 ${ms(report.p99)}; ${memory}`,
    )
    if (values.verify && many > 0) figures.add(`read back, ${many} trails`, await verify(server, copies), '')
  })
}

/** Reads every file: each event as often as there are trails, no event twice in one trail's files. */
async function verify(server: BenchServer, copies: number): Promise<string> {
  const s3 = new S3Client({ ...clientOptions(server, server.region), forcePathStyle: true })
  const seen = new Map<string, number>()
  for (let token: string | undefined; ;) {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ...(token && { ContinuationToken: token }) }))
    for (const { Key } of page.Contents ?? []) {
      if (!Key?.endsWith('.json.gz')) continue
      const body = await (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray()
      const text = gunzipSync(body).toString()
      const prefix = Key.slice(0, Key.indexOf('/'))
      for (const [, id] of text.matchAll(/"eventID":"([^"]{36})","readOnly"/g)) {
        const name = `${prefix} ${id}`
        seen.set(name, (seen.get(name) ?? 0) + 1)
      }
    }
    token = page.NextContinuationToken
    if (!page.IsTruncated) break
  }
  s3.destroy()
  const twice = [...seen.values()].filter((count) => count > 1).length
  return `${seen.size} events of ${copies} trails, ${twice} of them more than once`
}

/** From the acknowledgement of an event to the moment when the file that has it can be read. */
async function latency(intervalSeconds: number, seconds: number): Promise<void> {
  await withServer(['--delivery-interval', `${intervalSeconds}s`], async (server) => {
    await attachTrails(server, 1)
    const s3 = new S3Client({ ...clientOptions(server, server.region), forcePathStyle: true })
    const acknowledged = new Map<string, number>()
    const found: number[] = []
    const state = { isDone: false }
    const looking = (async () => {
      const known = new Set<string>()
      while (!state.isDone || acknowledged.size > 0) {
        const { Contents } = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: 'trail-0/', MaxKeys: 1000 }),
        )
        for (const { Key } of Contents ?? []) {
          if (!Key?.endsWith('.gz') || known.has(Key)) continue
          known.add(Key)
          const body = await (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray()
          const now = performance.now()
          const text = gunzipSync(body).toString()
          for (const [id, at] of acknowledged) {
            if (!text.includes(id)) continue
            found.push(now - at)
            acknowledged.delete(id)
          }
        }
        await pause(50)
      }
    })()
    const agent = new Agent({ keepAlive: true })
    const template = batchTemplate(1, server)
    const until = performance.now() + seconds * 1_000
    while (performance.now() < until) {
      const status = await sendBatch(server, agent, template)
      if (status !== 200) throw new Error(`POST /events answered ${status}`)
      acknowledged.set(template.lastId(), performance.now())
      await pause(200)
    }
    state.isDone = true
    await looking
    s3.destroy()
    agent.destroy()
    const sorted = found.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
    figures.add(
      `acknowledgement until the file can be read, p99, interval ${intervalSeconds} s`,
      ms(at(0.99)),
      '',
      `p50 ${ms(at(0.5))}, ${sorted.length} events, one every 200 ms, looked for every 50 ms`,
    )
  })
}

/** A store that takes everything until it is switched off, and then answers 503. */
async function startStore(): Promise<{
  readonly server: Server
  readonly port: number
  isDown: boolean
  puts: number
}> {
  const state = { isDown: false, puts: 0 }
  const server = createServer((incoming, answer) => {
    incoming.resume().on('end', () => {
      if (incoming.method === 'PUT' && !state.isDown) state.puts++
      answer.writeHead(state.isDown ? 503 : 200, { ETag: '"x"' }).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, { server, port: (server.address() as AddressInfo).port })
}

async function outage(seconds: number): Promise<void> {
  const store = await startStore()
  const remote = {
    name: 'remote-logs',
    endpoint: `http://127.0.0.1:${store.port}`,
    region: 'us-east-1',
    'path-style': true,
    'access-key-id': 'remote',
    'secret-access-key': 'remote-secret',
    'conditional-put': 'on',
    'check-policy': false,
  }
  await withServer(['--delivery-interval', '10s', '--buckets', JSON.stringify([remote])], async (server) => {
    await attachTrails(server, 1)
    const cloudTrail = new CloudTrailClient(clientOptions(server, server.region))
    await cloudTrail.send(new CreateTrailCommand({ Name: 'remote', S3BucketName: 'remote-logs' }))
    await cloudTrail.send(new StartLoggingCommand({ Name: 'remote' }))
    cloudTrail.destroy()
    store.isDown = true
    const stopWatching = watchMemory(server)
    const report = await load({ ...server, recordsPerBatch: 100, connections: 16, seconds, eventsPerSecond: 10_000 })
    const memory = stopWatching()
    const waiting = (await metrics(server)).get('opentrail_delivery_backlog_entries')!
    store.isDown = false
    const caughtUp = await untilDone(server)
    figures.add(
      `one of two buckets down for ${seconds} s at 10,000 events/s`,
      memory,
      'flat',
      `${report.events} events, ${report.refused} refused, acknowledgement p99 ${ms(report.p99)}; ${waiting} entries waited, delivered ${caughtUp.toFixed(0)} s after the bucket was back (${store.puts} puts)`,
    )
  })
  store.server.close()
}

for (const many of values.trails.split(',').filter(Boolean)) await throughput(Number(many), Number(values.seconds))
if (Number(values['latency-seconds']) > 0) {
  await latency(1, Number(values['latency-seconds']))
  await latency(60, 2 * Number(values['latency-seconds']))
}
if (Number(values['down-seconds']) > 0) await outage(Number(values['down-seconds']))
figures.write()
