/**
 * The engine's own process. It opens the engine, serves it on a unix socket, and lives exactly as long as its parent:
 * when the IPC channel closes it ends. Started by the supervisor only.
 *
 * It ends by SIGKILL of itself: `process.exit` waits for native threads and hangs while a query runs. The engine's
 * parts appear by rename, so there is nothing half written to lose.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import {
  configurationPath, serverConfiguration, sessionCount, spoolPath, storePath, usersConfiguration, usersPath,
  type EngineHostOptions,
} from './engine-configuration.ts' // prettier-ignore
import { createEngineHttp } from './engine-http.ts'
import type { FromHost, ToHost } from './engine-messages.ts'
import { loadNativeEngine } from './native-engine.ts'
import { writeHostRecord } from './predecessor.ts'
import { createSessionPool, type SessionPool } from './session-pool.ts'

/** How long running queries get to react to their kill before the process goes anyway. */
const stopWaitMs = 2_000
const stopPollMs = 20

let pool: SessionPool | undefined
let server: Server | undefined
let stopping = false

function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  setTimeout(endNow, stopWaitMs)
  server?.close()
  server?.closeAllConnections()
  // Bounded by the timer above.
  while (pool?.running()) {
    await pool.killAll()
    await new Promise((resolve) => setTimeout(resolve, stopPollMs))
  }
  pool?.close()
  endNow()
}

async function openEngine(options: EngineHostOptions): Promise<SessionPool> {
  rmSync(spoolPath(options.directory), { recursive: true, force: true })
  for (const path of [options.directory, spoolPath(options.directory), storePath(options.directory)])
    mkdirSync(path, { recursive: true, mode: 0o700 })
  writeFileSync(configurationPath(options.directory), serverConfiguration(options), { mode: 0o600 })
  writeFileSync(usersPath(options.directory), usersConfiguration(options), { mode: 0o600 })
  writeHostRecord(options.directory)
  const connect = loadNativeEngine()
  const store = storePath(options.directory)
  // Stays open: with its last connection the whole engine would be closed.
  const first = connect(store, [`--config-file=${configurationPath(options.directory)}`])
  for (const database of options.databases) await first.query(`CREATE DATABASE IF NOT EXISTS ${database}`, 'Null')
  // Proves that every table can be opened, while a broken store can still be told apart from a broken query.
  await first.query("SELECT count() FROM system.tables WHERE database NOT IN ('system')", 'Null')
  return createSessionPool(() => connect(store), sessionCount)
}

function listen(options: EngineHostOptions, sessions: SessionPool): Promise<Server> {
  // A predecessor that was killed leaves its socket behind.
  rmSync(options.socketPath, { force: true })
  const listener = createEngineHttp({
    pool: sessions,
    token: options.token,
    spoolDirectory: spoolPath(options.directory),
  })
  const created = createServer({ keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 512 * 1024 }, listener)
  return new Promise((resolve, reject) => {
    created.once('error', reject)
    created.listen(options.socketPath, () => {
      chmodSync(options.socketPath, 0o600)
      resolve(created)
    })
  })
}

async function start(options: EngineHostOptions): Promise<void> {
  try {
    pool = await openEngine(options)
    server = await listen(options, pool)
    send({ kind: 'ready' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    send({ kind: 'failed', reason, locked: /\block(?:ed)?\b|another process/i.test(reason) }, endNow)
  }
}

function send(message: FromHost, done?: () => void): void {
  process.send?.(message, undefined, undefined, () => done?.())
}

process.on('message', (message: ToHost) => void (message.kind === 'start' ? start(message.options) : stop()))
process.on('disconnect', () => void stop())
// A terminal's Ctrl-C reaches the whole group; the parent decides when the engine ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void stop())
