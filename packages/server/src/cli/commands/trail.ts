import { CommandError } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { control } from '../control-client.ts'
import { print, printError, printJson, programName, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { callOperation } from '../signed-request.ts'
import { formatTable, printable } from '../table.ts'
import { formatTime } from '../times.ts'

/** Trails by CloudTrail's own API: what the AWS CLI does, for those who do not have it. */
export interface TrailFlags extends ConnectionFlags, FormatFlags {}
export interface CreateTrailFlags extends TrailFlags {
  readonly bucket: string
  readonly prefix?: string
  readonly multiRegion?: boolean
  readonly start?: boolean
  readonly validate?: boolean
}

/** Over the control socket: for this there is no API of AWS's. */
export interface BackfillFlags extends FormatFlags {
  readonly data?: string
  readonly region?: string
}

interface Trail {
  readonly Name: string
  readonly TrailARN: string
  readonly S3BucketName: string
  readonly S3KeyPrefix?: string
  readonly HomeRegion?: string
  readonly IsMultiRegionTrail?: boolean
}

type Call = <Answer>(operation: string, input: object) => Promise<Answer>

const caller = (context: CliContext, connection: Connection): Call => {
  return (operation, input) => callOperation(connection, { operation, input, now: context.now() })
}

export async function createTrail(this: CliContext, flags: CreateTrailFlags, name: string): Promise<void> {
  const call = caller(this, await connect(this, flags))
  const trail = await call<Trail>('CreateTrail', {
    Name: name,
    S3BucketName: flags.bucket,
    ...(flags.prefix !== undefined && { S3KeyPrefix: flags.prefix }),
    ...(flags.multiRegion && { IsMultiRegionTrail: true }),
    ...(flags.validate && { EnableLogFileValidation: true }),
  }).catch((error: unknown) => {
    throw withAdvice(error, flags.bucket)
  })
  if (flags.start) await begin(call, trail)
  if (flags.format === 'json') return printJson(this, { ...trail, IsLogging: flags.start === true })
  print(this, describeTrail(trail))
  const bucket = `s3://${trail.S3BucketName}`
  if (flags.start)
    printError(this, `It is logging. Its files will be in ${bucket}: "${programName()} ls ${bucket} --recursive".`)
  else printError(this, `It is not logging yet: start it with "${programName()} trail start ${name}".`)
}

async function begin(call: Call, { Name, TrailARN }: Trail): Promise<void> {
  try {
    await call('StartLogging', { Name: TrailARN })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`the trail ${Name} was created, but not started: ${reason}`, { cause })
  }
}

export async function listTrails(this: CliContext, flags: TrailFlags): Promise<void> {
  const call = caller(this, await connect(this, flags))
  const { trailList } = await call<{ readonly trailList: readonly Trail[] }>('DescribeTrails', {})
  if (flags.format === 'json') return printJson(this, trailList)
  if (trailList.length === 0)
    return printError(this, `There is no trail yet; create one with "${programName()} trail create NAME --start".`)
  // One after the other: the status has a quota of calls per second.
  const rows: string[][] = []
  for (const trail of trailList) rows.push([...columns(trail), await loggingState(call, trail)])
  print(this, formatTable(['NAME', 'HOME REGION', 'REGIONS', 'DELIVERS TO', 'LOGGING'], rows))
}

const columns = (trail: Trail): string[] => [
  trail.Name,
  trail.HomeRegion ?? '',
  trail.IsMultiRegionTrail ? 'all' : 'its own',
  destination(trail),
]

/** The list is worth showing without it. */
async function loggingState(call: Call, { TrailARN }: Trail): Promise<string> {
  try {
    const { IsLogging } = await call<{ readonly IsLogging?: boolean }>('GetTrailStatus', { Name: TrailARN })
    return IsLogging ? 'yes' : 'no'
  } catch {
    return 'not known'
  }
}

