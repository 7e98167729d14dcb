import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { fakeServer } from '../cli.testing.ts'
import { connectTrail } from './connected-trail.ts'

const arn = 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit'
const deliveredAt = 1_900_000_000

describe('the newest digest that a trail tells of', () => {
  test.each([
    ['logs', 'p', deliveredAt * 1_000 - 60_000],
    ['old-logs', 'p', undefined],
    ['logs', 'old', undefined],
    ['logs', undefined, undefined],
  ])('is one of the place where it delivers now: %s, %s', async (bucket, keyPrefix, latest) => {
    await using server = await fakeServer(({ headers }) => ({
      body: String(headers['x-amz-target']).endsWith('DescribeTrails')
        ? { trailList: [{ TrailARN: arn, S3BucketName: 'logs', S3KeyPrefix: '/p/' }] }
        : { LatestDigestDeliveryTime: deliveredAt },
    }))
    const trail = connectTrail(
      {
        endpoint: server.endpoint,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'AKIAXMPLADMIN0000001', secretAccessKey: 'secret' },
        testMode: false,
      },
      { arn, homeRegion: 'eu-west-1', sourceRegion: 'eu-west-1', now: Date.now },
    )
    assert.equal(await trail.latestDigest({ bucket, ...(keyPrefix !== undefined && { keyPrefix }) }), latest)
  })
})
