import { spawn, spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { versitygwPath } from '../s3-server.ts'
import { credentials, startTestServer } from '../wire/test-server.ts'

/**
 * The integration tests of versitygw (Apache-2.0), an S3 gateway, against a server of ours: nobody here wrote them. They know
 * AWS's API and, in places, only their own gateway, which is why some of them cannot pass anywhere else.
 */
export interface Outcome {
  readonly name: string
  readonly isPassed: boolean
  /** It leaves nothing behind: only so the next test finds what it expects. */
  readonly isTidy: boolean
  /** What the test says, on one line. */
  readonly reason: string
}

/** Of a test; most take a fifth of a second. */
const testMsMax = 60_000
/** Of what a test prints, from its end. */
const reasonCharsMax = 400

/**
 * Not run: tests of interfaces that are not S3's or the gateway's own (IAM, its users, its web sites), and of what is not
 * built: ACLs, CORS, web sites, forms.
 */
const foreign =
  /^(?:IAM|S3IAM|NoAclMode|WebsiteHosting|Server|HealthCheck|Scoutfs|Posix|AccessControl_|Versioning_AccessControl_|CORS|PreflightOPTIONS|PostObject|PublicBucket)|Website(?:_|$)|BucketAcl|BucketCors|OwnershipControls|_not_implemented$|_iam_|data_integrity/

/** The names of the tests of S3. */
export function testNames(): string[] {
  const { stdout } = spawnSync(versitygwPath, ['test', '--help'], { encoding: 'utf8' })
  const names = [...stdout.matchAll(/^ {3}(\S+) +Runs \S+ integration test$/gm)].map(([, name]) => name!)
  return names.filter((name) => !foreign.test(name)).sort()
}

/**
 * Runs tests by name, `lanes` at a time, each lane on a server of its own: tests name their buckets alike. A test that fails
 * leaves its buckets, so the next one gets another server.
 */
export async function runTests(
  names: readonly string[],
  options: { readonly lanes: number; readonly done?: (outcome: Outcome) => void },
): Promise<Outcome[]> {
  const waiting = names.values()
  const outcomes: Outcome[] = []
  const lane = async (): Promise<void> => {
    let server: Awaited<ReturnType<typeof startTestServer>> | undefined
    // The iterator is shared: each name is taken by one lane.
    for (const name of waiting) {
      server ??= await startTestServer({ 'log-level': 'error' })
      const outcome = await runTest(name, server.endpoint)
      outcomes.push(outcome)
      options.done?.(outcome)
      if (outcome.isTidy) continue
      await server.close()
      server = undefined
    }
    await server?.close()
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function runTest(name: string, endpoint: string): Promise<Outcome> {
  const { accessKeyId, secretAccessKey } = credentials
  const whose = ['--access', accessKeyId, '--secret', secretAccessKey, '--endpoint', endpoint]
  return new Promise((resolve) => {
    const child = spawn(versitygwPath, ['test', ...whose, name], {
      // Some of its tests call `./versitygw`.
      cwd: dirname(versitygwPath),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: testMsMax,
      killSignal: 'SIGKILL',
    })
    let text = ''
    const take = (piece: Buffer): void => {
      text += piece.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('close', (code, signal) => {
      const plain = text.replace(colours, '')
      // By itself a test does not remove versions, and says so; what it tested has then passed.
      const isTidy = code === 0 && /^PASS\b/m.test(plain)
      const isPassed =
        isTidy || (!/^(?:FAIL\b|panic:)/m.test(plain) && plain.includes(': failed to delete the bucket: '))
      resolve({ name, isPassed, isTidy, reason: isPassed ? '' : reasonOf(plain, signal) })
    })
    child.once('error', (error) => resolve({ name, isPassed: false, isTidy: false, reason: error.message }))
  })
}

// eslint-disable-next-line no-control-regex -- colours
const colours = /\u001b\[[0-9;]*m/g

function reasonOf(plain: string, signal: NodeJS.Signals | null): string {
  const failure = /FAIL +\S+: ([\s\S]*)/.exec(plain)?.[1] ?? /^panic: (.*)/m.exec(plain)?.[0] ?? plain
  const first = failure.split('\n')[0] ?? ''
  const reason = first.replace(/https response error StatusCode: (\d+), RequestID: [^,]*, HostID: [^,]*, /, '$1 ')
  return signal ? `it did not end: ${reason}` : reason.slice(0, reasonCharsMax)
}

/** Why a test does not pass here, by its name, a tab and what it says; the first that fits. */
export const kindsOfFailure: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['the same code in other words', /error message to be/],
  ['asks the gateway itself for users (`./versitygw admin`)', /\texit status 1$|create-user/],
  [
    'checksums SHA-512, MD5 and XXHash',
    /SHA512|Checksum algorithm provided is unsupported|_(?:incorrect_checksums|invalid_checksum_header|multiple_checksum_headers)\t|^SignedStreamingPayloadTrailer_invalid_checksum/,
  ],
  [
    'a policy for everyone, which Block Public Access refuses in a new bucket',
    /BlockPublicPolicy|^PutBucketPolicy_(?:condition_|status)/,
  ],
  [
    'ACLs and owners as the gateway has them',
    /bucket owner to be|owner to be test|ACL|Acl|expected_bucket_owner\t.*403/,
  ],
  [
    'the form of the gateway\u2019s version ids',
    /NoSuchVersion, instead got InvalidArgument|Invalid version id|instead got BadRequest|encoded_versionid_separator/,
  ],
  [
    'names that are paths of files to the gateway',
    /ObjectParentIsFile|IsDirectory|DirectoryObject|x-directory|name_too_long|KeyTooLong|slashes|expected 400/,
  ],
  [
    'headers and elements that S3 leaves out',
    /storage class to be STANDARD|object Size|nil pointer|bucket arn|to be nil|to be null|next marker|NextMarker|to omit versionId|expected the deleted objects/,
  ],
  ['principals by access key', /Invalid principal in policy|Principal must be/],
  [
    'locked objects in a bucket without versions',
    /expected AccessDenied, instead got nil|exactly 1 per-object error|not_enabled_on_bucket_creation/,
  ],
  ['one port for all services and Regions', /\tEOF$|<ListAllMyBucketsResult>|\texpected InvalidLocationConstraint/],
  ['ranges of empty objects, and `bytes= -1`', /InvalidRange|RangeNotSatisfiable|bytes= -1|content-length to be 100/],
  ['a bucket that the test leaves full', /DeleteBucket, 409 api error BucketNotEmpty/],
  ['chunks of less than 8 KiB are taken', /_invalid_chunk_size\t/],
  [
    'of two faults the other one is named',
    /^Router|_incorrect_payload_hash|_invalid_part_number|_invalid_checksum_algorithm|retain_until_date|_not_allowed\t|_incomplete_body|different_checksum_part|_invalid_body\t/,
  ],
]
