import { parseConfiguration } from '../../config/index.ts'
import {
  checkClock,
  checkDataDirectory,
  checkDisk,
  checkNativePackages,
  checkNode,
  checkPlatform,
  checkPort,
  type Finding,
} from '../checks.ts'
import { CommandError } from '../command-error.ts'
import { dataDirectory, findServer, namedEndpoint, type ConnectionFlags } from '../connection.ts'
import { print, printJson, startCommand, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { request } from '../http-client.ts'
import { printable } from '../table.ts'

export interface DoctorFlags extends Pick<ConnectionFlags, 'data' | 'endpoint'>, FormatFlags {}

const healthMs = 10_000

/** Looks at everything that keeps OpenTrail from running well here, and says what to do. Fails when something must be done. */
export async function doctor(this: CliContext, flags: DoctorFlags): Promise<void> {
  const data = dataDirectory(this, flags)
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  const findings = [
    checkNode(process.versions.node),
    checkPlatform(process.platform, process.arch, glibcVersionRuntime),
    ...checkNativePackages(),
    ...checkConfiguration(this),
    ...checkDataDirectory(data),
    checkDisk(data),
    ...(await checkServer(this, flags)),
  ]
  if (flags.format === 'json') printJson(this, { findings })
  else print(this, findings.map(describe).join('\n'))
  const count = findings.filter(({ state }) => state === 'failed').length
  if (count > 0) throw new CommandError(`${count} ${count === 1 ? 'check' : 'checks'} failed`)
  if (flags.format !== 'json') print(this, 'All is well.')
}

const marks = { ok: ' ok ', warning: 'warn', failed: 'FAIL' } as const

const describe = ({ check, state, detail, advice }: Finding): string =>
  `[${marks[state]}] ${check}: ${printable(detail)}${advice === undefined ? '' : `\n       ${advice}`}`

/** The environment is the part of the configuration that can be seen from here. */
function checkConfiguration({ environment }: CliContext): Finding[] {
  try {
    parseConfiguration({ flags: {}, environment })
    return [{ check: 'configuration', state: 'ok', detail: 'the environment is fine' }]
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return [
      {
        check: 'configuration',
        state: 'failed',
        detail,
        advice: 'Correct these settings; docs/reference/configuration.md lists all of them.',
      },
    ]
  }
}

async function checkServer(context: CliContext, flags: DoctorFlags): Promise<Finding[]> {
  const endpoint = namedEndpoint(context, flags) ?? findServer(context, flags)?.endpoint
  if (endpoint === undefined) {
    const port = Number(context.environment['OPENTRAIL_PORT'] ?? 4580)
    const finding = await checkPort(
      context.environment['OPENTRAIL_HOST'] ?? '127.0.0.1',
      Number.isInteger(port) ? port : 4580,
    )
    return [finding, { check: 'server', state: 'ok', detail: `not running; start it with ${startCommand()}` }]
  }
  try {
    const health = await request({ method: 'GET', url: `${endpoint}/health`, timeoutMs: healthMs })
    const ready = await request({ method: 'GET', url: `${endpoint}/ready`, timeoutMs: healthMs })
    return [
      state('server', health.status, endpoint, 'Look into its log, then restart it.'),
      state(
        'server ready',
        ready.status,
        endpoint,
        'It may still be opening its data; its log says what it waits for.',
      ),
      checkClock(health.headers.get('date'), context.now()),
    ]
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return [
      { check: 'server', state: 'failed', detail, advice: `Start it with ${startCommand()}, or correct the endpoint.` },
    ]
  }
}

const state = (check: string, status: number, endpoint: string, advice: string): Finding =>
  status === 200
    ? { check, state: 'ok', detail: endpoint }
    : { check, state: 'failed', detail: `${endpoint} answers ${status}`, advice }
