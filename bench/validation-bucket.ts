import { createHash, generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { logFileKey, parseLogFileKey } from '@opentrail/core/delivery'
import {
  digestBytes,
  digestKey,
  digestMetadata,
  publicKeyFingerprint,
  signDigest,
  textToSign,
  type DigestFile,
  type DigestLogFile,
} from '@opentrail/core/digest'
import { formatEventTime, isAccountId, isRegionName } from '@opentrail/core/event'
import { batchTemplate } from './records.ts'

/** A bucket to verify: a trail's log files, and a digest for every hour. */
export interface BucketPlan {
  readonly bucket: string
  readonly trailArn: string
  readonly account: string
  readonly region: string
  readonly files: number
  readonly eventsPerFile: number
  /** So many contents are made; further files have one of these again. */
  readonly contents: number
}

export interface BuiltBucket {
  /** ms */
  readonly from: number
  readonly to: number
  readonly digests: number
  /** Of the log files, as stored and uncompressed. */
  readonly storedBytes: number
  readonly bytes: number
  /** PKCS#1 DER, and how ListPublicKeys names it. */
  readonly publicKey: { readonly der: Buffer; readonly fingerprint: string }
}

export type PutObject = (key: string, body: Uint8Array, metadata: Readonly<Record<string, string>>) => Promise<void>

const hourMs = 3_600_000
/** One every five minutes. */
const filesPerHour = 12
const epoch = Date.UTC(2026, 2, 4, 10, 11, 12)
/** Puts under way. */
const putsMax = 16

/** Fills a bucket through `put`. The last digest lists nothing: a plain copy of the bucket lacks its signature. */
export async function buildBucket(plan: BucketPlan, put: PutObject): Promise<BuiltBucket> {
  const { account, region: sourceRegion, files } = plan
  if (!isAccountId(account) || !isRegionName(sourceRegion)) throw new Error('no account, or no Region')
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = publicKey.export({ type: 'pkcs1', format: 'der' })
  const contentOf = createContents(plan)
  const chain = { account, homeRegion: sourceRegion, sourceRegion, trailName: plan.trailArn.split('/').at(-1)! }
  const hours = Math.ceil(files / filesPerHour) + 1
  const total = { storedBytes: 0, bytes: 0 }
  let previous: Written | undefined
  for (let hour = 0; hour < hours; hour++) {
    const endTime = epoch + (hour + 1) * hourMs
    const first = hour * filesPerHour
    const logFiles: DigestLogFile[] = []
    for (let index = first; index < Math.min(first + filesPerHour, files); index++) {
      const { body, sha256, bytes } = await contentOf(index)
      const plannedAt = endTime - hourMs + ((index - first) * hourMs) / filesPerHour
      const unique = hash('sha256', String(index)).slice(0, 16)
      const key = logFileKey({ account, region: sourceRegion, kind: 'CloudTrail', unique, plannedAt })
      await put(key, body, {})
      total.storedBytes += body.length
      total.bytes += bytes
      logFiles.push(listed(plan.bucket, key, sha256))
    }
    const key = digestKey({ ...chain, isBackfill: false, endTime })
    previous = sign({ ...plan, key, endTime, logFiles, previous }, privateKey, publicKeyFingerprint(der))
    await put(key, await promisify(gzip)(previous.bytes), digestMetadata(previous.signature))
  }
  return {
    from: epoch,
    to: epoch + hours * hourMs,
    digests: hours,
    ...total,
    publicKey: { der, fingerprint: publicKeyFingerprint(der) },
  }
}

/** Puts that are sent side by side; `end` waits for all. */
export function sideBySide(put: PutObject): { readonly put: PutObject; end(): Promise<void> } {
  const underWay = new Set<Promise<void>>()
  return {
    async put(...object) {
      if (underWay.size >= putsMax) await Promise.race(underWay)
      const running = put(...object).finally(() => underWay.delete(running))
      underWay.add(running)
    },
    end: async () => void (await Promise.all(underWay)),
  }
}

interface Content {
  readonly body: Buffer
  readonly bytes: number
  readonly sha256: string
}

/** The content of each file by its number: made once, the next one while the last is put. */
function createContents({ account, region, eventsPerFile, contents, files }: BucketPlan) {
  const kept = new Map<number, Promise<Content>>()
  const templates = Array.from({ length: 8 }, () => batchTemplate(eventsPerFile, { account, region }))
  const make = async (index: number): Promise<Content> => {
    const lines = templates[index % templates.length]!.fill(epoch + (index * hourMs) / filesPerHour)
    const text = Buffer.concat([Buffer.from('{"Records":['), lines, Buffer.from(']}')])
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) text[at] = 0x2c
    // As deliveries do it when they are not behind.
    const body = await promisify(gzip)(text, { level: 6 })
    return { body, bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }
  }
  return async (index: number): Promise<Content> => {
    const number = index % contents
    const ahead = [number, (number + 1) % contents].filter((each) => each < files)
    for (const each of ahead) if (!kept.has(each)) kept.set(each, make(each))
    const made = await kept.get(number)!
    // Of a bucket of distinct files nothing is kept.
    if (contents >= files) kept.delete(number)
    return made
  }
}

function listed(s3Bucket: string, s3Object: string, hashValue: string): DigestLogFile {
  const time = formatEventTime(parseLogFileKey(s3Object)!.stamp - 60_000)
  return { s3Bucket, s3Object, hashValue, hashAlgorithm: 'SHA-256', newestEventTime: time, oldestEventTime: time }
}

interface Written {
  readonly key: string
  readonly bytes: Uint8Array
  readonly signature: string
}

function sign(
  plan: {
    readonly bucket: string
    readonly account: string
    readonly key: string
    readonly endTime: number
    readonly logFiles: readonly DigestLogFile[]
    readonly previous: Written | undefined
  },
  privateKey: KeyObject,
  fingerprint: string,
): Written {
  const { bucket, key, endTime, logFiles, previous } = plan
  const digest: DigestFile = {
    awsAccountId: plan.account,
    digestStartTime: formatEventTime(endTime - hourMs),
    digestEndTime: formatEventTime(endTime),
    digestS3Bucket: bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime: logFiles.at(-1)?.newestEventTime ?? null,
    oldestEventTime: logFiles[0]?.oldestEventTime ?? null,
    previousDigestS3Bucket: previous ? bucket : null,
    previousDigestS3Object: previous?.key ?? null,
    previousDigestHashValue: previous ? hash('sha256', previous.bytes) : null,
    previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
    previousDigestSignature: previous?.signature ?? null,
    logFiles,
  }
  const bytes = digestBytes(digest)
  return { key, bytes, signature: signDigest(textToSign(digest, bytes), privateKey) }
}
