import assert from 'node:assert/strict'
import type { AccountId, Region } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import type { ControlRoute } from '../accounts/index.ts'
import { fakeSelfTrail } from '../http/http.testing.ts'
import { ApiError } from '../operations/index.ts'
import { bucketRoutes } from './bucket-routes.ts'
import { BucketError } from './bucket-store.ts'
import { createMemoryBucketStore } from './memory-bucket-store.ts'

const home = { account: '111122223333' as AccountId, region: 'eu-west-1' as Region }
const other = '444455556666'
const caller = { requestId: 'r1', sourceIPAddress: '127.0.0.1', userAgent: 'opentrail-cli' }

function start(region = home.region) {
  const store = createMemoryBucketStore({
    now: () => Date.parse('2026-03-04T12:00:00Z'),
    checkPolicy: ({ policy }) => (policy.startsWith('{') ? undefined : 'Policies must be valid JSON'),
  })
  const trail = fakeSelfTrail()
  const routes = bucketRoutes({
    administration: store,
    buckets: store,
    checkPolicy: ({ policy }) => (policy.startsWith('{') ? undefined : 'Policies must be valid JSON'),
    accountIds: new Set([home.account, other]),
    trail,
    home: { ...home, region },
  })
  const call = (name: string, body: object = {}): ReturnType<ControlRoute> =>
    routes[`/buckets/${name}`]!(body, { caller })
  const events = () => trail.calls.map(({ eventName, errorCode }) => [eventName, errorCode])
  return { store, trail, call, events }
}
const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error))
  assert.equal(error.code, code)
  return true
}
const logs = { bucket: 'logs', account: home.account, policy: { kind: 'standard' } }

describe('buckets of the machine’s owner', () => {
  test('one is made with the policy that CloudTrail needs, recorded as S3 does it', async () => {
    const { store, trail, call } = start()
    const made = await call('create', { ...logs, policy: { kind: 'standard', prefix: 'p', accounts: [other] } })
    assert.deepEqual(made, {
      name: 'logs',
      account: home.account,
      region: 'eu-west-1',
      createdAt: '2026-03-04T12:00:00.000Z',
    })
    assert.match((await store.policy('logs')) ?? '', /arn:aws:s3:::logs\/p\/AWSLogs\/444455556666\/\*/)
    assert.deepEqual(await call('list'), { buckets: [made] })
    const [event] = trail.calls
    assert.deepEqual(
      [event?.eventSource, event?.eventName, event?.readOnly, event?.identity, event?.requestParameters],
      [
        's3.amazonaws.com',
        'CreateBucket',
        false,
        { kind: 'machine-owner', account: home.account },
        { bucketName: 'logs', Host: 'localhost' },
      ],
    )
  })

  test('the standard policy names the bucket in the partition of the Region, as trails there ask for it', async () => {
    const { store, call } = start('cn-north-1' as Region)
    await call('create', logs)
    assert.match((await store.policy('logs')) ?? '', /"Resource":"arn:aws-cn:s3:::logs"/)
    await call('put-policy', { bucket: 'logs', policy: { kind: 'none' } })
    await call('put-policy', { bucket: 'logs', policy: { kind: 'standard' } })
    assert.match((await store.policy('logs')) ?? '', /arn:aws-cn:s3:::logs\/AWSLogs\/111122223333\/\*/)
  })

  test('a policy is shown, replaced and deleted; each is an event of its own', async () => {
    const { store, trail, call, events } = start()
    await call('create', { ...logs, policy: { kind: 'none' } })
    assert.deepEqual(await call('policy', { bucket: 'logs' }), { bucket: 'logs' })
    const policy = '{"Version":"2012-10-17","Statement":[]}'
    await call('put-policy', { bucket: 'logs', policy: { kind: 'text', policy } })
    assert.equal(await store.policy('logs'), policy)
    assert.deepEqual(await call('policy', { bucket: 'logs' }), { bucket: 'logs', policy })
    await call('put-policy', { bucket: 'logs', policy: { kind: 'none' } })
    assert.equal(await store.policy('logs'), undefined)
    assert.deepEqual(
      events().map(([name]) => name),
      ['CreateBucket', 'GetBucketPolicy', 'PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'],
    )
    const put = trail.calls[2]
    assert.deepEqual(put?.requestParameters, {
      bucketName: 'logs',
      Host: 'localhost',
      policy: '',
      bucketPolicy: JSON.parse(policy),
    })
    assert.deepEqual(put?.resources, [{ accountId: home.account, type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::logs' }])
  })

  test('what cannot be is refused before it is done, and the refusal is recorded', async () => {
    const { call, events } = start()
    await call('create', logs)
    await assert.rejects(call('create', logs), refused('BucketAlreadyOwnedByYou'))
    await assert.rejects(call('create', { ...logs, account: other }), refused('BucketAlreadyExists'))
    await assert.rejects(call('create', { ...logs, bucket: 'x', account: other }), refused('InvalidBucketName'))
    await assert.rejects(call('create', { ...logs, bucket: 'more', account: '999999999999' }), refused('NoSuchEntity'))
    const bad = { kind: 'text', policy: 'no' }
    await assert.rejects(call('put-policy', { bucket: 'logs', policy: bad }), refused('MalformedPolicy'))
    await assert.rejects(call('put-policy', { bucket: 'none', policy: { kind: 'none' } }), refused('NoSuchBucket'))
    await assert.rejects(call('policy', { bucket: 'none' }), refused('NoSuchBucket'))
    assert.deepEqual(events(), [
      ['CreateBucket', undefined],
      ['CreateBucket', 'BucketAlreadyOwnedByYou'],
      ['CreateBucket', 'BucketAlreadyExists'],
      ['CreateBucket', 'InvalidBucketName'],
      ['CreateBucket', 'NoSuchEntity'],
      ['PutBucketPolicy', 'MalformedPolicy'],
      ['DeleteBucketPolicy', 'NoSuchBucket'],
      ['GetBucketPolicy', 'NoSuchBucket'],
    ])
  })

  test('nothing changes that could not be recorded, and what fails afterwards is recorded, too', async () => {
    const { store, trail, call, events } = start()
    trail.failing = true
    await assert.rejects(call('create', logs), /journal is full/)
    assert.deepEqual(await store.listBuckets(), [])
    trail.failing = false
    store.createBucket = () => Promise.reject(new BucketError('SlowDown', 'the disk is busy'))
    await assert.rejects(call('create', logs), refused('SlowDown'))
    assert.deepEqual(events(), [
      ['CreateBucket', undefined],
      ['CreateBucket', 'SlowDown'],
    ])
  })
})
