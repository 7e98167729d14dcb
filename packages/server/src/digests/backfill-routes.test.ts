import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Trail } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { BucketError } from '../buckets/index.ts'
import { fakeSelfTrail } from '../http/http.testing.ts'
import { backfillRoutes } from './backfill-routes.ts'

const regions = ['eu-west-1', 'us-east-1'] as Region[]
const home = { account: '111122223333' as AccountId, region: 'us-east-1' as Region }
const caller = { requestId: 'r1', sourceIPAddress: '127.0.0.1', userAgent: 'opentrail-cli' }
const named = (name: string, homeRegion: string) =>
  ({ id: `${name} in ${homeRegion}`, account: '444455556666', homeRegion, name }) as Trail
const trails = [named('audit', 'eu-west-1'), named('twice', 'eu-west-1'), named('twice', 'us-east-1')]
const twiceArn = 'arn:aws:cloudtrail:us-east-1:444455556666:trail/twice'

function start(fails?: Error) {
  const trail = fakeSelfTrail()
  const runs: [string, readonly string[]][] = []
  const backfill = {
    async run({ id }: Trail, wanted: readonly Region[]) {
      runs.push([id, wanted])
      if (fails) throw fails
      return wanted.map((region) => ({ region, digests: 1, files: 2, left: 'done' as const }))
    },
  }
  const routes = backfillRoutes({ backfill, trails: () => trails, regions, trail, home })
  const call = (body: object) => routes['/trails/backfill-digests']!(body, { caller })
  const events = () => trail.calls.map(({ identity, region, errorCode }) => [identity, region, errorCode])
  return { trail, runs, call, events }
}
const refused = (code: string) => (error: unknown) => error instanceof ApiError && error.code === code
const owner = (account: string) => ({ kind: 'machine-owner', account })

describe('backfill digests over the control socket', () => {
  test('are made in all Regions of the server, or in one, and recorded', async () => {
    const { trail, runs, call } = start()
    assert.deepEqual(await call({ trail: 'audit' }), {
      regions: regions.map((region) => ({ region, digests: 1, files: 2, left: 'done' })),
    })
    await call({ trail: twiceArn, region: 'eu-west-1' })
    assert.deepEqual(runs, [
      ['audit in eu-west-1', regions],
      ['twice in us-east-1', ['eu-west-1']],
    ])
    assert.deepEqual(
      trail.calls.map(({ identity, region, eventSource, eventName, readOnly, requestParameters, resources }) => [
        identity,
        region,
        `${eventSource} ${eventName} ${readOnly}`,
        requestParameters,
        resources?.map((resource) => 'ARN' in resource && resource.ARN),
      ])[1],
      [
        owner('444455556666'),
        'us-east-1',
        'cloudtrail.amazonaws.com BackfillDigests false',
        { Name: twiceArn, Region: 'eu-west-1' },
        [twiceArn],
      ],
    )
  })

  test('a trail that is not there, or not the only one, and a Region that is not: refused, and recorded so', async () => {
    const { runs, call, events } = start()
    await assert.rejects(call({ trail: 'other' }), refused('TrailNotFoundException'))
    await assert.rejects(call({ trail: 'twice' }), refused('InvalidTrailNameException'))
    await assert.rejects(call({ trail: 'audit', region: 'mars-1' }), refused('ValidationError'))
    assert.deepEqual(runs, [])
    assert.deepEqual(events(), [
      [owner(home.account), home.region, 'TrailNotFoundException'],
      [owner(home.account), home.region, 'InvalidTrailNameException'],
      [owner('444455556666'), 'eu-west-1', 'ValidationError'],
    ])
  })

  test('a bucket that refuses is told, and recorded beside the beginning', async () => {
    const { call, events } = start(new BucketError('AccessDenied', 'no'))
    await assert.rejects(call({ trail: 'audit' }), refused('AccessDenied'))
    assert.deepEqual(
      events().map(([, , code]) => code),
      [undefined, 'AccessDenied'],
    )
  })
})
