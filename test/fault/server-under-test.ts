import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signRequest } from '../../packages/server/src/auth/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const account = '123456789012'
export const region = 'us-east-1'
/** A start takes a second; on a busy machine some more. */
const startMsMax = 60_000
const answerMsMax = 20_000

export interface ServerUnderTest {
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Answers with status and body; rejects when the connection breaks. */
  call(
    target: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<{ status: number; json: unknown }>
  /** SIGKILL: no chance to do anything. */
  kill(): Promise<void>
  /** The processes it has started: the engine's. */
  children(): readonly number[]
  stop(): Promise<void>
  /** What it has reported so far, a JSON object a line. */
  reports(): string
}

/** The server as it is started from a checkout, in a process of its own, on `data`. */
export async function startServerUnderTest(data: string, more: readonly string[] = []): Promise<ServerUnderTest> {
  const flags = ['--port', '0', '--data', data, '--account', account, '--region', region, ...more]
  const child = spawn(
    process.execPath,
    ['--conditions=opentrail-source', 'packages/server/src/cli/main.ts', 'start', ...flags],
    { cwd: root, env: { PATH: process.env['PATH'], HOME: data }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const exited = once(child, 'exit')
  let output = ''
  let reports = ''
  child.stderr.on('data', (bytes: Buffer) => (reports += bytes.toString()))
  const endpoint = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time: ${output}${reports}`)), startMsMax)
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      const ready = /ready at (\S+)/.exec(output)
      if (ready) resolve(ready[1]!)
    })
    void exited.then(() => reject(new Error(`the server has ended: ${output}${reports}`)))
    void Promise.allSettled([exited]).then(() => clearTimeout(timer))
  })
  const credentials = JSON.parse(await readFile(join(data, 'admin-credentials.json'), 'utf8')) as {
    accessKeyId: string
    secretAccessKey: string
  }
  return {
    endpoint,
    credentials,
    async call(target, given, body) {
      const url = new URL(target, endpoint)
      const unsigned = { method: 'POST', target, headers: { host: url.host, ...given }, body: Buffer.from(body) }
      const headers = signRequest(unsigned, { ...credentials, region, service: 'cloudtrail' }, Date.now())
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(answerMsMax) })
      return { status: response.status, json: await response.json() }
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    children: () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
    reports: () => reports + output,
  }
}

/** A data directory that is gone afterwards. */
export async function withData(work: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'opentrail-fault-'))
  try {
    await work(data)
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
}
