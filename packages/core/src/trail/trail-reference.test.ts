import assert from 'node:assert/strict'
import { test } from 'vitest'
import { partitionOf, trailArn } from './trail-arn.ts'
import { readTrailReference } from './trail-reference.ts'
import { account, regionOf, trail } from './trail.testing.ts'

const scope = { account, region: regionOf('eu-west-1') }

test('the partition of an ARN follows the Region', () => {
  const partitions = {
    'us-east-1': 'aws',
    'eu-west-1': 'aws',
    'cn-north-1': 'aws-cn',
    'us-gov-west-1': 'aws-us-gov',
    'us-iso-east-1': 'aws-iso',
    'us-isob-east-1': 'aws-iso-b',
    'eu-isoe-west-1': 'aws-iso-e',
    'us-isof-south-1': 'aws-iso-f',
    'eusc-de-east-1': 'aws-eusc',
    basement: 'aws',
  }
  for (const [region, partition] of Object.entries(partitions)) assert.equal(partitionOf(region), partition, region)
  assert.equal(
    trailArn(trail({ homeRegion: 'cn-north-1', name: 'audit' })),
    'arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit',
  )
})

test('a name belongs to the called Region and the caller; an ARN says itself', () => {
  assert.deepEqual(readTrailReference('audit', scope), { ok: true, account, homeRegion: 'eu-west-1', name: 'audit' })
  assert.deepEqual(readTrailReference('arn:aws-us-gov:cloudtrail:us-gov-east-1:999988887777:trail/a.b', scope), {
    ok: true,
    account: '999988887777',
    homeRegion: 'us-gov-east-1',
    name: 'a.b',
  })
})

test('whatever ARN can be read is the one that the trail is shown with', () => {
  const arn = 'arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit'
  const read = readTrailReference(arn, scope)
  assert.ok(read.ok)
  assert.equal(trailArn(read), arn)
})

test('what begins like an ARN but is not one of a trail is an invalid ARN, anything else an invalid name', () => {
  const arns = [
    'arn:',
    'arn:aws:cloudtrail:eu-west-1:111122223333:trail/',
    'arn:aws:cloudtrail:eu-west-1:111122223333:trail/ab',
    'arn:aws:cloudtrail:eu-west-1:111122223333:trail/a/b',
    'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit:1',
    'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit\n',
    'arn:aws:cloudtrail:eu-west-1:111122223333:channel/11111111-1111-1111-1111-111111111111',
    'arn:aws:cloudtrail:eu-west-1:11112222333:trail/audit',
    'arn:aws:cloudtrail:eu-west-1:alias1234567:trail/audit',
    'arn:aws:cloudtrail:EU-WEST-1:111122223333:trail/audit',
    'arn:aws:cloudtrail::111122223333:trail/audit',
    'arn:aws-cn:cloudtrail:eu-west-1:111122223333:trail/audit',
    'arn:aws:cloudtrail:cn-north-1:111122223333:trail/audit',
    'arn:aws:s3:::audit-logs',
    `arn:aws:cloudtrail:eu-west-1:111122223333:trail/${'a'.repeat(1_000_000)}`,
  ]
  const kind = (sent: string | undefined) => {
    const read = readTrailReference(sent, scope)
    return read.ok ? 'ok' : read.kind
  }
  for (const arn of arns) assert.equal(kind(arn), 'invalid-arn', arn.slice(0, 99))
  for (const name of [undefined, '', 'ab', 'trail/audit', ' arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit'])
    assert.equal(kind(name), 'invalid-name', name)
})
