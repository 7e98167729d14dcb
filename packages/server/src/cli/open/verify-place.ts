import { isRegionName } from '@opentrail/core/event'
import { createAwsOutput } from '../validation/aws-output.ts'
import { connectTrail } from '../validation/connected-trail.ts'
import type { Progress } from '../validation/gathered.ts'
import { keysOfFile, type KeySource } from '../validation/key-source.ts'
import { cannot } from '../validation/validation-plan.ts'
import { verificationDocument, type Outcome, type VerificationDocument } from '../validation/verification-document.ts'
import { verifyTrail } from '../validation/verify-trail.ts'
import { packageVersion } from '../commands/version.ts'
import { environmentCredentials, namedEndpoint } from '../connection.ts'
import { print, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import type { LogStore } from '../log-files/log-store.ts'
import type { Narrowing } from '../log-files/narrowing.ts'
import { s3EndpointOf, type S3Flags } from '../log-files/open-log-store.ts'
import { printable } from '../table.ts'
import { findChains, type FoundChain, type Unproven } from './find-chains.ts'

export interface VerifyFlags extends S3Flags, FormatFlags {
  readonly publicKeys?: string
}

/** As of `aws cloudtrail validate-logs`; the worst counts. */
const exitCodes: Readonly<Record<Outcome, number>> = { valid: 0, incomplete: 255, invalid: 1 }
const severity: Readonly<Record<Outcome, number>> = { valid: 0, incomplete: 1, invalid: 2 }
const findingsNamed = 20

/**
 * Verifies every chain of digests at a place, and the log files that they list, as `validate-logs` does. Log files of an account
 * and Region without any digest are named: nothing can be said of them.
 * @throws {CommandError} with exit code 255: there is nothing to verify, or no keys to do it with.
 */
export async function verifyPlace(
  context: CliContext,
  flags: VerifyFlags,
  store: LogStore,
  narrowing: Narrowing,
): Promise<void> {
  const isText = flags.format === 'text'
  const trails: VerificationDocument[] = []
  const unproven: Unproven[] = []
  const watcher: Watcher = { unproven: (place) => void unproven.push(place), onProgress: () => {} }
  for await (const { chain, document } of verifyChains(context, flags, { store, narrowing }, watcher)) {
    trails.push(document)
    if (isText) print(context, printable(describe(chain, document)))
  }
  const outcome = worstOutcome(trails, unproven)
  if (isText) for (const place of unproven) print(context, printable(describeUnproven(place)))
  else printJson(context, { outcome, exitCode: exitCodes[outcome], trails, unproven })
  context.exitWith(exitCodes[outcome])
}

export interface Watcher {
  /** Log files that no chain can be of. */
  unproven(place: Unproven): void
  /** Of the chain that is being verified. */
  onProgress(done: Progress): void
}

/** Verifies one chain after the other. @throws {CommandError} with exit code 255: no digests, or no keys. @throws {SourceError} */
export async function* verifyChains(
  context: CliContext,
  flags: VerifyFlags,
  { store, narrowing }: { readonly store: LogStore; readonly narrowing: Narrowing },
  { unproven, onProgress }: Watcher,
): AsyncGenerator<{ readonly chain: FoundChain; readonly document: VerificationDocument }> {
  let isEmpty = true
  for await (const chain of findChains(store, narrowing, unproven)) {
    isEmpty = false
    yield { chain, document: await verifyOne(context, flags, store, chain, onProgress) }
  }
  if (isEmpty) throw cannot(`there are no digests at ${store.description}/${store.start}`)
}

/** What nothing can be said of is not verified. */
export const worstOutcome = (trails: readonly { readonly outcome: Outcome }[], unproven: readonly unknown[]): Outcome =>
  [...trails.map(({ outcome }) => outcome), ...unproven.map(() => 'incomplete' as const)].reduce<Outcome>(
    (worst, one) => (severity[one] > severity[worst] ? one : worst),
    'valid',
  )

async function verifyOne(
  context: CliContext,
  flags: VerifyFlags,
  store: LogStore,
  { trail, range }: FoundChain,
  onProgress: Watcher['onProgress'],
): Promise<VerificationDocument> {
  const source = store.objectSource(trail.bucket)
  const silent = { out: () => {}, error: () => {} }
  try {
    const keys = keysOf(context, flags, { trail, range })
    const output = createAwsOutput(silent, { isVerbose: false })
    const result = await verifyTrail({ trail, range, source, output, keys, onProgress })
    const about = { version: packageVersion(), verifiedAt: context.now(), trail, range }
    const origins = { source: source.description, keySource: keys.description }
    return verificationDocument({ ...about, ...origins, notKnown: notKnown(flags) }, result)
  } finally {
    await source.close()
  }
}

const notKnown = ({ publicKeys }: VerifyFlags): string[] => [
  'Whether the newest digests were deleted, and whether everything was delivered: validate-logs asks the server, or a checkpoint.',
  ...(publicKeys === undefined ? [] : ['Whether the public keys are the right ones: they were read from a file.']),
]

/** From files, of which each has the keys of one Region, else from the server that is named, else from CloudTrail of AWS, for buckets of AWS. */
function keysOf(context: CliContext, flags: VerifyFlags, { trail }: FoundChain): KeySource {
  if (flags.publicKeys !== undefined) return keysOfFiles(flags.publicKeys.split(','))
  const { sourceRegion: region, homeRegion } = trail.chain
  const isElsewhere = s3EndpointOf(context, flags) !== undefined
  const endpoint = namedEndpoint(context, {}) ?? (isElsewhere ? undefined : cloudTrailEndpoint(region))
  const credentials = environmentCredentials(context)
  if (!credentials || endpoint === undefined)
    throw cannot(
      'no public keys: name a file with --public-keys, as "aws cloudtrail list-public-keys" prints them, or set the credentials of AWS',
    )
  const connection = { endpoint, region, credentials, testMode: false }
  return connectTrail(connection, { arn: trail.arn, homeRegion, sourceRegion: region, now: context.now }).keys
}

function keysOfFiles(paths: readonly string[]): KeySource {
  const sources = paths.map(keysOfFile)
  return {
    description: paths.join(', '),
    async between(from, to) {
      const all = await Promise.all(sources.map((source) => source.between(from, to)))
      return new Map(all.flatMap((keys) => [...keys]))
    },
  }
}

const cloudTrailEndpoint = (region: string): string | undefined =>
  isRegionName(region)
    ? `https://cloudtrail.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`
    : undefined

function describe({ trail }: FoundChain, { outcome, counts, findings }: VerificationDocument): string {
  const { digests, logFiles, unsignedCopies } = counts
  const { account, sourceRegion, trailName } = trail.chain
  const unsigned =
    unsignedCopies.digests > 0 ? `, ${unsignedCopies.digests} digests without a signature in this copy` : ''
  const verdict =
    `${outcome.toUpperCase()}: trail ${trailName}, account ${account}, Region ${sourceRegion}: ` +
    `${digests.valid} of ${digests.valid + digests.invalid} digests and ${logFiles.valid} of ${logFiles.valid + logFiles.invalid} log files valid, ` +
    `findings: ${counts.findings.invalid}${unsigned}`
  const named = findings.slice(0, findingsNamed).map(({ kind, message, subject }) => {
    const where = 'key' in subject ? `${subject.key}: ` : ''
    return `  ${kind}: ${where}${message}`
  })
  const left = findings.length - named.length
  return [verdict, ...named, ...(left > 0 ? [`  and ${left} more; --format json has them`] : [])].join('\n')
}

const describeUnproven = ({ account, region }: Unproven): string =>
  `NOT VERIFIED: account ${account}, Region ${region}: log files without any digest`
