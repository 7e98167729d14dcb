import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { allocator } from '../scripts/lib/allocator.mjs'

const root = resolve(import.meta.dirname, '..')
/** Linux counts process time in hundredths of a second. */
const ticksPerSecond = 100

export interface BenchServer {
  readonly endpoint: string
  readonly account: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly data: string
  readonly startMs: number
  /** CPU seconds so far and resident bytes now, by process: the server and its children. */
  usage(): { readonly name: string; readonly cpuSeconds: number; readonly residentBytes: number }[]
  stop(): Promise<void>
}

/** Starts the built server in production mode on `data` and waits until it is ready. */
export async function startBenchServer(data: string, options: readonly string[] = []): Promise<BenchServer> {
  const started = performance.now()
  const cli = join(root, 'packages/server/dist/cli/main.js')
  const child = spawn(
    process.execPath,
    [cli, 'start', '--port', '0', '--data', data, '--log-level', 'warn', '--journal-bytes-max', '100GiB', ...options],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...allocator, ...process.env },
    },
  )
  await until(child, /is ready/)
  const startMs = performance.now() - started
  const server = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as {
    endpoint: string
    account: string
    region: string
  }
  const credentials = JSON.parse(readFileSync(join(data, 'admin-credentials.json'), 'utf8')) as {
    accessKeyId: string
    secretAccessKey: string
  }
  return {
    ...server,
    ...credentials,
    data,
    startMs,
    usage: () => processTree(child.pid!).map(usageOf),
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await ended
    },
  }
}

function until(child: ChildProcess, pattern: RegExp): Promise<void> {
  let output = ''
  return new Promise((done, failed) => {
    child.stdout!.on('data', (data: Buffer) => {
      output += data.toString()
      if (pattern.test(output)) done()
    })
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}: ${output}`)))
  })
}

function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  return [pid, ...children.flatMap(processTree)]
}

function usageOf(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ')
  return {
    name: /engine-host/.test(command) ? 'engine' : 'server',
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: Number(fields[21]) * 4096,
  }
}

/** Bytes that a directory takes on disk, by its first level. */
export function diskBytes(directory: string): Map<string, number> {
  const size = (path: string): number => {
    const found = statSync(path)
    return found.isDirectory()
      ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0)
      : found.blocks * 512
  }
  return new Map(readdirSync(directory).map((name) => [name, size(join(directory, name))]))
}
