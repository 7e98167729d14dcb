import type { Place } from './fetched.ts'
import type { Finding, FindingKind } from './finding.ts'

/** What the AWS CLI (1.45.12 and 2.34.51 or later) says of one object. */
export type AwsVerdict =
  /** On the standard output, and only with `--verbose`. */
  | { readonly status: 'valid'; readonly text: string }
  /** On the standard error, counted as invalid. */
  | { readonly status: 'invalid'; readonly text: string }
  /** The CLI would end with an error of S3 and exit code 255. */
  | { readonly status: 'aborted' }

export interface JudgedObject extends Place {
  readonly type: 'digest' | 'log-file'
  readonly isBackfill?: boolean
  /** Of the trail; the CLI names it where a key is unknown, although it asks its own Region's endpoint. */
  readonly homeRegion: string
}

/** One test that the CLI makes: what fails it, and what it says then. Undefined: it does not notice. */
type AwsTest = readonly [kind: FindingKind, text: (found: Finding, homeRegion: string) => string | undefined]

const aborts = '(aborts)'
const says =
  (text: string): AwsTest[1] =>
  () =>
    text
const where =
  (name: string, value: string, text: string): AwsTest[1] =>
  ({ data }) =>
    data[name] === value ? text : undefined

/** In the CLI's order: it stops at the first that fails. */
const digestTests: readonly AwsTest[] = [
  ['digest-not-found', says('not found')],
  ['digest-missing', says('not found')],
  ['older-digests-absent', says('not found')],
  ['digest-unreadable', says(aborts)],
  ['digest-format', where('awsSees', 'unparsed', 'invalid format')],
  ['signature-missing', says('signature verification failed')],
  ['backfill-time-missing', ({ data }) => (data['value'] === null ? 'invalid format' : undefined)],
  ['digest-format', where('awsSees', 'member', 'invalid format')],
  ['digest-moved', says('has been moved from its original location')],
  [
    'key-unknown',
    ({ data }, homeRegion) => `public key not found in region ${homeRegion} for fingerprint ${data['fingerprint']}`,
  ],
  [
    'key-unusable',
    ({ data }) =>
      data['reason'] === 'unreadable'
        ? `Unable to load PKCS #1 key with fingerprint ${data['fingerprint']}`
        : undefined,
  ],
  ['signature-malformed', ({ data }) => String(data['awsText'])],
  ['signature-invalid', says('signature verification failed')],
]

const logFileTests: readonly AwsTest[] = [
  ['log-file-not-found', says('not found')],
  ['log-file-unreadable', says(aborts)],
  ['log-file-format', where('reason', 'not-gzip', 'invalid format')],
  ['log-file-trailing-data', says('unexpected data after end of compressed stream')],
  ['log-file-format', where('reason', 'cut-short', "hash value doesn't match")],
  ['log-file-hash-differs', says("hash value doesn't match")],
]

/**
 * The line that `aws cloudtrail validate-logs` prints for one object of which these are the findings, without the blank
 * lines around it. A CLI that prints it should make control characters in names visible; AWS's does not.
 */
export function awsVerdict(object: JudgedObject, findings: readonly Finding[]): AwsVerdict {
  const isDigest = object.type === 'digest'
  const backfill = isDigest && object.isBackfill ? '(backfill) ' : ''
  const place = `${backfill}${isDigest ? 'Digest file' : 'Log file'}\ts3://${object.bucket}/${object.key}`
  const text = firstText(isDigest ? digestTests : logFileTests, findings, object.homeRegion)
  if (text === aborts) return { status: 'aborted' }
  if (text === undefined) return { status: 'valid', text: `${place}\tvalid` }
  return { status: 'invalid', text: `${place}\tINVALID: ${text}` }
}

function firstText(tests: readonly AwsTest[], findings: readonly Finding[], homeRegion: string): string | undefined {
  for (const [kind, textOf] of tests)
    for (const found of findings) {
      const text = found.kind === kind ? textOf(found, homeRegion) : undefined
      if (text !== undefined) return text
    }
  return undefined
}

/** What the AWS CLI prints where a chain begins anew; undefined for other findings. It counts as no fault. */
export function awsGapText({ kind, data }: Finding, isBackfill = false): string | undefined {
  if (kind !== 'gap' && kind !== 'chain-restarted') return undefined
  const between = `between ${data['from']} and ${data['to']}`
  return `${isBackfill ? '(backfill) ' : ''}No log files were delivered by CloudTrail ${between}`
}
