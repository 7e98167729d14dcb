import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { awsPath } from '../test/clients.ts'
import { startVersitygw } from '../test/s3-server.ts'
import { childrenOf, cpuSecondsOf, runMeasured } from './child-usage.ts'
import { startDelay, startTrailApi } from './trail-api.ts'
import { buildBucket, sideBySide, type BuiltBucket } from './validation-bucket.ts'

// Log files verified per second, by `opentrail validate-logs` and by `aws cloudtrail validate-logs`, each as a process of its own
// from start to end, on the same bucket of another S3 server: node --conditions=opentrail-source bench/validate-logs.ts
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000' },
    /** About 1.1 KB each. */
    events: { type: 'string', default: '1000' },
    /** So many different contents. */
    contents: { type: 'string', default: '1000' },
    /** Of the store, added to each of its answers; a store in a data centre nearby has some 20. */
    'latency-ms': { type: 'string', default: '0,20' },
    rounds: { type: 'string', default: '2' },
    /** Which programs: ours, aws, directory (ours on a plain copy of the bucket). */
    only: { type: 'string', default: 'ours,aws,directory' },
    /** The program that is ours, for example an earlier build of it. */
    program: { type: 'string', default: join(import.meta.dirname, '../packages/server/dist/cli/main.js') },
  },
})
const [files, eventsPerFile, contents, rounds] = [values.files, values.events, values.contents, values.rounds].map(
  Number,
) as [number, number, number, number]
const only = new Set(values.only.split(','))
const [account, region, bucket] = ['111122223333', 'us-east-1', 'audit-logs']
const trailArn = `arn:aws:cloudtrail:${region}:${account}:trail/audit`

const store = await startVersitygw()
const storePid = childrenOf(process.pid)[0]!
// On a disk, as the store's own: a copy in memory would have its price in memory.
const copy = mkdtempSync(join(import.meta.dirname, '../.tools/validate-logs-'))
try {
  const built = await fill()
  const megabytes = built.bytes / 1e6
  console.log(
    `${files} log files of ${eventsPerFile} events: ${megabytes.toFixed(0)} MB, ${(built.storedBytes / 1e6).toFixed(0)} MB stored; ${built.digests} digests; load ${loadavg()[0]!.toFixed(2)}`,
  )
  showFloor()
  for (const latencyMs of values['latency-ms'].split(',').map(Number)) await compare(built, latencyMs)
} finally {
  await store.close()
  rmSync(copy, { recursive: true, force: true })
}

/** Puts all into the store, and the same as plain files beside it. */
async function fill(): Promise<BuiltBucket> {
  await store.createBucket(bucket)
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: store.credentials,
    forcePathStyle: true,
  })
  const puts = sideBySide(async (Key, Body, Metadata) => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, Metadata: { ...Metadata } }))
    mkdirSync(dirname(join(copy, Key)), { recursive: true })
    await writeFile(join(copy, Key), Body)
  })
  const built = await buildBucket({ bucket, trailArn, account, region, files, eventsPerFile, contents }, puts.put)
  await puts.end()
  s3.destroy()
  return built
}

/** What the processor has to do in any case: decompress and hash, one file after the other, in one thread. */
function showFloor(): void {
  const paths = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('/CloudTrail/'))
    .slice(0, 200)
  const bodies = paths.map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  const before = process.cpuUsage()
  for (const body of bodies) hash('sha256', gunzipSync(body, { chunkSize: 2 ** 20 }))
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1_000 / bodies.length
  const cores = availableParallelism()
  console.log(
    `gunzip and SHA-256 alone: ${cpuMs.toFixed(2)} ms of CPU a file, so ${cores} cores verify ${((cores * 1_000) / cpuMs).toFixed(0)} files/s at most`,
  )
}

async function compare(built: BuiltBucket, latencyMs: number): Promise<void> {
  const api = await startTrailApi({ arn: trailArn, region, bucket }, built)
  const delay = latencyMs > 0 ? await startDelay(store.endpoint, latencyMs) : undefined
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_ENDPOINT_URL_S3: delay?.endpoint ?? store.endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const ours = (...more: string[]): [string, string[]] => [
    process.execPath,
    [values.program, 'validate-logs', ...range(built), ...more],
  ]
  const connected = ['--endpoint-url', api.endpoint]
  const programs: Readonly<Record<string, [string, string[]]>> = {
    ours: ours(...connected, '--s3-region', store.region),
    aws: [awsPath, ['cloudtrail', 'validate-logs', ...range(built), ...connected]],
    ...(latencyMs === 0 && {
      directory: ours('--directory', copy, '--s3-bucket', bucket, '--public-keys', keyFile(built)),
    }),
  }
  for (let round = 0; round < rounds; round++) {
    const speeds: Record<string, number> = {}
    for (const [name, [command, args]] of Object.entries(programs))
      if (only.has(name)) speeds[name] = await show(name, built, () => runMeasured(command, args, env), latencyMs)
    const { ours: own, aws } = speeds
    if (own !== undefined && aws !== undefined) console.log(`  ours / aws: ${(own / aws).toFixed(1)}`)
  }
  api.close()
  delay?.close()
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}

function range({ from, to }: BuiltBucket): string[] {
  return ['--trail-arn', trailArn, '--start-time', time(from - 60_000), '--end-time', time(to)]
}

function keyFile({ publicKey, from, to }: BuiltBucket): string {
  const path = join(copy, 'keys.json')
  const [ValidityStartTime, ValidityEndTime] = [from / 1_000, to / 1_000]
  const key = {
    Value: publicKey.der.toString('base64'),
    Fingerprint: publicKey.fingerprint,
    ValidityStartTime,
    ValidityEndTime,
  }
  writeFileSync(path, JSON.stringify({ PublicKeyList: [key] }))
  return path
}

async function show(
  name: string,
  { bytes }: BuiltBucket,
  run: () => ReturnType<typeof runMeasured>,
  latencyMs: number,
): Promise<number> {
  const [storeBefore, selfBefore] = [cpuSecondsOf(storePid), process.cpuUsage()]
  const { seconds, cpuSeconds, rssMiB, code, stdout, stderr } = await run()
  const self = process.cpuUsage(selfBefore)
  const besides = cpuSecondsOf(storePid) - storeBefore + (self.user + self.system) / 1e6
  const verified = Number(/(\d+)\/\d+ log files valid/.exec(stdout)?.[1])
  if (code !== 0 || verified !== files) throw new Error(`${name} ended with ${code}: ${stdout.slice(-500)}${stderr}`)
  const perSecond = verified / seconds
  console.log(
    `  +${latencyMs} ms ${name.padEnd(9)} ${seconds.toFixed(2).padStart(6)} s ${perSecond.toFixed(0).padStart(5)} files/s ${(bytes / 1e6 / seconds).toFixed(0).padStart(5)} MB/s, CPU ${cpuSeconds.toFixed(2)} s (store and delay ${besides.toFixed(2)} s), ${rssMiB.toFixed(0)} MiB; load ${loadavg()[0]!.toFixed(1)}`,
  )
  return perSecond
}
