import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ApiVerification } from '@opentrail/core/api'
import { systemClocks } from '../../clock/index.ts'
import { standardRegions } from '../../config/index.ts'
import { parseConfiguration, type Configuration } from '../../config/index.ts'
import type { RunningServer } from '../../main.ts'
import type { OpenedServer } from '../../open-mode.ts'
import { CommandError, misuse } from '../command-error.ts'
import { startFailure } from '../start-failure.ts'
import type { Home } from './find-home.ts'

export interface OpenServerOptions {
  readonly home: Home
  /** What is opened, as people name it. */
  readonly place: string
  /** Where the index is kept; absent: it goes with the server. */
  readonly keep?: string
  readonly port?: string
  /** Begins with the first call. */
  readonly verification: () => ApiVerification
}

export interface ServerForPlace {
  readonly server: RunningServer & { readonly opened: OpenedServer }
  readonly data: string
  /** Removes what is not to be kept. */
  remove(): void
}

/** Says that a directory is ours, and of which place. */
const marker = 'open.json'

/** A server of its own on this machine's loopback interface. @throws {CommandError} */
export async function openServer({
  home,
  place,
  keep,
  port,
  verification,
}: OpenServerOptions): Promise<ServerForPlace> {
  const data = keep === undefined ? mkdtempSync(join(tmpdir(), 'opentrail-open-')) : keptDirectory(keep, place)
  const remove = (): void => {
    if (keep === undefined) rmSync(data, { recursive: true, force: true })
  }
  try {
    const { startServer } = await import('../../main.ts')
    const server = await startServer(configurationOf(home, join(data, 'data'), port), systemClocks, { verification })
    const { opened } = server
    if (!opened) throw new Error('the server was not opened for reading')
    return { server: { ...server, opened }, data: join(data, 'data'), remove }
  } catch (error) {
    remove()
    throw startFailure(error)
  }
}

/** What is in the environment is meant for servers that last. */
function configurationOf({ account, region }: Home, data: string, port = '0'): Configuration {
  const regions = [...new Set<string>([...standardRegions, region])].join(',')
  const flags = { data, port, account, region, regions, 'log-level': 'error', 'journal-bytes-max': '1TiB' }
  const configuration = parseConfiguration({ flags, environment: {} })
  return { ...configuration, mode: { kind: 'open', data } }
}

/** @throws {CommandError} it holds something else. */
function keptDirectory(keep: string, place: string): string {
  const directory = resolve(keep)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, marker)
  if (readdirSync(directory).length === 0) writeFileSync(path, `${JSON.stringify({ place })}\n`, { mode: 0o600 })
  const kept = readMarker(path)
  if (kept === undefined)
    throw misuse(`${directory} holds something else than what "opentrail open" keeps; name a new one`)
  if (kept !== place) throw misuse(`${directory} keeps ${kept}, not ${place}; name another directory`)
  return directory
}

function readMarker(path: string): string | undefined {
  try {
    const { place } = JSON.parse(readFileSync(path, 'utf8')) as { place?: unknown }
    return typeof place === 'string' ? place : undefined
  } catch {
    return undefined
  }
}

/** The key that only this user can read. @throws {CommandError} */
export function readKey(data: string): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  try {
    return JSON.parse(readFileSync(join(data, 'admin-credentials.json'), 'utf8')) as ReturnType<typeof readKey>
  } catch (cause) {
    throw new CommandError(`the key of the server cannot be read from ${data}`, { cause })
  }
}
