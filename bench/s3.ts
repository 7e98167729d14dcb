/**
 * PUT and GET of 1 KB, 1 MB and 1 GB over HTTP: the built-in S3 beside versitygw, one after the other on the same disk, with the
 * same client: signed heads, unsigned payloads, kept connections. Ours encrypts, syncs and records each call; versitygw writes files
 * and does not sync them. Then the memory of our process.
 * Run: node --conditions=opentrail-source bench/s3.ts. Prints a table and one line of JSON.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner } from '../packages/server/src/auth/index.ts'
import { startVersitygw, versitygwPath } from '../test/s3-server.ts'

interface Run {
  readonly what: string
  readonly bytes: number
  readonly count: number
  /** At a time. */
  readonly concurrency: number
}
const runs: readonly Run[] = [
  { what: '1 KB, one at a time', bytes: 1_000, count: 300, concurrency: 1 },
  { what: '1 KB, 16 at a time', bytes: 1_000, count: 2_000, concurrency: 16 },
  { what: '1 MB, one at a time', bytes: 1_000_000, count: 50, concurrency: 1 },
  { what: '1 MB, 8 at a time', bytes: 1_000_000, count: 100, concurrency: 8 },
  { what: '1 GB', bytes: 1_000_000_000, count: 1, concurrency: 1 },
]
const piece = Buffer.alloc(256 * 1_024, 'some bytes, ')

function* bodyOf(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length))
}

interface Store {
  readonly name: string
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Bytes. */
  resident?(): number
  close(): Promise<void>
}

const parent = join(versitygwPath, '../..')

async function openOurs(): Promise<Store> {
  const data = mkdtempSync(join(parent, 'opentrail-'))
  const cli = join(import.meta.dirname, '../packages/server/src/cli/main.ts')
  const args = ['--conditions=opentrail-source', cli, 'start', '--port', '0', '--data', data, '--log-level', 'warn']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const read = (name: string): unknown => JSON.parse(readFileSync(join(data, name), 'utf8'))
  // What is printed first does not say that the rest is there.
  for (let tries = 0; tries < 300; tries++) {
    try {
      read('server.json')
      break
    } catch {
      await sleep(100)
    }
  }
  return {
    name: 'OpenTrail',
    ...(read('server.json') as { endpoint: string; region: string }),
    ...(read('admin-credentials.json') as { accessKeyId: string; secretAccessKey: string }),
    resident: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1_024,
    async close() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      rmSync(data, { recursive: true })
    },
  }
}

async function openVersitygw(): Promise<Store> {
  const { endpoint, region, credentials, close } = await startVersitygw()
  return { name: 'versitygw', endpoint, region, ...credentials, close }
}

async function measureStore(store: Store): Promise<object[]> {
  const agent = new Agent({ keepAlive: true })
  const { host, hostname, port } = new URL(store.endpoint)
  const sign = createSigner({ ...store, service: 's3', pathStyle: 'verbatim' })
  async function call(method: string, target: string, bytes: number): Promise<number> {
    const headers = sign({ method, target, headers: { host }, body: 'UNSIGNED-PAYLOAD' }, Date.now())
    const outgoing = request({
      agent,
      hostname,
      port,
      method,
      path: target,
      headers: { ...headers, 'content-length': bytes },
    })
    const answered = once(outgoing, 'response')
    await pipeline(Readable.from(bodyOf(bytes)), outgoing)
    const [answer] = (await answered) as [import('node:http').IncomingMessage]
    let length = 0
    for await (const got of answer as AsyncIterable<Buffer>) length += got.length
    if (answer.statusCode !== 200) throw new Error(`${method} ${target}: ${answer.statusCode}`)
    return length
  }
  await call('PUT', '/bench', 0)
  for (let n = 0; n < 20; n++) await call('PUT', `/bench/warm-${n}`, 1_000)
  const rows: object[] = []
  for (const { what, bytes, count, concurrency } of runs) {
    for (const method of ['PUT', 'GET']) {
      let peak = store.resident?.() ?? 0
      const watch = setInterval(() => (peak = Math.max(peak, store.resident?.() ?? 0)), 50)
      const startedAt = performance.now()
      let next = 0
      await Promise.all(
        Array.from({ length: concurrency }, async () => {
          while (next < count) {
            const got = await call(method, `/bench/${concurrency}-${bytes}-${next++}`, method === 'PUT' ? bytes : 0)
            if (method === 'GET' && got !== bytes) throw new Error(`${got} bytes came back, not ${bytes}`)
          }
        }),
      )
      const seconds = (performance.now() - startedAt) / 1_000
      clearInterval(watch)
      rows.push({
        store: store.name,
        what,
        method,
        perSecond: Number((count / seconds).toFixed(1)),
        megabytesPerSecond: Number(((count * bytes) / seconds / 1e6).toFixed(1)),
        ...(store.resident && { residentMegabytesMax: Math.round(peak / 1e6) }),
      })
    }
  }
  agent.destroy()
  return rows
}

const rows: object[] = []
for (const open of [openOurs, openVersitygw]) {
  const store = await open()
  rows.push(...(await measureStore(store)))
  await store.close()
}
console.table(rows)
console.log(JSON.stringify(rows))
