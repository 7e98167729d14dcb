import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Mode } from './configuration.ts'

/** What a running server leaves for the command line to find it. No secrets in it. */
export interface RunningServerFile {
  /** `http://127.0.0.1:4580` */
  readonly endpoint: string
  readonly region: string
  readonly account: string
  readonly pid: number
  readonly testMode: boolean
  /** Absolute path of the control socket. */
  readonly controlSocket?: string
}

/** `server.json` in the data directory; a test server, which has none to speak of, leaves a file per port in the temporary one. */
export const runningServerPath = (mode: Mode, port: number): string =>
  mode.kind === 'test' ? join(tmpdir(), `opentrail-test-${port}.json`) : join(mode.data, 'server.json')

/** Replaces the file whole, so that a reader never sees half of it. */
export function writeRunningServer(path: string, server: RunningServerFile): void {
  mkdirSync(dirname(path), { recursive: true })
  const next = `${path}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(server)}\n`, { mode: 0o600 })
  renameSync(next, path)
}

export const removeRunningServer = (path: string): void => rmSync(path, { force: true })

/** The server of that file if its process is alive. A crashed server leaves the file behind, so the process is asked. */
export function readRunningServer(path: string): RunningServerFile | undefined {
  let server: Partial<RunningServerFile>
  try {
    server = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunningServerFile>
  } catch {
    return undefined // Absent, being removed, or not ours: there is no server to be found here.
  }
  const { endpoint, region, account, pid, testMode } = server
  if (typeof endpoint !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return undefined
  if (typeof region !== 'string' || typeof account !== 'string') return undefined
  const { controlSocket } = server
  return { endpoint, region, account, pid, testMode: testMode === true, ...(controlSocket && { controlSocket }) }
}

/** Test servers of this machine and user that are running. */
export function runningTestServers(directory = tmpdir()): RunningServerFile[] {
  const names = readdirSync(directory).filter((name) => /^opentrail-test-\d+\.json$/.test(name))
  return names.map((name) => readRunningServer(join(directory, name))).filter((server) => server !== undefined)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process exists but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
