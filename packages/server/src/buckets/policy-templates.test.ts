import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { Region } from '@opentrail/core/event'
import { home, send } from '../http/http.testing.ts'
import {
  auditorKey,
  codeOf,
  foreignKey,
  producerKey,
  signed,
  startFront,
  testBuckets,
  type SignedRequest,
} from '../s3/s3.testing.ts'
import { withFixedBuckets } from './fixed-objects.ts'
import { policyTemplateBuckets } from './policy-templates.ts'

const bucket = 'awscloudtrail-policy-eu-west-1'
const template = `/${bucket}/policy/S3/AWSCloudTrail-S3BucketPolicy-2014-12-17.json`
const regions = ['eu-west-1', 'cn-north-1'] as Region[]

async function openFront({ existing = [] as string[] } = {}) {
  const buckets = await testBuckets(...existing)
  const { objects, administration } = buckets.stores
  const fixed = policyTemplateBuckets({ owner: home.account, regions, existing })
  const front = await startFront({ stores: withFixedBuckets({ objects, administration }, fixed) })
  const call = (request: SignedRequest) => signed(front.server, request)
  return {
    ...front,
    call,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await buckets.store.close()
    },
  }
}

describe('buckets of policy templates', () => {
  test('are read by every user, of other accounts too, and by nobody else', async () => {
    await using front = await openFront()
    const { status, text, headers } = await front.call({ path: template })
    assert.equal(status, 200)
    assert.match(text, /arn:aws:s3:::<BucketName>\/<Prefix>\/AWSLogs\/<CustomerAccountID>\/\*/)
    assert.equal(headers['content-type'], 'application/json')
    for (const key of [auditorKey, producerKey, foreignKey])
      assert.equal((await front.call({ path: template, key })).text, text)
    assert.equal((await send(front.server, { path: template })).status, 403)
    const inChina = await front.call({ path: template.replace('eu-west-1', 'cn-north-1') })
    assert.match(inChina.text, /arn:aws-cn:s3:::<BucketName>/)
  })

  test('have the other ways to read, too', async () => {
    await using front = await openFront()
    const head = await front.call({ method: 'HEAD', path: template })
    const part = await front.call({ path: template, headers: { range: 'bytes=0-0' } })
    assert.deepEqual([head.status, part.status, part.text], [200, 206, '{'])
    assert.equal(part.headers['content-range'], `bytes 0-0/${head.headers['content-length']}`)
    const keysOf = async (query: string) =>
      [...(await front.call({ path: `/${bucket}?${query}` })).text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)
    const keys = await keysOf('list-type=2')
    assert.equal(keys.length, 2)
    assert.deepEqual(await keysOf('list-type=2&prefix=policy%2FSNS'), keys.slice(1))
    assert.deepEqual(await keysOf(`list-type=2&start-after=${encodeURIComponent(keys[0]!)}`), keys.slice(1))
    assert.deepEqual(await keysOf('versions='), keys)
    assert.match(
      (await front.call({ path: `/${bucket}?list-type=2&delimiter=%2F` })).text,
      /<Prefix>policy\/<\/Prefix>/,
    )
    assert.equal(codeOf(await front.call({ path: `/${bucket}/none` })), 'NoSuchKey')
    assert.equal(codeOf(await front.call({ path: `${template}?versionId=abc` })), 'NoSuchVersion')
    assert.match((await front.call({ path: `/${bucket}?location` })).text, /eu-west-1/)
  })

  test('cannot be changed by anybody, their owner’s administrator included', async () => {
    await using front = await openFront()
    const before = (await front.call({ path: template })).text
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${bucket}/*` }],
    })
    const changes: SignedRequest[] = [
      { method: 'PUT', path: template, body: 'x' },
      { method: 'PUT', path: `/${bucket}/other`, body: 'x' },
      {
        method: 'PUT',
        path: template,
        headers: { 'x-amz-copy-source': template, 'x-amz-metadata-directive': 'REPLACE' },
      },
      { method: 'DELETE', path: template },
      { method: 'DELETE', path: `/${bucket}` },
      { method: 'POST', path: `${template}?uploads` },
      { method: 'PUT', path: `/${bucket}?policy`, body: policy },
      { method: 'DELETE', path: `/${bucket}?policy` },
      { method: 'PUT', path: `${template}?tagging`, body: '<Tagging><TagSet/></Tagging>' },
      { method: 'PUT', path: `/${bucket}?versioning`, body: '<VersioningConfiguration/>' },
    ]
    for (const change of changes) {
      const answer = await front.call(change)
      assert.equal(codeOf(answer), 'AccessDenied', `${change.method} ${change.path}: ${answer.text}`)
    }
    assert.equal((await front.call({ path: template })).text, before)
    assert.equal(front.selfTrail.calls.at(-2)?.errorCode, 'AccessDenied')
    assert.deepEqual(front.faults, [])
  })

  test('are in no list of buckets, and their names are taken, also those of other Regions', async () => {
    await using front = await openFront()
    assert.ok(!(await front.call({ path: '/' })).text.includes('awscloudtrail'))
    for (const name of [bucket, 'awscloudtrail-policy-mars-1'])
      for (const key of [undefined, foreignKey]) {
        const made = await front.call({ method: 'PUT', path: `/${name}`, ...(key && { key }) })
        assert.equal(codeOf(made), 'BucketAlreadyExists', made.text)
      }
    assert.equal(codeOf(await front.call({ path: '/awscloudtrail-policy-mars-1' })), 'NoSuchBucket')
  })

  test('leave a bucket that an earlier version let somebody make as it is', async () => {
    await using front = await openFront({ existing: [bucket] })
    assert.equal(codeOf(await front.call({ path: template })), 'NoSuchKey')
    assert.equal((await front.call({ method: 'PUT', path: `/${bucket}/a`, body: 'x' })).status, 200)
    assert.equal((await front.call({ path: template.replace('eu-west-1', 'cn-north-1') })).status, 200)
  })
})
