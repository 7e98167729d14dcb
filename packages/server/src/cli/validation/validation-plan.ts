import { isAccountId, isRegionName } from '@opentrail/core/event'
import { CommandError } from '../command-error.ts'
import { connect, environmentCredentials, type Connection, type ConnectionFlags } from '../connection.ts'
import type { CliContext } from '../context.ts'
import { domainNow } from '../domain-now.ts'
import type { FormatFlags } from '../flags.ts'
import { parseTime } from '../times.ts'
import { connectTrail, type ConnectedTrail } from './connected-trail.ts'
import type { TimeRange } from './digest-listing.ts'
import { createDirectorySource } from './directory-source.ts'
import type { ObjectSource } from './object-source.ts'
import { createS3Source } from './s3-source.ts'
import { keyPrefixOf, parseTrailArn, type ParsedTrailArn, type TrailPlace } from './trail-place.ts'

export interface ValidateLogsFlags extends ConnectionFlags, FormatFlags {
  readonly trailArn: string
  readonly startTime: string
  readonly endTime?: string
  readonly s3Bucket?: string
  readonly s3Prefix?: string
  readonly accountId?: string
  readonly organizationId?: string
  readonly verbose?: boolean
  readonly endpointUrl?: string
  readonly s3Endpoint?: string
  readonly s3Region?: string
  readonly directory?: string
  readonly publicKeys?: string
  readonly checkpoint?: string
  readonly saveCheckpoint?: string
  readonly complete?: boolean
  readonly verifierKey?: string
  readonly keyFile?: string
  readonly logCheckpoint?: string
  readonly report?: string
}

/** The AWS CLI's code for whatever keeps it from verifying at all. */
export const cannot = (message: string, cause?: unknown): CommandError =>
  new CommandError(message, { exitCode: 255, ...(cause !== undefined && { cause }) })
/** What is asked for, with all that it needs. */
export interface Plan {
  readonly trail: TrailPlace
  readonly range: TimeRange
  readonly source: ObjectSource
  readonly server: ConnectedTrail | undefined
  readonly connection: Connection | undefined
}

/** Finds out which trail is meant, where its files are and who has its keys. @throws {CommandError} */
export async function planOf(context: CliContext, flags: ValidateLogsFlags): Promise<Plan> {
  const parsed = parseTrailArn(flags.trailArn)
  if (!parsed) throw cannot(`Invalid trail ARN provided: ${flags.trailArn}`)
  const isOffline = flags.publicKeys !== undefined && flags.s3Bucket !== undefined && hasOwnSource(context, flags)
  const endpoint = flags.endpointUrl ?? flags.endpoint
  const connection = isOffline
    ? undefined
    : await connect(context, { ...flags, ...(endpoint !== undefined && { endpoint }) })
  const now = connection ? await domainNow(context, connection) : context.now()
  const range = rangeOf(flags, now)
  const sourceRegion = flags.region ?? parsed.homeRegion
  if (!isRegionName(sourceRegion)) throw cannot(`"${sourceRegion}" is no Region`)
  const server =
    connection &&
    connectTrail(connection, { arn: flags.trailArn, homeRegion: parsed.homeRegion, sourceRegion, now: context.now })
  const trail = await placeOf(flags, parsed, sourceRegion, server)
  return { trail, range, server, connection, source: sourceOf(context, flags, trail, connection) }
}

const s3Endpoint = ({ environment }: CliContext, flags: ValidateLogsFlags): string | undefined =>
  flags.s3Endpoint ?? (environment['AWS_ENDPOINT_URL_S3'] || undefined)
const hasOwnSource = (context: CliContext, flags: ValidateLogsFlags): boolean =>
  flags.directory !== undefined || s3Endpoint(context, flags) !== undefined

/** Whole seconds, as digests have them. */
function rangeOf({ startTime, endTime }: ValidateLogsFlags, now: number): TimeRange {
  const seconds = (text: string): number => Math.floor(parseTime(text, now) / 1_000) * 1_000
  const range = { from: seconds(startTime), to: seconds(endTime ?? 'now') }
  if (range.from > range.to) throw cannot('Invalid time range specified: start-time must occur before end-time')
  return range
}

async function placeOf(
  flags: ValidateLogsFlags,
  { name, homeRegion, account }: ParsedTrailArn,
  sourceRegion: TrailPlace['chain']['sourceRegion'],
  server: ConnectedTrail | undefined,
): Promise<TrailPlace> {
  const described = flags.s3Bucket === undefined ? await server?.describe() : undefined
  const bucket = flags.s3Bucket ?? described?.S3BucketName
  if (bucket === undefined) throw cannot('no bucket: name it with --s3-bucket')
  if (described?.IsOrganizationTrail && (flags.accountId === undefined || flags.organizationId === undefined))
    throw cannot(
      'the trail of an organization covers many accounts: name one with --account-id, and the organization with --organization-id',
    )
  const covered = flags.accountId ?? account
  if (!isAccountId(covered)) throw cannot(`"${covered}" is no account id of 12 digits`)
  const keyPrefix = keyPrefixOf(flags.s3Bucket === undefined ? described?.S3KeyPrefix : flags.s3Prefix)
  return {
    arn: flags.trailArn,
    bucket,
    chain: { account: covered, trailName: name, homeRegion, sourceRegion },
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(flags.organizationId !== undefined && { organizationId: flags.organizationId }),
  }
}

function sourceOf(
  context: CliContext,
  flags: ValidateLogsFlags,
  { bucket, chain }: TrailPlace,
  connection: Connection | undefined,
): ObjectSource {
  if (flags.directory !== undefined) {
    if (flags.s3Endpoint !== undefined)
      throw cannot('--directory and --s3-endpoint both say where the files are; choose one')
    return createDirectorySource(flags.directory, bucket)
  }
  const endpoint = s3Endpoint(context, flags)
  const { environment } = context
  if (endpoint === undefined) {
    if (!connection) throw cannot('no server: name one with --endpoint-url')
    const { region, credentials } = connection
    return createS3Source({ endpoint: connection.endpoint, region, credentials, now: context.now })
  }
  const credentials = environmentCredentials(context)
  if (!credentials) throw cannot('no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  const region = flags.s3Region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? chain.sourceRegion
  if (endpoint === 'aws') return createS3Source({ region, credentials, now: context.now })
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw cannot(`"${endpoint}" is no endpoint; write for example https://minio.example.org:9000, or aws`)
  return createS3Source({ endpoint, region, credentials, now: context.now })
}
