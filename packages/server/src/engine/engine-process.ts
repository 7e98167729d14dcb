import { fork } from 'node:child_process'
import { request } from 'node:http'
import { childExecArgv, siblingModule } from '../process/index.ts'
import { threadPoolSize, type EngineHostOptions } from './engine-configuration.ts'
import type { FromHost, ToHost } from './engine-messages.ts'

/** Loading the library and opening a large store; a host that needs longer is taken to hang. */
const startTimeoutMs = 120_000
/** What of the host's last words on stderr is kept for the report. */
const lastWordsMax = 4_096

export type StartOutcome =
  { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly locked: boolean }

export interface EngineHostProcess {
  readonly pid: number
  readonly started: Promise<StartOutcome>
  /** How it ended: exit code or signal, and its last words. */
  readonly exited: Promise<string>
  answersWithin(milliseconds: number): Promise<boolean>
  /** Asks it to kill its queries and go. */
  stop(): void
  /** SIGKILL. Loses nothing that was acknowledged. */
  kill(): void
}

function ping({ socketPath, token }: EngineHostOptions, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { Authorization: `Basic ${Buffer.from(`default:${token}`).toString('base64')}` }
    const signal = AbortSignal.timeout(milliseconds)
    const asked = request({ socketPath, path: '/ping', headers, agent: false, signal }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200)).once('error', () => resolve(false))
    })
    asked.once('error', () => resolve(false)).end()
  })
}

/** Starts one host. It gets no environment but what it needs, and its orders over the IPC channel. */
export function spawnEngineHost(options: EngineHostOptions): EngineHostProcess {
  const child = fork(siblingModule(import.meta.url, './engine-host'), [], {
    // Small heaps: rows pass through as buffers. V8's own helper threads would only compete with the engine's.
    execArgv: [...childExecArgv(), '--max-old-space-size=256', '--max-semi-space-size=2', '--v8-pool-size=1'],
    env: { PATH: process.env['PATH'], TZ: 'UTC', UV_THREADPOOL_SIZE: String(threadPoolSize) },
    cwd: options.directory,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'json',
  })
  let lastWords = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-lastWordsMax)
  })
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`))
    child.once('exit', (code, signal) =>
      resolve([signal ?? `exit code ${code}`, lastWords.trim()].filter(Boolean).join(': ')),
    )
  })
  const started = new Promise<StartOutcome>((resolve) => {
    const timer = setTimeout(
      () => resolve({ ok: false, reason: `not ready after ${startTimeoutMs} ms`, locked: false }),
      startTimeoutMs,
    )
    child.once('message', (message: FromHost) => {
      clearTimeout(timer)
      resolve(message.kind === 'ready' ? { ok: true } : { ok: false, reason: message.reason, locked: message.locked })
    })
    void exited.then((reason) => {
      clearTimeout(timer)
      resolve({ ok: false, reason, locked: false })
    })
  })
  const send = (message: ToHost): void => {
    // A host that has just died is told nothing; its exit says the rest.
    if (child.connected) child.send(message, () => undefined)
  }
  send({ kind: 'start', options })
  return {
    pid: child.pid ?? 0,
    started,
    exited,
    answersWithin: (milliseconds) => ping(options, milliseconds),
    stop: () => send({ kind: 'stop' }),
    kill: () => void child.kill('SIGKILL'),
  }
}
