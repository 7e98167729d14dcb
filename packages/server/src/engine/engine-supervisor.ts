import type { ClickHouseClient } from '@clickhouse/client'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngineClient } from './engine-client.ts'
import { storePath, type EngineHostOptions } from './engine-configuration.ts'
import { spawnEngineHost, type EngineHostProcess } from './engine-process.ts'
import { endPredecessor } from './predecessor.ts'

export interface EngineOptions {
  /** The engine's own directory; nobody else may use it. */
  readonly directory: string
  readonly memoryBytesMax?: number
  readonly databases?: readonly string[]
  readonly onEvent?: (event: EngineEvent) => void
  /** How often the engine is asked whether it still computes, and how long it may take to answer. */
  readonly pingIntervalMs?: number
  readonly pingTimeoutMs?: number
}

export type EngineEvent =
  | { readonly kind: 'started'; readonly pid: number; readonly milliseconds: number }
  | { readonly kind: 'start-failed'; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'exited'; readonly pid: number; readonly reason: string }
  | { readonly kind: 'hung'; readonly pid: number }
  | { readonly kind: 'predecessor-ended'; readonly pid: number }
  /** The store could not be opened; it lies at `to` and an empty one took its place, to be refilled from the journal. */
  | { readonly kind: 'store-moved-aside'; readonly to: string; readonly reason: string }

export interface Engine {
  /** Stays the same over restarts; while the engine is down its requests fail. */
  readonly client: ClickHouseClient
  /** Undefined while there is none. */
  pid(): number | undefined
  /** How often the engine has been started again. */
  restarts(): number
  close(): Promise<void>
}

export class EngineUnavailableError extends Error {
  override readonly name = 'EngineUnavailableError'
}

/** The least in which merges of a few million postings still work. */
const defaultMemoryBytesMax = 700 * 1024 * 1024
const defaultPingIntervalMs = 2_000
/** Generous: on a busy machine a slow engine is better than one that is killed again and again. */
const defaultPingTimeoutMs = 20_000
const backoffFirstMs = 100
const backoffMaxMs = 10_000
/** Having run this long, the engine counts as healthy again. */
const healthyAfterMs = 60_000
/** Attempts in a row that fail to open the store (other than by its lock) before the store is taken to be corrupt. */
const corruptAfterAttempts = 3
/** `startEngine` gives up after so many attempts; later restarts never do. */
const startAttemptsMax = 8
const closeWaitMs = 5_000
const exitNoticeMs = 1_000
/** Longest path of a unix socket: 108 bytes with the closing NUL on Linux, 104 on macOS. */
const socketPathBytesMax = 103

/** In the engine's directory if the path fits, else in a private temporary one. */
function chooseSocket(directory: string): { readonly path: string; readonly remove: () => void } {
  const near = join(directory, 'engine.sock')
  if (Buffer.byteLength(near) <= socketPathBytesMax) return { path: near, remove: () => rmSync(near, { force: true }) }
  const made = mkdtempSync(join(tmpdir(), 'opentrail-'))
  return { path: join(made, 'engine.sock'), remove: () => rmSync(made, { recursive: true, force: true }) }
}

/** How the host ended, or undefined where it still runs after `milliseconds`. */
const exitWithin = (child: EngineHostProcess, milliseconds: number): Promise<string | undefined> =>
  Promise.race([child.exited, sleep(milliseconds, undefined, { ref: false })])

function moveStoreAside(directory: string): string | undefined {
  const store = storePath(directory)
  if (!existsSync(store)) return undefined
  let number = 1
  while (existsSync(`${store}.corrupt-${number}`)) number++
  const to = `${store}.corrupt-${number}`
  renameSync(store, to)
  return to
}

