import { writeFileSync } from 'node:fs'
import { parseDigestKey, type Checkpoint } from '@opentrail/core/digest'
import { isAccountId, isRegionName } from '@opentrail/core/event'
import { CommandError } from '../command-error.ts'
import { connect, environmentCredentials, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import { domainNow } from '../domain-now.ts'
import type { FormatFlags } from '../flags.ts'
import { printable } from '../table.ts'
import { parseTime } from '../times.ts'
import { createAwsOutput } from '../validation/aws-output.ts'
import { checkpointText, readCheckpoint } from '../validation/checkpoint-file.ts'
import { connectTrail, type ConnectedTrail } from '../validation/connected-trail.ts'
import { lastStamp, type TimeRange } from '../validation/digest-listing.ts'
import { createDirectorySource } from '../validation/directory-source.ts'
import { keysOfFile } from '../validation/key-source.ts'
import { SourceError, type ObjectSource } from '../validation/object-source.ts'
import { reportHtml } from '../validation/report-html.ts'
import { createS3Source } from '../validation/s3-source.ts'
import { parseTrailArn, type ParsedTrailArn, type TrailPlace } from '../validation/trail-place.ts'
import { verificationDocument, type VerificationDocument } from '../validation/verification-document.ts'
import { fetchesMax, verifyTrail, type Progress, type Verification } from '../validation/verify-trail.ts'
import { packageVersion } from './version.ts'

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
  readonly report?: string
}

/** The AWS CLI's code for whatever keeps it from verifying at all. */
const cannot = (message: string, cause?: unknown): CommandError =>
  new CommandError(message, { exitCode: 255, ...(cause !== undefined && { cause }) })
/** Often enough to see that it goes on. */
const progressEvery = 100

/** Verifies digests and log files of a trail, in the words of `aws cloudtrail validate-logs`, and beyond what that checks. */
export async function validateLogs(this: CliContext, flags: ValidateLogsFlags): Promise<void> {
  if (flags.report !== undefined && !/\.(?:html|json)$/i.test(flags.report))
    throw cannot(`--report writes FILE.html or FILE.json, not "${flags.report}"`)
  try {
    await verify(this, flags)
  } catch (error) {
    if (error instanceof SourceError) throw cannot(error.message, error)
    // A connection that fails is no verdict, whatever its own code.
    if (error instanceof CommandError && error.exitCode !== 255) throw cannot(error.message, error)
    throw error
  }
}

/** What is asked for, with all that it needs. */
interface Plan {
  readonly trail: TrailPlace
  readonly range: TimeRange
  readonly source: ObjectSource
  readonly server: ConnectedTrail | undefined
}

async function verify(context: CliContext, flags: ValidateLogsFlags): Promise<void> {
  const plan = await planOf(context, flags)
  const { trail, range, source, server } = plan
  const isJson = flags.format === 'json'
  try {
    const keys = flags.publicKeys === undefined ? server?.keys : keysOfFile(flags.publicKeys)
    if (!keys) throw cannot('no public keys: name a server (--endpoint-url) or a file (--public-keys)')
    // The newest digest of a plain copy has no signature to be known by.
    const latest = flags.directory === undefined ? await server?.latestDigest() : undefined
    const expectedUntil = latest !== undefined && latest <= lastStamp(range) ? latest : undefined
    const checkpoint = flags.checkpoint === undefined ? undefined : readCheckpoint(flags.checkpoint, trail.bucket)
    const isInRange = checkpoint && (parseDigestKey(checkpoint.key)?.endTime ?? 0) <= lastStamp(range)
    const progress = createProgress(context)
    const result = await verifyTrail({
      trail,
      range,
      source,
      keys,
      output: createAwsOutput(isJson ? silent : streamsOf(context, progress), { isVerbose: flags.verbose === true }),
      onProgress: (done) => progress.show(done),
      ...(expectedUntil !== undefined && { expectedUntil }),
      ...(checkpoint && isInRange && { checkpoint }),
    })
    progress.clear()
    const document = verificationDocument(
      {
        version: packageVersion(),
        verifiedAt: context.now(),
        trail,
        range,
        source: source.description,
        keySource: keys.description,
        notKnown: notKnown(plan, result, { expectedUntil, checkpoint, isInRange: isInRange === true }),
      },
      result,
    )
    if (isJson) printJson(context, document)
    else tell(context, document, result, flags.verbose === true)
    keep(flags, document, result.checkpoint)
    context.exitWith(document.exitCode)
  } finally {
    await source.close()
  }
}

