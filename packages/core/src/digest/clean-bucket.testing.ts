import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { logFileKey } from '../delivery/index.ts'
import { formatEventTime, type AccountId, type Region } from '../event/index.ts'
import type { Checkpoint } from './chain-checker.ts'
import { digestBytes, type DigestFile, type DigestLogFile } from './digest-file.ts'
import { digestKey } from './digest-key.ts'
import { digestMetadata, sha256Hex, signDigest, textToSign } from './digest-signature.ts'
import type { ExpectedChain } from './expected-chain.ts'
import type { Place } from './fetched.ts'
import { placeName, zip, type Objects } from './objects.testing.ts'
import { publicKeys, type PublicKeys, type PublicKeySource } from './public-key.ts'
import type { KnownChain } from './verify-objects.testing.ts'

export const hourMs = 3_600_000
export const account = '210000000001' as AccountId
export const homeRegion = 'eu-west-1' as Region
const otherRegion = 'us-east-1' as Region

export interface SigningKey {
  readonly privateKey: KeyObject
  readonly source: PublicKeySource
  readonly fingerprint: string
}

export function signingKey(validityStart: number, validityEnd: number): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = publicKey.export({ type: 'pkcs1', format: 'der' })
  const source = { der, validityStart, validityEnd }
  return { privateKey, source, fingerprint: createHash('md5').update(der).digest('hex') }
}

/** A digest as it was written, and what a successor has to know of it. */
export interface Written {
  readonly place: Place
  readonly digest: DigestFile
  readonly bytes: Uint8Array
  readonly signature: string
}

export interface DigestPlan {
  readonly expected: ExpectedChain
  readonly bucket: string
  readonly keyPrefix?: string
  /** ms */
  readonly endTime: number
  readonly key: SigningKey
  readonly previous?: Written | undefined
  readonly logFiles?: readonly DigestLogFile[]
  /** Members that are not what a sound digest has. */
  readonly changes?: Partial<DigestFile>
}

/** Signs a digest and puts it where it belongs. */
export function writeDigest(objects: Objects, plan: DigestPlan): Written {
  const { expected, bucket, endTime, key, previous, logFiles = [] } = plan
  const isBackfill = expected.isBackfill ?? false
  const place = { bucket, key: digestKey({ ...prefixOf(plan), ...expected, endTime, isBackfill }) }
  const times = logFiles
    .flatMap(({ newestEventTime, oldestEventTime }) => [newestEventTime, oldestEventTime])
    .toSorted()
  const digest: DigestFile = {
    awsAccountId: expected.account,
    digestStartTime: formatEventTime(endTime - hourMs),
    digestEndTime: formatEventTime(endTime),
    digestS3Bucket: place.bucket,
    digestS3Object: place.key,
    digestPublicKeyFingerprint: key.fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime: times.at(-1) ?? null,
    oldestEventTime: times[0] ?? null,
    previousDigestS3Bucket: previous?.place.bucket ?? null,
    previousDigestS3Object: previous?.place.key ?? null,
    previousDigestHashValue: previous ? sha256Hex(previous.bytes) : null,
    previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
    previousDigestSignature: previous?.signature ?? null,
    logFiles,
    ...plan.changes,
  }
  const bytes = digestBytes(digest)
  const signature = signDigest(textToSign(digest, bytes), key.privateKey)
  const metadata = digestMetadata(signature, isBackfill ? endTime + 30 * hourMs : undefined)
  objects.set(placeName(place), { body: zip(bytes), metadata: { ...metadata } })
  return { place, digest, bytes, signature }
}

const prefixOf = ({ keyPrefix }: { readonly keyPrefix?: string }) => (keyPrefix === undefined ? {} : { keyPrefix })

export interface LogFilePlan {
  readonly bucket: string
  readonly keyPrefix?: string
  readonly region: Region
  /** ms */
  readonly deliveredAt: number
  /** 16 letters and digits. */
  readonly unique: string
}

/** Puts a log file with one record; its entry for a digest. */
export function writeLogFile(objects: Objects, plan: LogFilePlan): DigestLogFile {
  const { bucket, region, deliveredAt, unique } = plan
  const key = logFileKey({ ...prefixOf(plan), account, region, kind: 'CloudTrail', unique, plannedAt: deliveredAt })
  const eventTime = formatEventTime(deliveredAt - 200_000)
  const body = JSON.stringify({ Records: [{ eventVersion: '1.11', eventTime, eventID: unique }] })
  objects.set(`${bucket}/${key}`, { body: zip(body), metadata: {} })
  return {
    s3Bucket: bucket,
    s3Object: key,
    hashValue: sha256Hex(Buffer.from(body)),
    hashAlgorithm: 'SHA-256',
    newestEventTime: eventTime,
    oldestEventTime: formatEventTime(deliveredAt - 400_000),
  }
}

