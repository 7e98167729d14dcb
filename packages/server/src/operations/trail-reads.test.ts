import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, arnOf, createTrailService, otherAccount, start } from './trail-service.testing.ts'

const reads = [
  ['GetTrail', 'Name'],
  ['GetTrailStatus', 'Name'],
  ['GetEventSelectors', 'TrailName'],
] as const

/** `everywhere` is homed in us-east-1 and acts in all Regions, `local` in us-east-1 alone. */
async function withTrails() {
  const service = await createTrailService()
  await service.create('everywhere', { IsMultiRegionTrail: true })
  await service.create('local')
  return service
}
const inEurope = { region: 'eu-west-1' }

describe('reads of one trail', () => {
  test('find it by name at home, by ARN wherever it is or has a shadow', async () => {
    const service = await withTrails()
    for (const [operation, member] of reads) {
      const atHome = await service.call(operation, { [member]: 'everywhere' })
      assert.deepEqual(await service.call(operation, { [member]: arnOf('everywhere') }), atHome)
      assert.deepEqual(await service.call(operation, { [member]: arnOf('everywhere') }, inEurope), atHome)
      const here = 'you can only access resources in region eu-west-1'
      assert.equal(
        await service.refusal(operation, { [member]: arnOf('local') }, inEurope),
        `CloudTrailARNInvalidException: Region in ARN is wrong, ${here}.`,
      )
    }
  })

  test('do not know a shadow by its name, nor what is not there or somebody else has', async () => {
    const service = await withTrails()
    const unknown = (arn: string) => `TrailNotFoundException: Unknown trail: ${arn} for the user: ${account}`
    for (const [operation, member] of reads) {
      const refusal = (named: string, from = {}) => service.refusal(operation, { [member]: named }, from)
      assert.equal(await refusal('everywhere', inEurope), unknown(arnOf('everywhere', 'eu-west-1')))
      assert.equal(await refusal('nothing'), unknown(arnOf('nothing')))
      assert.equal(await refusal('LOCAL'), unknown(arnOf('LOCAL')))
      assert.equal(await refusal(arnOf('local', 'ap-south-2')), unknown(arnOf('local', 'ap-south-2')))
      const foreign = arnOf('local', 'us-east-1', otherAccount)
      assert.equal(await refusal(foreign), unknown(foreign))
      const ofOther = `TrailNotFoundException: Unknown trail: ${arnOf('local')} for the user: ${otherAccount}`
      assert.equal(await refusal(arnOf('local'), { by: otherAccount }), ofOther)
    }
  })

  test('refuse what cannot name a trail', async () => {
    const service = await withTrails()
    for (const [operation, member] of reads) {
      const code = (sent: unknown) => service.refusalCode(operation, { [member]: sent })
      assert.equal(await code(undefined), 'InvalidTrailNameException')
      assert.equal(await code('a'), 'InvalidTrailNameException')
      assert.equal(await code('arn:aws:cloudtrail:us-east-1:1:trail/x'), 'CloudTrailARNInvalidException')
      assert.equal(await code(['local']), 'SerializationException')
    }
  })
})