export async function trailStatus(this: CliContext, flags: TrailFlags, name: string): Promise<void> {
  const call = caller(this, await connect(this, flags))
  const status = await call<Readonly<Record<string, unknown>>>('GetTrailStatus', { Name: name })
  if (flags.format === 'json') return printJson(this, Object.fromEntries(Object.entries(status).map(readable)))
  print(
    this,
    lines(
      Object.entries(status)
        .map(readable)
        .filter(([, value]) => value !== ''),
    ),
  )
}

/** Times are seconds since the epoch on the wire; the old members that repeat them are texts already. */
const readable = ([name, value]: [string, unknown]): [string, unknown] =>
  typeof value === 'number' && name.endsWith('Time') ? [name, formatTime(value * 1_000)] : [name, value]

/** StartLogging, StopLogging, DeleteTrail: a name in, nothing out. */
const act = (operation: string, done: string) =>
  async function (this: CliContext, flags: TrailFlags, name: string): Promise<void> {
    await caller(this, await connect(this, flags))(operation, { Name: name })
    if (flags.format === 'json') printJson(this, {})
    else print(this, `trail ${name} ${done}`)
  }

export const startTrail = act('StartLogging', 'is logging')
export const stopTrail = act('StopLogging', 'has stopped logging; what it recorded before is still delivered')
export const deleteTrail = act('DeleteTrail', 'is deleted; its files stay where they are')

interface Backfilled {
  readonly region: string
  readonly digests: number
  readonly files: number
  readonly left: 'later' | 'waiting' | 'done'
}

/** Asks again and again: one answer is some seconds of work. */
export async function backfillDigests(this: CliContext, flags: BackfillFlags, trail: string): Promise<void> {
  const total = new Map<string, Backfilled>()
  const { region: only, ...where } = flags
  const input = { trail, ...(only !== undefined && { region: only }) }
  for (;;) {
    const { regions } = await control<{ readonly regions: readonly Backfilled[] }>(
      this,
      where,
      'trails/backfill-digests',
      input,
    )
    for (const { region, digests, files, left } of regions) {
      const before = total.get(region)
      total.set(region, {
        region,
        digests: digests + (before?.digests ?? 0),
        files: files + (before?.files ?? 0),
        left,
      })
    }
    if (regions.every(({ left }) => left !== 'later')) break
  }
  const done = [...total.values()]
  if (flags.format === 'json') return printJson(this, { regions: done })
  const rows = done.filter(({ digests }) => digests > 0)
  if (rows.length === 0) printError(this, `There is no digest to make for trail ${trail}.`)
  else
    print(
      this,
      formatTable(
        ['REGION', 'BACKFILL DIGESTS', 'LOG FILES'],
        rows.map(({ region, digests, files }) => [region, String(digests), String(files)]),
      ),
    )
  if (done.some(({ left }) => left === 'waiting'))
    printError(this, 'Files of the hour that is not over yet are left: run this again when it is.')
}

const destination = ({ S3BucketName, S3KeyPrefix }: Trail): string =>
  `s3://${S3BucketName}${S3KeyPrefix ? `/${S3KeyPrefix}` : ''}`

const describeTrail = (trail: Trail): string =>
  lines([
    ['Name', trail.Name],
    ['ARN', trail.TrailARN],
    ['DeliversTo', destination(trail)],
    ['MultiRegion', trail.IsMultiRegionTrail === true],
  ])

/** An ARN is too long for a table's cell. */
function lines(members: readonly (readonly [string, unknown])[]): string {
  const width = Math.max(...members.map(([name]) => name.length)) + 2
  return members
    .map(
      ([name, value]) =>
        `${`${name}:`.padEnd(width)}${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
    .join('\n')
}

/** What newcomers meet first: the bucket. */
function withAdvice(error: unknown, bucket: string): unknown {
  if (!(error instanceof CommandError)) return error
  const help = /\(S3BucketDoesNotExist/.test(error.message)
    ? `Create it with "${programName()} bucket create ${bucket}" on the machine of the server.`
    : /\(InsufficientS3BucketPolicy/.test(error.message)
      ? `Let CloudTrail in with "${programName()} bucket policy ${bucket} --standard" (with --prefix where the trail has one).`
      : undefined
  return help === undefined ? error : new CommandError(`${error.message}\n${help}`, { cause: error })
}
