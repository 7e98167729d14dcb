import {
  CreateTrailCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  type CloudTrailClient,
} from '@aws-sdk/client-cloudtrail'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { logsAt } from '../../packages/core/src/digest/damage-target.testing.ts'
import { parseDigestKey, type Place } from '../../packages/core/src/digest/index.ts'
import { placeName, placeOf, type Objects } from '../../packages/core/src/digest/tampering.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { advance, freeze, home, hourMs } from './lively-trail.ts'
import { record } from './records.ts'
import { account, sendEvents } from './test-server.ts'

export interface ChainName {
  readonly trail: string
  readonly region: string
}

export const regions = [home, 'eu-west-1']
const trails = ['audit', 'second']
/** The first is the one that is damaged. */
export const chains = trails.flatMap((trail) => regions.map((region): ChainName => ({ trail, region })))
export const chainText = ({ trail, region }: ChainName): string => `${trail} in ${region}`
export const arnOf = (trail: string): string => `arn:aws:cloudtrail:${home}:${account}:trail/${trail}`

const minuteMs = 60_000
/** Long enough for the key of the first hours to be no longer valid. */
const pauseMs = 40 * 24 * hourMs

/** Two trails that deliver to one folder, two Regions, each with two log files in every hour of a chain of `hours` digests; a first one of some hours, long before. */
export async function liveTwice(
  server: RunningServer,
  cloudTrail: CloudTrailClient,
  bucket: string,
  hours: number,
): Promise<string> {
  for (const Name of trails)
    await cloudTrail.send(
      new CreateTrailCommand({ Name, S3BucketName: bucket, IsMultiRegionTrail: true, EnableLogFileValidation: true }),
    )
  let now = await advance(server, 1_000)
  const all = async (command: typeof StartLoggingCommand | typeof StopLoggingCommand): Promise<void> => {
    // Their digests do not end at the same second.
    for (const Name of trails) {
      await cloudTrail.send(new command({ Name }))
      now = await advance(server, minuteMs)
    }
  }
  async function someHours(count: number): Promise<void> {
    for (let half = 0; half < 2 * count; half++) {
      for (const region of regions) {
        const events = Array.from({ length: 3 }, (_, index) => record({ region, secondsAgo: index }))
        await sendEvents(
          server,
          events.map((event) => ({ ...event, eventTime: now.replace(/\.\d+Z/, 'Z') })),
          region,
        )
      }
      now = await advance(server, 30 * minuteMs)
    }
  }
  await all(StartLoggingCommand)
  await someHours(3)
  await all(StopLoggingCommand)
  now = await advance(server, pauseMs)
  await all(StartLoggingCommand)
  await someHours(hours - 1)
  // The last digest is made a minute after its hour.
  now = await advance(server, 2 * minuteMs)
  await freeze(server)
  return now
}

/** All that lies in the bucket, as a tampering generator takes it. */
export async function readBucket(s3: S3Client, bucket: string): Promise<Objects> {
  const objects: Objects = new Map()
  for (let after: string | undefined; ;) {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ...(after && { StartAfter: after }) }))
    for (const { Key = '' } of page.Contents ?? []) {
      if (!Key.endsWith('.gz')) continue
      const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
      objects.set(`${bucket}/${Key}`, { body: await Body!.transformToByteArray(), metadata: Metadata })
    }
    if (!page.IsTruncated) return objects
    after = page.Contents?.at(-1)?.Key
  }
}

/** Names of what is not the same in both. */
export const differing = (one: Objects, other: Objects): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name))

/** Makes the objects of these names as they are in `objects`. */
export async function writeBucket(s3: S3Client, objects: Objects, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { bucket: Bucket, key: Key } = placeOf(name)
    const object = objects.get(name)
    if (object)
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: object.body,
          Metadata: { ...object.metadata },
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
        }),
      )
    else await s3.send(new DeleteObjectCommand({ Bucket, Key }))
  }
}

/** The digests of a trail in a Region, oldest first: since its latest start, or all. */
export function digestsOf(objects: Objects, { trail, region }: ChainName, { sinceStart = true } = {}): Place[] {
  const found = [...objects.keys()].map(placeOf).flatMap((place) => {
    const name = parseDigestKey(place.key)
    return name?.trailName === trail && name.sourceRegion === region ? [{ place, endTime: name.endTime }] : []
  })
  const sorted = found.toSorted((one, other) => one.endTime - other.endTime)
  const start = sorted.findLastIndex(({ endTime }, index) => endTime - (sorted[index - 1]?.endTime ?? 0) > hourMs)
  return (sinceStart ? sorted.slice(start) : sorted).map(({ place }) => place)
}

/** Whose digests list a log file, by its name. */
export function listedBy(objects: Objects): Map<string, ChainName> {
  const listed = new Map<string, ChainName>()
  for (const chain of chains)
    for (const place of digestsOf(objects, chain))
      for (const log of logsAt(objects, place)) listed.set(placeName(log), chain)
  return listed
}
