import { publicKeys, type ExpectedChain, type PublicKeys } from '../digest/index.ts'
import {
  account,
  homeRegion,
  hourMs,
  signingKey,
  type SigningKey,
  type Written,
} from '../digest/clean-bucket.testing.ts'
import type { Objects } from '../digest/objects.testing.ts'
import type { Region } from '../event/index.ts'
import { streamOf, writeTrail, type ChainPlan, type Stream } from './clean-stream.testing.ts'

/** A trail in one Region, and all that its owner knows of it. */
export interface CleanTrail {
  readonly expected: ExpectedChain
  readonly stream: Stream
  /** Digests, oldest first. */
  readonly written: readonly Written[]
}

export interface CleanTrails {
  readonly objects: Objects
  readonly keys: PublicKeys
  readonly signing: SigningKey
  /** The first is the one to be damaged: its third digest's manifest has several parts, the fourth one's no files. */
  readonly trails: readonly [CleanTrail, ...CleanTrail[]]
}

const begin = Date.UTC(2026, 2, 4, 10, 11, 12)
const bucket = 'audit-logs'
const main: ExpectedChain = { account, trailName: 'main', homeRegion, sourceRegion: homeRegion }
const otherRegion = 'us-east-1' as Region

/**
 * Two trails of one stream, the second begun later, and a stream of another Region: log files, digests and manifests in
 * which all is as it should be.
 */
export async function cleanTrails(): Promise<CleanTrails> {
  const objects: Objects = new Map()
  const [key, otherKey] = [0, 1].map(() => signingKey(begin - 700 * hourMs, begin + 700 * hourMs)) as [
    SigningKey,
    SigningKey,
  ]
  const [stream, otherStream] = [streamOf('eu-west-1', 160), streamOf('us-east-1', 60)]
  const shared = { bucket, stream, key, begin }
  const plans: [ChainPlan, ...ChainPlan[]] = [
    {
      ...shared,
      expected: main,
      unique: 'main',
      from: 0,
      hours: [
        {
          to: 40,
          ranges: [
            { from: 0, to: 10, files: 1 },
            { from: 15, to: 40, files: 2 },
          ],
        },
        {
          to: 90,
          ranges: [
            { from: 40, to: 55, files: 1 },
            { from: 55, to: 90, files: 2 },
          ],
          bytesMax: 64,
        },
        { to: 97, ranges: [] },
        { to: 120, ranges: [{ from: 97, to: 119, files: 1 }] },
        {
          to: 150,
          ranges: [
            { from: 120, to: 130, files: 1 },
            { from: 133, to: 150, files: 3 },
          ],
        },
      ],
    },
    {
      ...shared,
      expected: { ...main, trailName: 'second' },
      unique: 'second',
      from: 37,
      hours: [
        { to: 50, ranges: [{ from: 37, to: 50, files: 1 }] },
        { to: 150, ranges: [{ from: 50, to: 150, files: 4 }] },
      ],
    },
    {
      ...shared,
      expected: { ...main, sourceRegion: otherRegion },
      stream: otherStream,
      key: otherKey,
      unique: 'other',
      from: 0,
      hours: [
        { to: 30, ranges: [{ from: 0, to: 30, files: 1 }] },
        { to: 60, ranges: [{ from: 30, to: 60, files: 2 }] },
      ],
    },
  ]
  const trails: CleanTrail[] = []
  for (const plan of plans) {
    const { expected, stream: of } = plan
    trails.push({ expected, stream: of, written: await writeTrail(objects, plan) })
  }
  const [first, ...others] = trails
  if (!first) throw new Error('there is no plan')
  return { objects, keys: publicKeys([key.source, otherKey.source]), signing: key, trails: [first, ...others] }
}
