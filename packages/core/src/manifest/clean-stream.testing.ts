import { hash } from 'node:crypto'
import { formatCheckpoint, signNote, type NoteSigner } from '../checkpoint/index.ts'
import { signerOf } from '../checkpoint/checkpoint.testing.ts'
import { createPositionsWriter, logFileBody, logFileKey, type SelectingVersion } from '../delivery/index.ts'
import { versionOf } from '../delivery/delivery.testing.ts'
import { signDigest, type DigestLogFile, type ExpectedChain, type Place } from '../digest/index.ts'
import { hourMs, writeDigest, type SigningKey, type Written } from '../digest/clean-bucket.testing.ts'
import { placeName, zip, type Objects } from '../digest/objects.testing.ts'
import { formatEventTime } from '../event/index.ts'
import { createNodeTable, createTreeBuilder, leafHash, type NodeReader } from '../merkle/index.ts'
import { trailArn } from '../trail/index.ts'
import { sha256Hex } from '../digest/index.ts'
import {
  makeManifestParts,
  manifestBytes,
  manifestKeyOf,
  manifestMetadata,
  manifestTextToSign,
  type Manifest,
  type ManifestFile,
  type PlannedRange,
} from './index.ts'

/** Entries of a stream, and its tree. The trail takes those that are management events: two of three, in runs. */
export interface Stream {
  readonly records: readonly Uint8Array[]
  readonly nodes: NodeReader
  readonly origin: string
  readonly logSigner: NoteSigner
}

export const isTaken = (sequence: number): boolean => sequence % 6 < 4

export function streamOf(name: string, size: number): Stream {
  const records = Array.from({ length: size }, (_, index) => recordOf(name, index + 1))
  const table = createNodeTable()
  const builder = createTreeBuilder({ keep: table.keep })
  for (const record of records) builder.append(leafHash(hash('sha256', record, 'buffer')))
  const origin = `logs.example/${name}`
  return { records, nodes: table.nodes, origin, logSigner: signerOf(origin) }
}

const recordOf = (name: string, sequence: number): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      eventVersion: '1.11',
      eventTime: '2026-03-04T10:11:12Z',
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      eventID: `${name} ${sequence}`,
      readOnly: false,
      eventCategory: isTaken(sequence) ? 'Management' : 'Data',
    }),
  )

/** One hour of a trail: the ranges that were planned in it, and how far the manifest goes. */
export interface HourPlan {
  readonly to: number
  /** Number of files of each range. */
  readonly ranges: readonly { readonly from: number; readonly to: number; readonly files: number }[]
  /** Small parts. */
  readonly bytesMax?: number
}

export interface ChainPlan {
  readonly expected: ExpectedChain
  readonly bucket: string
  readonly stream: Stream
  readonly key: SigningKey
  /** Where the manifests begin. */
  readonly from: number
  readonly hours: readonly HourPlan[]
  /** End of the first digest, ms; it lists nothing, and its manifest says only where manifests begin. */
  readonly begin: number
  /** Tells the log files of two trails apart. */
  readonly unique: string
}

export const versions: readonly SelectingVersion[] = [versionOf()]

/** Writes log files, digests and manifests as the service does. The digests, oldest first. */
export async function writeTrail(objects: Objects, plan: ChainPlan): Promise<Written[]> {
  const { expected, bucket, key, begin } = plan
  const written: Written[] = []
  let from = plan.from
  for (const [index, hour] of hoursOf(plan).entries()) {
    const endTime = begin + index * hourMs
    const ranges = hour.ranges.map((range) => writeRange(objects, plan, range, endTime - 1_800_000))
    const logFiles = ranges.flatMap(({ logFiles: all }) => all)
    const digest = writeDigest(objects, { expected, bucket, endTime, key, previous: written.at(-1), logFiles })
    written.push(digest)
    await writeManifest(objects, plan, {
      digest,
      from,
      hour,
      ranges: ranges.map(({ range }) => range),
      isFirst: index === 0,
    })
    from = hour.to
  }
  return written
}

const hoursOf = ({ from, hours }: ChainPlan): HourPlan[] => [{ to: from, ranges: [] }, ...hours]