describe('DescribeTrails', () => {
  const names = async (service: Awaited<ReturnType<typeof createTrailService>>, input: object, region = 'us-east-1') =>
    (await service.call('DescribeTrails', input, { region })).trailList?.map((trail) => trail['Name'])

  test('shows the trails of the Region and the shadows there, unless they are declined', async () => {
    const service = await withTrails()
    await service.create('european', {}, inEurope)
    for (const input of [{}, { trailNameList: [] }, { trailNameList: null, includeShadowTrails: null }])
      assert.deepEqual(await names(service, input), ['everywhere', 'local'])
    assert.deepEqual(await names(service, {}, 'eu-west-1'), ['european', 'everywhere'])
    assert.deepEqual(await names(service, { includeShadowTrails: false }, 'eu-west-1'), ['european'])
    assert.deepEqual(await service.call('DescribeTrails', { includeShadowTrails: false }, { region: 'ap-south-2' }), {
      trailList: [],
    })
    const [shadow] = (await service.call('DescribeTrails', {}, { region: 'ap-south-2' })).trailList!
    assert.deepEqual(
      [shadow, shadow?.['HomeRegion']],
      [(await service.call('GetTrail', { Name: 'everywhere' })).Trail, 'us-east-1'],
    )
  })

  test('filters by list; what it does not find is left out', async () => {
    const service = await withTrails()
    assert.deepEqual(await names(service, { trailNameList: ['local', 'nothing', arnOf('local')] }), ['local'])
    const arns = [arnOf('everywhere'), arnOf('local')]
    assert.deepEqual(await names(service, { trailNameList: arns }, 'eu-west-1'), ['everywhere'])
    assert.deepEqual(await names(service, { trailNameList: ['everywhere'] }, 'eu-west-1'), [])
    assert.deepEqual(await names(service, { trailNameList: arns, includeShadowTrails: false }, 'eu-west-1'), [])
    assert.deepEqual(await names(service, { trailNameList: [arnOf('local', 'us-east-1', otherAccount)] }), [])
  })

  test('refuses what cannot name a trail, and members in upper case are not its own', async () => {
    const service = await withTrails()
    assert.equal(
      await service.refusalCode('DescribeTrails', { trailNameList: ['local', 'a'] }),
      'InvalidTrailNameException',
    )
    assert.equal(
      await service.refusalCode('DescribeTrails', { trailNameList: ['arn:aws:s3:::b'] }),
      'CloudTrailARNInvalidException',
    )
    assert.equal(await service.refusalCode('DescribeTrails', { trailNameList: 'local' }), 'SerializationException')
    assert.equal(await service.refusalCode('DescribeTrails', { trailNameList: [null] }), 'SerializationException')
    assert.equal(
      await service.refusalCode('DescribeTrails', { includeShadowTrails: 'false' }),
      'SerializationException',
    )
    assert.deepEqual(await names(service, { TrailNameList: ['local'] }), ['everywhere', 'local'])
  })
})

test('ListTrails counts what the quota counts, on one page', async () => {
  const service = await withTrails()
  await service.create('european', {}, inEurope)
  assert.deepEqual(await service.call('ListTrails', {}, inEurope), {
    Trails: [
      { TrailARN: arnOf('european', 'eu-west-1'), Name: 'european', HomeRegion: 'eu-west-1' },
      { TrailARN: arnOf('everywhere'), Name: 'everywhere', HomeRegion: 'us-east-1' },
    ],
  })
  assert.deepEqual(await service.call('ListTrails', {}, { by: otherAccount }), { Trails: [] })
  assert.equal(await service.refusalCode('ListTrails', { NextToken: 'x' }), 'InvalidNextTokenException')
  assert.equal(await service.refusalCode('ListTrails', { NextToken: 1 }), 'SerializationException')
})

describe('GetTrailStatus', () => {
  test('follows StartLogging and StopLogging; each time stays when the other comes', async () => {
    const service = await withTrails()
    const status = async () => {
      const all = await service.call('GetTrailStatus', { Name: 'local' })
      return [
        all['IsLogging'],
        all['StartLoggingTime'],
        all['StopLoggingTime'],
        all['TimeLoggingStarted'],
        all['TimeLoggingStopped'],
      ]
    }
    const seconds = start / 1_000
    assert.deepEqual(await status(), [false, undefined, undefined, '', ''])
    await service.call('StartLogging', { Name: 'local' })
    assert.deepEqual(await status(), [true, seconds, undefined, '2026-11-21T12:00:00Z', ''])
    service.now += 60_000
    await service.call('StopLogging', { Name: 'local' })
    const stopped = '2026-11-21T12:01:00Z'
    assert.deepEqual(await status(), [false, seconds, seconds + 60, '2026-11-21T12:00:00Z', stopped])
    service.now += 60_000
    await service.call('StartLogging', { Name: arnOf('local') })
    assert.deepEqual(await status(), [true, seconds + 120, seconds + 60, '2026-11-21T12:02:00Z', stopped])
  })

  test('tells the delivery of the called Region', async () => {
    const service = await withTrails()
    service.deliveries.set('eu-west-1', {
      latestDeliveryAt: start,
      latestAttemptAt: start + 1_000,
      latestError: 'NoSuchBucket',
    })
    const Name = arnOf('everywhere')
    const there = await service.call('GetTrailStatus', { Name }, inEurope)
    assert.deepEqual(
      [there['LatestDeliveryError'], there['LatestDeliveryTime'], there['LatestDeliveryAttemptTime']],
      ['NoSuchBucket', start / 1_000, '2026-11-21T12:00:01Z'],
    )
    assert.equal('LatestDeliveryTime' in (await service.call('GetTrailStatus', { Name })), false)
  })
})
