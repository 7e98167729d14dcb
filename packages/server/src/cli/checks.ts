import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { formatByteSize } from './table.ts'

/** One finding: what was looked at, how it is, and what to do about it. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly detail: string
  readonly advice?: string
}

const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail })
const warning = (check: string, detail: string, advice: string): Finding => ({
  check,
  state: 'warning',
  detail,
  advice,
})
const failed = (check: string, detail: string, advice: string): Finding => ({ check, state: 'failed', detail, advice })

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 12)
    ? ok('Node.js', version)
    : failed(
        'Node.js',
        `${version} is too old`,
        'Install Node.js 22.12 or newer, or use ./opentrail in a checkout, which brings one.',
      )
}

export function checkPlatform(platform: string, architecture: string, glibc: string | undefined): Finding {
  const name = `${platform} ${architecture}${glibc === undefined ? '' : `, glibc ${glibc}`}`
  if (platform === 'linux' && glibc === undefined)
    return failed(
      'platform',
      `${name} with musl`,
      'The query engine needs glibc: use a Debian or Ubuntu image instead of Alpine.',
    )
  if (platform !== 'linux' && platform !== 'darwin')
    return failed('platform', name, 'Linux (glibc) and macOS are supported; on Windows use WSL 2.')
  return ok('platform', name)
}

/** The packages that hold the native parts, one per platform. */
export function checkNativePackages(): Finding[] {
  const require = createRequire(import.meta.url)
  return ['chdb', 'lmdb'].map((name) => {
    try {
      require(name)
      return ok(`package ${name}`, `loads for ${process.platform}-${process.arch}`)
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error)
      return failed(
        `package ${name}`,
        reason,
        'Install the packages again on this machine ("npm ci"); they differ from platform to platform.',
      )
    }
  })
}

export function checkDataDirectory(data: string): Finding[] {
  if (!existsSync(data)) {
    const parent = nearestExisting(data)
    return isWritable(parent)
      ? [ok('data directory', `${data} does not exist yet; the first start makes it`)]
      : [
          failed(
            'data directory',
            `${data} cannot be made: ${parent} is not writable`,
            'Choose another directory with --data, or give this user the right to write.',
          ),
        ]
  }
  const { mode } = statSync(data)
  const findings = [
    isWritable(data)
      ? ok('data directory', data)
      : failed('data directory', `${data} is not writable`, 'Run as the user that owns it.'),
  ]
  if ((mode & 0o077) !== 0)
    findings.push(
      warning(
        'permissions',
        `${data} can be opened by other users (mode ${(mode & 0o777).toString(8)})`,
        `Run: chmod 700 ${data}`,
      ),
    )
  const format = join(data, 'FORMAT')
  if (existsSync(format)) findings.push(ok('data format', readFileSync(format, 'utf8').trim().slice(0, 80)))
  return findings
}

const gib = 2 ** 30
/** Below the first the journal soon refuses events; below the second it is worth knowing. */
const freeBytesLeast = gib
const freeBytesGood = 10 * gib

export function checkDisk(data: string): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(data))
  const free = bavail * bsize
  const detail = `${formatByteSize(free)} free`
  const advice = 'Free space, or keep the data on a larger disk with --data; what cannot be stored is refused.'
  if (free < freeBytesLeast) return failed('disk space', detail, advice)
  return free < freeBytesGood ? warning('disk space', detail, advice) : ok('disk space', detail)
}

function nearestExisting(path: string): string {
  let directory = path
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory)
  return directory
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Whether the server could listen: asked only while it does not run. */
export function checkPort(host: string, port: number): Promise<Finding> {
  const name = `port ${port}`
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'EADDRINUSE'
          ? failed(
              name,
              `${host}:${port} is taken by another program`,
              'Stop that program, or start on another port with --port.',
            )
          : failed(name, `${host}:${port} cannot be listened on (${error.code})`, 'Choose another --host or --port.'),
      ),
    )
    probe.listen(port, host, () => probe.close(() => resolve(ok(name, `${host}:${port} is free`))))
  })
}

/** SigV4 refuses signatures that are more than 15 minutes off; the answer's Date header has whole seconds. */
const skewMsFailed = 15 * 60_000
const skewMsWarning = 60_000

export function checkClock(serverDate: string | null, now: number): Finding {
  const server = serverDate === null ? Number.NaN : Date.parse(serverDate)
  if (Number.isNaN(server))
    return warning('clock', 'the server sends no Date header', 'Look whether a proxy removes it.')
  const skew = Math.abs(server - now)
  const detail = `this machine and the server differ by ${Math.round(skew / 1_000)} seconds`
  const advice = 'Synchronise the clocks (NTP): signatures more than 15 minutes off are refused.'
  if (skew >= skewMsFailed) return failed('clock', detail, advice)
  return skew >= skewMsWarning ? warning('clock', detail, advice) : ok('clock', detail)
}