export interface CleanBucket {
  readonly objects: Objects
  readonly chains: readonly KnownChain[]
  readonly keys: PublicKeys
  /** The digests of each chain of `chains`, oldest first. */
  readonly written: readonly (readonly Written[])[]
  /** The Region's keys, by which its digests are signed. */
  readonly signingKeys: ReadonlyMap<Region, readonly SigningKey[]>
}

interface ChainPlan {
  readonly expected: ExpectedChain
  readonly keyPrefix?: string
  /** When each digest ends, in hours since `epoch`; a chain begins anew where `starts` has its hour. */
  readonly hours: readonly number[]
  readonly starts: readonly number[]
  readonly bucketAt: (hour: number) => string
  readonly idle: readonly number[]
}

/** A chain's first digest ends at the second of its activation. */
const epoch = Date.UTC(2026, 2, 4, 10, 11, 12)
/** After this hour the second key signs. */
const rotationHour = 10.5

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index)
const main = { account, trailName: 'main', homeRegion, sourceRegion: homeRegion }
const inAuditLogs = () => 'audit-logs'

const plans: readonly ChainPlan[] = [
  // Across midnight, with idle hours, a second bucket, a stop of some hours (with a new minute and second), a new key.
  {
    expected: main,
    hours: [...range(8, 9), ...range(20.4, 5)],
    starts: [8, 20.4],
    bucketAt: (hour) => (hour < 13 ? 'audit-logs' : 'audit-logs-2'),
    idle: [10, 11, 22.4],
  },
  {
    expected: { ...main, sourceRegion: otherRegion },
    hours: range(8, 5),
    starts: [8],
    bucketAt: inAuditLogs,
    idle: [9],
  },
  {
    expected: { ...main, trailName: 'second_trail' },
    keyPrefix: 'sec/audit',
    hours: range(4.5, 6),
    starts: [4.5],
    bucketAt: inAuditLogs,
    idle: [],
  },
  // Made a day later for some hours only, and none of them needed by the others.
  {
    expected: { ...main, isBackfill: true },
    hours: [9, 10, 14],
    starts: [9],
    bucketAt: (hour) => (hour < 13 ? 'audit-logs' : 'audit-logs-2'),
    idle: [],
  },
]

/**
 * Buckets in which all is as it should be: two trails, two Regions, chains of several hours with idle hours, a stop, a
 * change of bucket and of key, and backfill digests.
 */
export function cleanBucket(): CleanBucket {
  const objects: Objects = new Map()
  const validity = [
    [epoch - 700 * hourMs, epoch + rotationHour * hourMs + 2 * hourMs],
    [epoch + rotationHour * hourMs - hourMs, epoch + 700 * hourMs],
  ] as const
  const signingKeys = new Map(
    [homeRegion, otherRegion].map((region) => [region, validity.map(([from, to]) => signingKey(from, to))]),
  )
  const written = plans.map((plan, index) =>
    writeChain(objects, plan, signingKeys.get(plan.expected.sourceRegion)!, index),
  )
  const chains = plans.map(({ expected }, index): KnownChain => {
    const { place, bytes } = written[index]!.at(-1)!
    const newest: Checkpoint = { ...place, sha256: sha256Hex(bytes) }
    const until = Date.parse(written[index]!.at(-1)!.digest.digestEndTime)
    return expected.isBackfill ? { expected, checkpoint: newest } : { expected, expectedUntil: until }
  })
  const keys = publicKeys([...signingKeys.values()].flat().map(({ source }) => source))
  return { objects, chains, keys, written, signingKeys }
}

function writeChain(objects: Objects, plan: ChainPlan, keys: readonly SigningKey[], number: number): Written[] {
  const { expected, hours, starts, bucketAt, idle } = plan
  const written: Written[] = []
  for (const hour of hours) {
    const endTime = epoch + hour * hourMs
    const bucket = bucketAt(hour)
    const minutes = idle.includes(hour) ? [] : [47, 23, 52]
    const logFiles = minutes.map((minute, index) => {
      const unique = `${number}chain${String(hour).replace('.', 'd')}file${index}`.padEnd(16, 'x').slice(0, 16)
      const deliveredAt = endTime - minute * 60_000
      return writeLogFile(objects, { bucket, ...prefixOf(plan), region: expected.sourceRegion, deliveredAt, unique })
    })
    const key = keys[expected.isBackfill || hour > rotationHour ? 1 : 0]!
    const previous = starts.includes(hour) ? undefined : written.at(-1)
    written.push(writeDigest(objects, { expected, bucket, ...prefixOf(plan), endTime, key, previous, logFiles }))
  }
  return written
}
