import { runningTestServers } from '../../config/index.ts'
import { misuse } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printJson, programName, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'

export interface EnvFlags extends ConnectionFlags, FormatFlags {
  readonly test?: boolean
}

/** Prints what the AWS CLI and SDKs need to reach the running server, as shell commands. */
export async function env(this: CliContext, flags: EnvFlags): Promise<void> {
  // What the shell already exports is what this command is about to replace, so it does not count here.
  const context = { ...this, environment: withoutAws(this.environment) }
  const endpoint = flags.test === true ? testEndpoint(flags) : flags.endpoint
  const connection = await connect(context, { ...flags, ...(endpoint !== undefined && { endpoint }) })
  if (flags.format === 'json') return printJson(this, variables(connection))
  print(this, exportLines(connection).join('\n'))
}

const withoutAws = (environment: CliContext['environment']): CliContext['environment'] =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')))

function testEndpoint(flags: EnvFlags): string {
  if (flags.data !== undefined)
    throw misuse('--test and --data contradict one another: a test server has no data directory')
  const servers = runningTestServers()
  if (flags.endpoint !== undefined) return flags.endpoint
  if (servers.length === 0) throw misuse(`no test server is running; start one with "${programName()} start --test"`)
  if (servers.length > 1)
    throw misuse(
      `several test servers run: choose one with --endpoint (${servers.map((server) => server.endpoint).join(', ')})`,
    )
  return servers[0]!.endpoint
}

type Known = Pick<Connection, 'endpoint' | 'region' | 'credentials'>

const variables = ({ endpoint, region, credentials }: Known): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
})

/** A session token or profile of another life would win over the key, or spoil its signature. */
export const exportLines = (connection: Known): string[] => [
  ...Object.entries(variables(connection)).map(([name, value]) => `export ${name}=${shellWord(value)}`),
  'unset AWS_SESSION_TOKEN AWS_PROFILE',
]

export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
