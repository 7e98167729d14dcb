import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  checkoutDirectory,
  defaultDataDirectory,
  readRunningServer,
  runningServerPath,
  runningTestServers,
  type RunningServerFile,
} from '../config/index.ts'
import { CommandError, misuse } from './command-error.ts'
import { startCommand, type CliContext } from './context.ts'
import { isTestServer } from './test-clock.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How to talk to a server: where it is, as whom, and which Region is meant. */
export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
  /** Known when the server was found by its data directory or its test file. */
  readonly server?: RunningServerFile
  readonly testMode: boolean
}

/** Flags with which every command that speaks to a server can be pointed at one. */
export interface ConnectionFlags {
  readonly endpoint?: string
  readonly data?: string
  readonly region?: string
}

/** The fixed credentials of test mode; they exist nowhere else. */
export const testCredentials: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

export const dataDirectory = ({ environment }: CliContext, { data }: ConnectionFlags): string =>
  resolve(data ?? environment['OPENTRAIL_DATA'] ?? defaultDataDirectory(environment, checkoutDirectory()))

/**
 * An endpoint that is named wins: `--endpoint`, OPENTRAIL_ENDPOINT, AWS_ENDPOINT_URL_CLOUDTRAIL, AWS_ENDPOINT_URL; it is used with the
 * credentials of the environment. Otherwise the server of the data directory with its administrator's key, otherwise the
 * only test server of this machine. @throws {CommandError}
 */
export async function connect(context: CliContext, flags: ConnectionFlags): Promise<Connection> {
  const endpoint = namedEndpoint(context, flags)
  const server = endpoint === undefined ? findServer(context, flags) : serverAt(endpoint, context, flags)
  const address = endpoint ?? server?.endpoint
  if (address === undefined) throw new CommandError(notRunning(context, flags))
  const testMode = server?.testMode ?? (await isTestServer(address))
  const { environment } = context
  return {
    endpoint: address,
    region:
      flags.region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? server?.region ?? 'us-east-1',
    credentials: credentials(context, flags, { named: endpoint !== undefined, testMode, server }),
    testMode,
    ...(server && { server }),
  }
}

export function namedEndpoint({ environment }: CliContext, flags: ConnectionFlags): string | undefined {
  if (flags.data !== undefined && flags.endpoint !== undefined)
    throw misuse('--endpoint and --data both say which server is meant; choose one')
  const named =
    flags.data === undefined
      ? (flags.endpoint ??
        environment['OPENTRAIL_ENDPOINT'] ??
        environment['AWS_ENDPOINT_URL_CLOUDTRAIL'] ??
        environment['AWS_ENDPOINT_URL'])
      : undefined
  if (named === undefined || named === '') return undefined
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol))
    throw misuse(`"${named}" is no endpoint; write for example http://127.0.0.1:4580`)
  return named.replace(/\/+$/, '')
}

/** The server of the data directory, else the only test server. */
export function findServer(context: CliContext, flags: ConnectionFlags): RunningServerFile | undefined {
  const data = dataDirectory(context, flags)
  const server = readRunningServer(runningServerPath({ kind: 'production', data }, 0))
  if (server !== undefined || flags.data !== undefined) return server
  const tests = runningTestServers()
  if (tests.length > 1)
    throw misuse(
      `several test servers run: choose one with --endpoint (${tests.map((test) => test.endpoint).join(', ')})`,
    )
  return tests[0]
}

/** The server of this machine that has this endpoint. */
export const serverAt = (
  endpoint: string,
  context: CliContext,
  flags: ConnectionFlags,
): RunningServerFile | undefined => {
  const data = dataDirectory(context, flags)
  const server = readRunningServer(runningServerPath({ kind: 'production', data }, 0))
  return [...(server ? [server] : []), ...runningTestServers()].find((candidate) => candidate.endpoint === endpoint)
}

function credentials(
  context: CliContext,
  flags: ConnectionFlags,
  about: { named: boolean; testMode: boolean; server: RunningServerFile | undefined },
): Credentials {
  const fromEnvironment = environmentCredentials(context)
  if (about.testMode) return about.named ? (fromEnvironment ?? testCredentials) : testCredentials
  if (about.named && fromEnvironment) return fromEnvironment
  if (about.server) return adminCredentials(dataDirectory(context, flags))
  throw new CommandError(
    'no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name the data directory with --data',
  )
}

export function environmentCredentials({ environment }: CliContext): Credentials | undefined {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID']
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY']
  const sessionToken = environment['AWS_SESSION_TOKEN']
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}

/** The key that the first start made, readable by the owner of the data directory alone. */
function adminCredentials(data: string): Credentials {
  const path = join(data, 'admin-credentials.json')
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Credentials>
    if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey }
    throw new Error('it holds no accessKeyId and secretAccessKey')
  } catch (error) {
    throw new CommandError(
      `the administrator's key cannot be read from ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

export const notRunning = (context: CliContext, flags: ConnectionFlags): string =>
  `no server is running for ${dataDirectory(context, flags)}, and no test server either; start one with "${startCommand()}" or name one with --endpoint`
