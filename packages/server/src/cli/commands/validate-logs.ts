import { writeFileSync } from 'node:fs'
import { parseDigestKey, type Checkpoint } from '@opentrail/core/digest'
import { CommandError } from '../command-error.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import { printable } from '../table.ts'
import { createAwsOutput } from '../validation/aws-output.ts'
import type { Accounted } from '../validation/complete.ts'
import { completePlanOf } from '../validation/complete-plan.ts'
import { checkpointText, readCheckpoint } from '../validation/checkpoint-file.ts'
import { lastStamp } from '../validation/digest-listing.ts'
import type { Progress } from '../validation/gathered.ts'
import { keysOfFile } from '../validation/key-source.ts'
import { SourceError } from '../validation/object-source.ts'
import { reportHtml } from '../validation/report-html.ts'
import { cannot, planOf, type Plan, type ValidateLogsFlags } from '../validation/validation-plan.ts'
import { verificationDocument, type VerificationDocument } from '../validation/verification-document.ts'
import { verifyTrail, type Verification } from '../validation/verify-trail.ts'
import { packageVersion } from './version.ts'

export type { ValidateLogsFlags }

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

async function verify(context: CliContext, flags: ValidateLogsFlags): Promise<void> {
  const plan = await planOf(context, flags)
  const { trail, range, source, server } = plan
  const isJson = flags.format === 'json'
  try {
    const keys = flags.publicKeys === undefined ? server?.keys : keysOfFile(flags.publicKeys)
    if (!keys) throw cannot('no public keys: name a server (--endpoint-url) or a file (--public-keys)')
    // The newest digest of a plain copy has no signature to be known by.
    const latest = flags.directory === undefined ? await server?.latestDigest(trail) : undefined
    const expectedUntil = latest !== undefined && latest <= lastStamp(range) ? latest : undefined
    const checkpoint = flags.checkpoint === undefined ? undefined : readCheckpoint(flags.checkpoint, trail.bucket)
    const isInRange = checkpoint && (parseDigestKey(checkpoint.key)?.endTime ?? 0) <= lastStamp(range)
    const complete = flags.complete ? await completePlanOf(context, flags, plan, checkpoint?.tree) : undefined
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
      ...(complete && { complete }),
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
    keep(flags, document, result)
    context.exitWith(document.exitCode)
  } finally {
    await source.close()
  }
}

function notKnown(
  { trail, server }: Plan,
  { unsignedCopies, completeness }: Verification,
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
    ...(completeness
      ? [
          'Whether the trail was right not to select what is in no file: manifests hold only the hashes of those events.',
        ]
      : ['Whether everything was delivered: that was not asked for (--complete).']),
    ...(completeness?.accounted?.unsigned
      ? [
          `Whether the manifests of ${completeness.accounted.unsigned} digests are as they were written: a plain copy lacks their signatures.`,
        ]
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
  const { completeness } = document
  if (completeness && completeness.manifests > 0) print(context, accountedText(completeness))
  if (completeness && completeness.unsigned > 0)
    printError(
      context,
      `The manifests of ${completeness.unsigned} digests could not be checked: a plain copy lacks their signatures.`,
    )
  if (unsignedCopies.digests > 0)
    printError(
      context,
      `${unsignedCopies.digests} digests and their ${unsignedCopies.logFiles} log files could not be checked: a plain copy lacks the signatures, and no digest that follows repeats these.`,
    )
}

const accountedText = ({ manifests, from, to, records, leftOut }: Accounted): string =>
  records + leftOut === 0
    ? `\n${manifests} manifests account for no entries: there were none in their time`
    : `\n${manifests} manifests account for entries ${from} to ${to} of the log: ${records} are in log files, ${leftOut} were not selected`

const findingLine = ({ severity, kind, subject, message }: VerificationDocument['findings'][number]): string =>
  `${kind}\ts3://${printable(subject.bucket)}/${printable(subject.key)}\t${severity === 'invalid' ? 'INVALID' : severity}: ${message}`

function keep(
  flags: ValidateLogsFlags,
  document: VerificationDocument,
  { checkpoint, completeness }: Verification,
): void {
  if (flags.report !== undefined)
    write(flags.report, /\.html$/i.test(flags.report) ? reportHtml(document) : `${JSON.stringify(document, null, 2)}\n`)
  if (flags.saveCheckpoint === undefined) return
  // What was found to be wrong is nothing to measure the next verification by.
  if (checkpoint && document.exitCode === 0)
    write(flags.saveCheckpoint, checkpointText(checkpoint, completeness?.newest))
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
