import { CommandError } from '../command-error.ts'
import type { Connection } from '../connection.ts'
import { callOperation, OperationError } from '../signed-request.ts'
import { keysOfServer, type KeySource } from './key-source.ts'
import { keyPrefixOf, type DescribedTrail, type TrailPlace } from './trail-place.ts'

/** What a verification asks CloudTrail's API. */
export interface ConnectedTrail {
  readonly keys: KeySource
  /** @throws {CommandError} there is no such trail. */
  describe(): Promise<DescribedTrail>
  /**
   * The windows that end up to then have digests, ms; undefined where the service does not say. It says so of the place that
   * the trail delivers to now: one that it has left has no newer digests.
   */
  latestDigest(place: Pick<TrailPlace, 'bucket' | 'keyPrefix'>): Promise<number | undefined>
}

/**
 * A digest is written this long after its window at the earliest. One that is late, because nobody ran at its time, may be
 * written an hour and this long after it, and is the newest then.
 */
const digestDelayMs = 60_000

export function connectTrail(
  connection: Connection,
  about: { readonly arn: string; readonly homeRegion: string; readonly sourceRegion: string; now(): number },
): ConnectedTrail {
  const call = <Answer>(operation: string, region: string, input: object): Promise<Answer> =>
    callOperation(connection, { operation, input, region, now: about.now() })
  async function find(): Promise<DescribedTrail | undefined> {
    const { trailList = [] } = await call<{ trailList?: readonly DescribedTrail[] }>(
      'DescribeTrails',
      about.homeRegion,
      {},
    )
    return trailList.find(({ TrailARN }) => TrailARN === about.arn)
  }
  let described: Promise<DescribedTrail | undefined> | undefined
  return {
    keys: keysOfServer(`ListPublicKeys of ${connection.endpoint}, Region ${about.sourceRegion}`, (input) =>
      call('ListPublicKeys', about.sourceRegion, input),
    ),
    async describe() {
      const trail = await (described ??= find())
      if (trail) return trail
      throw new CommandError(
        `A trail could not be found for ${about.arn}; --s3-bucket names the bucket of one that is gone`,
        {
          exitCode: 255,
        },
      )
    },
    async latestDigest({ bucket, keyPrefix }) {
      try {
        const trail = await (described ??= find())
        if (trail?.S3BucketName !== bucket || keyPrefixOf(trail.S3KeyPrefix) !== keyPrefix) return undefined
        const status = await call<{ LatestDigestDeliveryTime?: number }>('GetTrailStatus', about.sourceRegion, {
          Name: about.arn,
        })
        const seconds = status.LatestDigestDeliveryTime
        return seconds === undefined ? undefined : seconds * 1_000 - digestDelayMs
      } catch (error) {
        // It is worth knowing, and a verification goes without it: the trail may be gone.
        if (error instanceof OperationError) return undefined
        throw error
      }
    },
  }
}