async function planOf(context: CliContext, flags: ValidateLogsFlags): Promise<Plan> {
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
  return { trail, range, server, source: sourceOf(context, flags, trail, connection) }
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
  // A slash at either end of a trail's prefix is left out of its keys.
  const keyPrefix = (flags.s3Bucket === undefined ? described?.S3KeyPrefix : flags.s3Prefix)?.replace(/^\/+|\/+$/g, '')
  return {
    arn: flags.trailArn,
    bucket,
    chain: { account: covered, trailName: name, homeRegion, sourceRegion },
    ...(keyPrefix && { keyPrefix }),
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
    return createS3Source({ endpoint: connection.endpoint, region, credentials, callsMax: fetchesMax })
  }
  const credentials = environmentCredentials(context)
  if (!credentials) throw cannot('no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  const region = flags.s3Region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? chain.sourceRegion
  if (endpoint === 'aws') return createS3Source({ region, credentials, callsMax: fetchesMax })
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw cannot(`"${endpoint}" is no endpoint; write for example https://minio.example.org:9000, or aws`)
  return createS3Source({ endpoint, region, credentials, callsMax: fetchesMax })
}

function notKnown(
  { trail, server }: Plan,
  { unsignedCopies }: Verification,
  known: {
    readonly expectedUntil: number | undefined
    readonly checkpoint: Checkpoint | undefined
    readonly isInRange: boolean
  },
): string[] {
  const { digests, logFiles } = unsignedCopies
  return [
    `Log files of other Regions than ${trail.chain.sourceRegion}, and of other trails: each has digests of its own.`,
    ...(known.expectedUntil === undefined && !known.isInRange
      ? [
          'Whether the newest digests were deleted: no checkpoint was given, and no trail status tells of the newest digest in the range.',
        ]
      : []),
    ...(known.checkpoint && !known.isInRange
      ? ['Whether the digest of the checkpoint is there: it is newer than the range.']
      : []),
    ...(server === undefined ? ['Whether the public keys are the right ones: they were read from a file.'] : []),
    ...(digests > 0
      ? [
          `Whether ${digests} of the digests, and the ${logFiles} log files that they list, are as they were delivered: a plain copy lacks the signatures, and only the digest that follows repeats one.`,
        ]
      : []),
  ]
}

/** What the AWS CLI does not tell, after what it does. */
function tell(
  context: CliContext,
  document: VerificationDocument,
  { findings, unsignedCopies }: Verification,
  isVerbose: boolean,
): void {
  const shown = document.findings.filter(
    ({ isSeenByAws, severity }) => !isSeenByAws && (isVerbose || severity !== 'notice'),
  )
  if (shown.length > 0)
    print(
      context,
      ['', 'Found beyond what "aws cloudtrail validate-logs" checks:', '', ...shown.map(findingLine), ''].join('\n'),
    )
  if (document.findingsLeftOut > 0)
    print(
      context,
      `${document.findingsLeftOut} more findings are left out (${findings.counts.invalid} are invalid in all).`,
    )
  if (unsignedCopies.digests > 0)
    printError(
      context,
      `${unsignedCopies.digests} digests and their ${unsignedCopies.logFiles} log files could not be checked: a plain copy lacks the signatures, and no digest that follows repeats these.`,
    )
}

const findingLine = ({ severity, kind, subject, message }: VerificationDocument['findings'][number]): string =>
  `${kind}\ts3://${printable(subject.bucket)}/${printable(subject.key)}\t${severity === 'invalid' ? 'INVALID' : severity}: ${message}`

function keep(flags: ValidateLogsFlags, document: VerificationDocument, checkpoint: Checkpoint | undefined): void {
  if (flags.report !== undefined)
    write(flags.report, /\.html$/i.test(flags.report) ? reportHtml(document) : `${JSON.stringify(document, null, 2)}\n`)
  if (flags.saveCheckpoint === undefined) return
  // What was found to be wrong is nothing to measure the next verification by.
  if (checkpoint && document.exitCode === 0) write(flags.saveCheckpoint, checkpointText(checkpoint))
  else if (document.exitCode === 0) throw cannot('there is no checkpoint to save: no digest was found')
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw cannot(`${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

const silent = { out: () => {}, error: () => {} }
const streamsOf = ({ process }: CliContext, progress: ProgressLine) => ({
  out(text: string): void {
    progress.clear()
    process.stdout.write(text)
  },
  error(text: string): void {
    progress.clear()
    process.stderr.write(text)
  },
})

/** One line that is written over, and only where somebody looks. */
interface ProgressLine {
  show(done: Progress): void
  clear(): void
}

function createProgress({ process }: CliContext): ProgressLine {
  const { stderr } = process
  const isTerminal = 'isTTY' in stderr && stderr.isTTY === true
  let last = 0
  let isShown = false
  return {
    show({ digests, logFiles }) {
      if (!isTerminal || digests + logFiles < last + progressEvery) return
      last = digests + logFiles
      isShown = true
      stderr.write(`\r\u001b[2K${digests} digests, ${logFiles} log files`)
    },
    clear() {
      if (isShown) stderr.write('\r\u001b[2K')
      isShown = false
    },
  }
}
