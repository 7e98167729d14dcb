import { environmentName, parseConfiguration, settingNames, type Configuration } from '../../config/index.ts'
import type { RunningServer } from '../../main.ts'
import { tuneGarbageCollection } from '../../process/index.ts'
import { CommandError } from '../command-error.ts'
import { print, printError, programName, type CliContext } from '../context.ts'
import { exportLines } from './env.ts'
import { testCredentials } from '../connection.ts'
import { camelCase } from '../routes/server-routes.ts'
import { startFailure } from '../start-failure.ts'

/** Settings by camel-case name, as written, and `config`. */
export interface StartFlags {
  readonly [name: string]: string | boolean | undefined
  readonly config?: string
}

/** Draining requests and sealing the journal takes a second; whatever takes longer hangs. */
const closeMsMax = 30_000

/** Starts the server and returns when it was told to end and has done so. */
export async function start(this: CliContext, { config, ...given }: StartFlags): Promise<void> {
  const configuration = readConfiguration(this, given, config)
  tuneGarbageCollection()
  const { startServer } = await import('../../main.ts')
  const server = await startServer(configuration).catch((error: unknown) => {
    throw startFailure(error)
  })
  announce(this, configuration, server)
  const signal = await interruption()
  printError(this, `opentrail: ${signal}, closing...`)
  await closeInTime(server)
}

export function readConfiguration(
  { environment }: CliContext,
  given: Readonly<Record<string, string | boolean | undefined>>,
  file: string | undefined,
): Configuration {
  const flags = Object.fromEntries(settingNames.map((name) => [name, given[camelCase(name)]]))
  // `start --test` is typed; a data directory or address that stands in the environment is meant for the production server.
  const isTest = given['test'] === true
  const hidden = new Set(isTest ? [environmentName('data'), environmentName('host')] : [])
  const visible = Object.fromEntries(Object.entries(environment).filter(([name]) => !hidden.has(name)))
  return parseConfiguration({ flags, environment: visible, ...(file !== undefined && { file }) })
}

function announce(context: CliContext, configuration: Configuration, { endpoint, consoleLink }: RunningServer): void {
  const { mode, account, region } = configuration
  if (mode.kind === 'test') {
    print(context, `# OpenTrail test server is ready at ${endpoint} (account ${account}); its data ends with it`)
    print(context, `# Console, signed in: ${consoleLink()}`)
    return print(context, exportLines({ endpoint, region, credentials: testCredentials }).join('\n'))
  }
  const program = programName()
  print(
    context,
    [
      `OpenTrail is ready at ${endpoint}`,
      `  account ${account}, Region ${region}, data in ${mode.data}`,
      'In a browser, signed in as administrator (works once, within 15 minutes):',
      `  ${consoleLink()}`,
      'In another terminal:',
      `  eval "$(${program} env)"           # endpoint and key for the AWS CLI and SDKs`,
      `  ${program} demo                    # an hour of invented activity`,
      `  ${program} lookup-events`,
      `  ${program} console                 # another address for the browser`,
    ].join('\n'),
  )
}

/** Resolves when the process is told to end. */
export const interruption = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // Later ones change nothing: closing is under way and has its own time limit.
      process.on(signal, () => resolve(signal))
    }
  })

/** @throws {CommandError} it takes too long. */
export async function closeInTime(server: Pick<RunningServer, 'close'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new CommandError(
            `the server did not close within ${closeMsMax / 1_000} seconds; what was acknowledged is safe`,
          ),
        ),
      closeMsMax,
    )
  })
  try {
    await Promise.race([server.close(), late])
  } finally {
    clearTimeout(timer)
  }
}