interface WrittenRange {
  readonly range: PlannedRange
  readonly logFiles: readonly DigestLogFile[]
}

function writeRange(
  objects: Objects,
  { expected, bucket, stream, unique }: ChainPlan,
  { from, to, files: count }: HourPlan['ranges'][number],
  plannedAt: number,
): WrittenRange {
  const taken = Array.from({ length: to - from }, (_, at) => from + at + 1).filter(isTaken)
  const parts = Array.from({ length: count }, (_, file) => taken.filter((_sequence, at) => at % count === file))
  const logFiles = parts.map((sequences, file) => {
    const records = sequences.map((sequence) => stream.records[sequence - 1]!)
    const name = `${unique}r${from}f${file}`.padEnd(16, 'x')
    const { account, sourceRegion: region } = expected
    const s3Object = logFileKey({ account, region, kind: 'CloudTrail', unique: name, plannedAt })
    return putLogFile(objects, { bucket, key: s3Object }, records, plannedAt)
  })
  const files = parts.map((sequences, file) =>
    manifestFile(
      logFiles[file]!,
      sequences.map((each) => each - from - 1),
    ),
  )
  return { range: { from, to, files }, logFiles }
}

export function putLogFile(objects: Objects, place: Place, records: readonly Uint8Array[], at: number): DigestLogFile {
  const body = logFileBody(records)
  objects.set(placeName(place), { body: zip(body), metadata: {} })
  const time = formatEventTime(at)
  return {
    s3Bucket: place.bucket,
    s3Object: place.key,
    hashValue: sha256Hex(body),
    hashAlgorithm: 'SHA-256',
    newestEventTime: time,
    oldestEventTime: time,
  }
}

export function manifestFile(entry: DigestLogFile, offsets: readonly number[]): ManifestFile {
  const writer = createPositionsWriter()
  for (const offset of offsets) writer.add(offset)
  const { s3Bucket, s3Object, hashValue } = entry
  return { s3Bucket, s3Object, hashValue, count: offsets.length, positions: writer.finish() }
}

interface ManifestOf {
  readonly digest: Written
  readonly from: number
  readonly hour: HourPlan
  readonly ranges: readonly PlannedRange[]
  readonly isFirst: boolean
}

async function writeManifest(objects: Objects, plan: ChainPlan, given: ManifestOf): Promise<void> {
  const { digest, from, hour, ranges, isFirst } = given
  const { expected, stream, key } = plan
  const { account, homeRegion, trailName: name, sourceRegion: region } = expected
  const bounds = hour.bytesMax === undefined ? {} : { bytesMax: hour.bytesMax }
  for await (const part of makeManifestParts({ from, to: hour.to, ranges, nodes: stream.nodes, bounds })) {
    const manifest: Manifest = {
      awsAccountId: account,
      region,
      trailArn: trailArn({ account, homeRegion, name }),
      digestS3Bucket: digest.place.bucket,
      digestS3Object: digest.place.key,
      digestHashValue: sha256Hex(digest.bytes),
      publicKeyFingerprint: key.fingerprint,
      isFirst,
      versions,
      ...part,
      end: { ...part.end, checkpoint: checkpointOf(stream, part.end.sequence, part.end.root) },
    }
    putManifest(objects, manifest, key)
  }
}

export const checkpointOf = ({ origin, logSigner }: Stream, size: number, root: Uint8Array): string =>
  signNote(formatCheckpoint({ origin, size, root }), [logSigner])

/** Signs a part and puts it where it belongs. */
export function putManifest(objects: Objects, manifest: Manifest, key: SigningKey, part = manifest.part): Place {
  const place = { bucket: manifest.digestS3Bucket, key: manifestKeyOf(manifest.digestS3Object, part) ?? '' }
  const bytes = manifestBytes(manifest)
  const text = manifestTextToSign({ ...place, digestHashValue: manifest.digestHashValue }, bytes)
  objects.set(placeName(place), { body: zip(bytes), metadata: manifestMetadata(signDigest(text, key.privateKey)) })
  return place
}