/**
 * Starts the engine in a child process and keeps it running: one that crashes, hangs or is killed is started again,
 * with growing pauses. A store that cannot be opened is moved aside, for what it held is derived data.
 * @throws {EngineUnavailableError} it could not be started at all.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const directory = resolve(options.directory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const socket = chooseSocket(directory)
  const token = randomBytes(32).toString('hex')
  const host: EngineHostOptions = {
    directory,
    socketPath: socket.path,
    token,
    memoryBytesMax: options.memoryBytesMax ?? defaultMemoryBytesMax,
    databases: options.databases ?? ['opentrail', 'lake'],
  }
  const report = options.onEvent ?? (() => undefined)
  const closing = new AbortController()
  let current: EngineHostProcess | undefined
  let restarts = 0

  async function startOnce(attempt: number): Promise<EngineHostProcess> {
    const ended = await endPredecessor(directory)
    if (ended !== undefined) report({ kind: 'predecessor-ended', pid: ended })
    const began = performance.now()
    const child = spawnEngineHost(host)
    current = child
    const outcome = await child.started
    if (outcome.ok) {
      report({ kind: 'started', pid: child.pid, milliseconds: Math.round(performance.now() - began) })
      return child
    }
    child.kill()
    await child.exited
    current = undefined
    report({ kind: 'start-failed', attempt, reason: outcome.reason })
    throw new EngineUnavailableError(outcome.reason, { cause: { locked: outcome.locked } })
  }

  /** Tries until it runs, `attemptsMax` is reached or the supervisor closes. */
  async function start(attemptsMax: number): Promise<EngineHostProcess> {
    let corruptSigns = 0
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOnce(attempt)
      } catch (error) {
        if (!(error instanceof EngineUnavailableError) || attempt >= attemptsMax || closing.signal.aborted) throw error
        if (!(error.cause as { locked: boolean }).locked && ++corruptSigns === corruptAfterAttempts) {
          const to = moveStoreAside(directory)
          if (to !== undefined) report({ kind: 'store-moved-aside', to, reason: error.message })
        }
      }
      await sleep(Math.min(backoffFirstMs * 2 ** (attempt - 1), backoffMaxMs), undefined, { signal: closing.signal })
    }
  }

  async function watch(child: EngineHostProcess): Promise<string> {
    for (;;) {
      const exit = await exitWithin(child, options.pingIntervalMs ?? defaultPingIntervalMs)
      if (exit !== undefined) return exit
      if (!(await child.answersWithin(options.pingTimeoutMs ?? defaultPingTimeoutMs))) {
        // One that has just crashed fails its ping too, and its end may be noticed a little later.
        const crash = await exitWithin(child, exitNoticeMs)
        if (crash !== undefined || closing.signal.aborted) return child.exited
        report({ kind: 'hung', pid: child.pid })
        child.kill()
        return child.exited
      }
    }
  }

  /** Runs until `close`: an engine that ends otherwise is started again. */
  async function supervise(first: EngineHostProcess): Promise<void> {
    let child = first
    let quickEnds = 0
    for (;;) {
      const began = performance.now()
      const reason = await watch(child)
      current = undefined
      if (closing.signal.aborted) return
      report({ kind: 'exited', pid: child.pid, reason })
      quickEnds = performance.now() - began < healthyAfterMs ? quickEnds + 1 : 0
      const pause = quickEnds < 2 ? 0 : Math.min(backoffFirstMs * 2 ** (quickEnds - 2), backoffMaxMs)
      await sleep(pause, undefined, { signal: closing.signal })
      restarts++
      child = await start(Infinity)
    }
  }

  const client = createEngineClient(socket.path, token)
  try {
    const first = await start(startAttemptsMax)
    const supervised = supervise(first).catch((error: unknown) => {
      // Only closing interrupts a pause or a start.
      if (!closing.signal.aborted) throw error
    })
    return {
      client,
      pid: () => current?.pid,
      restarts: () => restarts,
      async close() {
        if (closing.signal.aborted) return
        closing.abort()
        await client.close()
        const child = current
        if (child) {
          child.stop()
          if ((await exitWithin(child, closeWaitMs)) === undefined) child.kill()
          await child.exited
        }
        await supervised
        socket.remove()
      },
    }
  } catch (error) {
    closing.abort()
    await client.close()
    socket.remove()
    throw error
  }
}
