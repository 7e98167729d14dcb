import { createAwsOutput } from '../validation/aws-output.ts'
import { connectTrail } from '../validation/connected-trail.ts'
import { keysOfFile, type KeySource } from '../validation/key-source.ts'
import { cannot } from '../validation/validation-plan.ts'
import { outcomeOf, type Outcome } from '../validation/verification-document.ts'
import { verifyTrail, type Verification } from '../validation/verify-trail.ts'
import { environmentCredentials } from '../connection.ts'
import { print, type CliContext } from '../context.ts'
import type { LogStore } from '../log-files/log-store.ts'
import type { Narrowing } from '../log-files/narrowing.ts'
import { printable } from '../table.ts'
import { findChains, type FoundChain } from './find-chains.ts'

export interface VerifyFlags {
  readonly publicKeys?: string
  readonly s3Endpoint?: string
}

/** As of `aws cloudtrail validate-logs`; the worst counts. */
const exitCodes: Readonly<Record<Outcome, number>> = { valid: 0, incomplete: 255, invalid: 1 }
const severity: Readonly<Record<Outcome, number>> = { valid: 0, incomplete: 1, invalid: 2 }
const findingsNamed = 20

/**
 * Verifies every chain of digests at a place, and the log files that they list, as `validate-logs` does.
 * @throws {CommandError} with exit code 255: there is nothing to verify, or no keys to do it with.
 */
export async function verifyPlace(
  context: CliContext,
  flags: VerifyFlags,
  store: LogStore,
  narrowing: Narrowing,
): Promise<void> {
  let worst: Outcome | undefined
  for await (const chain of findChains(store, narrowing)) {
    const result = await verifyOne(context, flags, store, chain)
    const outcome = outcomeOf(result)
    print(context, printable(describe(chain, result, outcome)))
    for (const { kind, message, subject } of result.findings.kept.slice(0, findingsNamed))
      print(context, printable(`  ${kind}: ${subject.key}: ${message}`))
    if (worst === undefined || severity[outcome] > severity[worst]) worst = outcome
  }
  if (worst === undefined) throw cannot(`there are no digests at ${store.description}/${store.start}`)
  context.exitWith(exitCodes[worst])
}

async function verifyOne(
  context: CliContext,
  flags: VerifyFlags,
  store: LogStore,
  { trail, range }: FoundChain,
): Promise<Verification> {
  const source = store.objectSource(trail.bucket)
  const silent = { out: () => {}, error: () => {} }
  try {
    const output = createAwsOutput(silent, { isVerbose: false })
    return await verifyTrail({
      trail,
      range,
      source,
      output,
      keys: keysOf(context, flags, { trail, range }),
      onProgress: () => {},
    })
  } finally {
    await source.close()
  }
}

/** From a file, else from CloudTrail of AWS, for buckets of AWS. */
function keysOf(context: CliContext, flags: VerifyFlags, { trail }: FoundChain): KeySource {
  if (flags.publicKeys !== undefined) return keysOfFile(flags.publicKeys)
  const credentials = environmentCredentials(context)
  const { sourceRegion: region, homeRegion } = trail.chain
  if (!credentials || flags.s3Endpoint !== undefined || (context.environment['AWS_ENDPOINT_URL_S3'] ?? '') !== '')
    throw cannot(
      'no public keys: name a file with --public-keys, as "aws cloudtrail list-public-keys" prints them, or set the credentials of AWS',
    )
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const endpoint = `https://cloudtrail.${region}.${suffix}`
  const connection = { endpoint, region, credentials, testMode: false }
  return connectTrail(connection, { arn: trail.arn, homeRegion, sourceRegion: region, now: context.now }).keys
}

function describe({ trail }: FoundChain, { counts, findings, unsignedCopies }: Verification, outcome: Outcome): string {
  const { digests, logFiles } = counts
  const { account, sourceRegion, trailName } = trail.chain
  const unsigned =
    unsignedCopies.digests > 0 ? `, ${unsignedCopies.digests} digests without a signature in this copy` : ''
  return (
    `${outcome.toUpperCase()}: trail ${trailName}, account ${account}, Region ${sourceRegion}: ` +
    `${digests.valid} of ${digests.valid + digests.invalid} digests and ${logFiles.valid} of ${logFiles.valid + logFiles.invalid} log files valid, ` +
    `${findings.counts.invalid} findings${unsigned}`
  )
}
