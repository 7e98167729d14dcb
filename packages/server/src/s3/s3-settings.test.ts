import assert from 'node:assert/strict'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeletePublicAccessBlockCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type LifecycleRule,
} from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { parsePolicy } from '@opentrail/core/policy'
import { send } from '../http/http.testing.ts'
import { isPublicPolicy } from './bucket-access.ts'
import { lifecycleRulesOf } from './bucket-lifecycle.ts'
import { auditorKey, codeOf, foreignKey, noon, producerKey, sdkClient, signed, startFront } from './s3.testing.ts'

const Bucket = 'logs'
const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  )

describe('buckets', () => {
  test('are made where they are asked for, once, and removed when they are empty', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const made = new CreateBucketCommand({
      Bucket: 'new-logs',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1', Tags: [{ Key: 'a', Value: 'b' }] },
    })
    await client.send(made)
    assert.equal(await failure(client.send(made)), 'BucketAlreadyOwnedByYou')
    assert.equal(await failure(sdkClient(front.server, foreignKey).send(made)), 'BucketAlreadyExists')
    const { TagSet } = await client.send(new GetBucketTaggingCommand({ Bucket: 'new-logs' }))
    assert.deepEqual(TagSet, [{ Key: 'a', Value: 'b' }])
    await front.put('new-logs', 'k', 'x')
    assert.equal(await failure(client.send(new DeleteBucketCommand({ Bucket: 'new-logs' }))), 'BucketNotEmpty')
    await client.send(new DeleteObjectCommand({ Bucket: 'new-logs', Key: 'k' }))
    await client.send(new DeleteBucketCommand({ Bucket: 'new-logs' }))
    assert.equal(await failure(client.send(new DeleteBucketCommand({ Bucket: 'new-logs' }))), 'NoSuchBucket')
    // In S3's first Region a script may make its bucket each time.
    const again = { method: 'PUT', path: '/old-logs', region: 'us-east-1' }
    assert.equal((await signed(front.server, again)).status, 200)
    assert.equal((await signed(front.server, again)).status, 200)
    const far = {
      ...again,
      path: '/x-logs',
      body: '<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>',
    }
    assert.equal(codeOf(await signed(front.server, far)), 'InvalidLocationConstraint')
    assert.equal(
      codeOf(await signed(front.server, { method: 'PUT', path: '/new-logs', key: auditorKey })),
      'AccessDenied',
    )
  })

  test('answer what was never put as S3 does', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    assert.equal(await failure(client.send(new GetBucketCorsCommand({ Bucket }))), 'NoSuchCORSConfiguration')
    assert.equal(await failure(client.send(new GetBucketTaggingCommand({ Bucket }))), 'NoSuchTagSet')
    assert.equal(
      await failure(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
      'NoSuchLifecycleConfiguration',
    )
    assert.equal(
      await failure(client.send(new GetObjectLockConfigurationCommand({ Bucket }))),
      'ObjectLockConfigurationNotFoundError',
    )
    assert.equal((await client.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined)
    assert.equal((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined)
    const { OwnershipControls } = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))
    assert.equal(OwnershipControls?.Rules?.[0]?.ObjectOwnership, 'BucketOwnerEnforced')
    const { Grants } = await client.send(new GetBucketAclCommand({ Bucket }))
    assert.deepEqual(
      [Grants?.length, Grants?.[0]?.Permission, Grants?.[0]?.Grantee?.Type],
      [1, 'FULL_CONTROL', 'CanonicalUser'],
    )
    const { ServerSideEncryptionConfiguration: standard } = await client.send(
      new GetBucketEncryptionCommand({ Bucket }),
    )
    assert.equal(standard?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256')
    assert.equal(codeOf(await signed(front.server, { path: '/nowhere?cors' })), 'NoSuchBucket')
  })

  test('keep encryption, tags and versioning', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'alias/logs' },
      BucketKeyEnabled: true,
    } as const
    await client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }))
    const { ServerSideEncryptionConfiguration: kept } = await client.send(new GetBucketEncryptionCommand({ Bucket }))
    assert.deepEqual(kept?.Rules, [rule])
    const tag = { Key: 'aws:x', Value: '' }
    assert.equal(
      await failure(client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [tag] } }))),
      'InvalidTag',
    )
    const mfa =
      '<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>'
    assert.equal(
      codeOf(await signed(front.server, { method: 'PUT', path: '/logs?versioning', body: mfa })),
      'NotImplemented',
    )
    const record = front.selfTrail.calls.find(({ eventName }) => eventName === 'PutBucketEncryption')
    assert.match(
      JSON.stringify(record?.requestParameters),
      /"ServerSideEncryptionConfiguration":\{"Rule":\{"Apply.*alias\/logs/,
    )
  })

  test('keep a lifecycle as the rules that the job applies', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const put = (Rules: LifecycleRule[]) =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }))
    const rules: LifecycleRule[] = [
      { ID: 'one', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 7 } },
      {
        ID: 'two',
        Status: 'Disabled',
        Filter: { And: { Prefix: 'a', Tags: [{ Key: 't', Value: 'v' }], ObjectSizeGreaterThan: 10 } },
        NoncurrentVersionExpiration: { NoncurrentDays: 3, NewerNoncurrentVersions: 2 },
      },
      {
        ID: 'three',
        Status: 'Enabled',
        Filter: {},
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
    ]
    await put(rules)
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    assert.deepEqual(Rules, rules)
    const { documents } = await front.store.objects.settings(Bucket)
    assert.deepEqual(lifecycleRulesOf(documents.lifecycle!).rules[1], {
      id: 'two',
      isEnabled: false,
      filter: { prefix: 'a', tags: { t: 'v' }, sizeAbove: 10 },
      noncurrentExpiration: { days: 3, newestKept: 2 },
    })
    const one = { ID: 'x', Status: 'Enabled', Filter: { Prefix: '' } } as const
    assert.equal(
      await failure(put([{ ...one, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }])),
      'NotImplemented',
    )
    assert.equal(await failure(put([one])), 'InvalidRequest')
    assert.equal(await failure(put([{ ...one, Expiration: { Days: 0 } }])), 'InvalidArgument')
    assert.equal(await failure(put([{ ...one, Expiration: { Date: new Date(noon) } }])), 'InvalidArgument')
    assert.equal(
      await failure(
        put([
          { ...one, Expiration: { Days: 1 } },
          { ...one, Expiration: { Days: 1 } },
        ]),
      ),
      'InvalidArgument',
    )
  })
})

describe('Object Lock', () => {
  test('keeps versions from those who may not bypass it, in both modes', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }))
    assert.equal((await client.send(new GetBucketVersioningCommand({ Bucket: 'locked' }))).Status, 'Enabled')
    const rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } as const
    const configuration = { ObjectLockEnabled: 'Enabled', Rule: rule } as const
    await client.send(
      new PutObjectLockConfigurationCommand({ Bucket: 'locked', ObjectLockConfiguration: configuration }),
    )
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: 'locked', Key: 'k', Body: 'x' }))
    const version = { Bucket: 'locked', Key: 'k', VersionId }
    const removed = (input: object = {}) => failure(client.send(new DeleteObjectCommand({ ...version, ...input })))
    assert.equal(await removed({ BypassGovernanceRetention: true }), 'AccessDenied')
    const { Retention } = await client.send(new GetObjectRetentionCommand(version))
    assert.deepEqual([Retention?.Mode, Retention?.RetainUntilDate?.getTime()], ['COMPLIANCE', noon + 86_400_000])
    const shorter = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(noon + 1_000) } as const
    assert.equal(
      await failure(client.send(new PutObjectRetentionCommand({ ...version, Retention: shorter }))),
      'AccessDenied',
    )
    await client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'ON' } }))
    front.state.now += 2 * 86_400_000
    assert.equal(await removed(), 'AccessDenied')
    assert.equal((await client.send(new GetObjectLegalHoldCommand(version))).LegalHold?.Status, 'ON')
    await client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }))
    const held = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(front.state.now + 1_000) } as const
    await client.send(new PutObjectRetentionCommand({ ...version, Retention: held }))
    assert.equal(await removed(), 'AccessDenied')
    assert.equal(await removed({ BypassGovernanceRetention: true }), 'none')
    const suspended = { Bucket: 'locked', VersioningConfiguration: { Status: 'Suspended' } } as const
    assert.equal(await failure(client.send(new PutBucketVersioningCommand(suspended))), 'InvalidBucketState')
  })
})

describe('who may', () => {
  const statement = (more: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::logs/open/*', ...more },
      ],
    })

  test('nobody in particular reads only where a policy and Block Public Access let them', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    await front.put(Bucket, 'open/k', 'x')
    const put = () => client.send(new PutBucketPolicyCommand({ Bucket, Policy: statement({}) }))
    assert.equal(await failure(put()), 'AccessDenied')
    const block = await client.send(new GetPublicAccessBlockCommand({ Bucket }))
    assert.equal(block.PublicAccessBlockConfiguration?.RestrictPublicBuckets, true)
    await client.send(new DeletePublicAccessBlockCommand({ Bucket }))
    assert.equal(
      await failure(client.send(new GetPublicAccessBlockCommand({ Bucket }))),
      'NoSuchPublicAccessBlockConfiguration',
    )
    await put()
    assert.equal((await client.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic, true)
    const asked = async (path: string, method = 'GET') => {
      const reply = await send(front.server, { path, method })
      return [reply.status, codeOf(reply)]
    }
    assert.deepEqual(await asked('/logs/open/k'), [200, undefined])
    assert.deepEqual(await asked('/logs/closed'), [403, 'AccessDenied'])
    assert.deepEqual(await asked('/logs/open/k', 'DELETE'), [403, 'AccessDenied'])
    assert.deepEqual(await asked('/logs/open/none'), [403, 'AccessDenied'])
    assert.deepEqual(await asked('/logs/open/k?response-content-type=a'), [400, 'InvalidRequest'])
    const call = front.selfTrail.calls.find(({ eventName }) => eventName === 'GetObject')
    assert.deepEqual([call?.identity.kind, call?.errorCode], ['anonymous', undefined])
    const body =
      '<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>'
    assert.equal((await signed(front.server, { method: 'PUT', path: '/logs?publicAccessBlock', body })).status, 200)
    assert.deepEqual(await asked('/logs/open/k'), [403, 'AccessDenied'])
  })

  test('an explicit deny keeps administrators out, but not from the policy', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    await front.put(Bucket, 'k', 'x')
    const deny = statement({ Effect: 'Deny', Action: 's3:*', Resource: ['arn:aws:s3:::logs', 'arn:aws:s3:::logs/*'] })
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy: deny }))
    assert.equal(codeOf(await signed(front.server, { path: '/logs/k' })), 'AccessDenied')
    assert.equal((await signed(front.server, { method: 'DELETE', path: '/logs?policy' })).status, 204)
    assert.equal((await signed(front.server, { path: '/logs/k' })).status, 200)
  })

  test('a policy gives a producer what it names it for, but nothing by naming its account', async () => {
    await using front = await startFront()
    await front.put(Bucket, 'open/k', 'x')
    const read = async () => codeOf(await signed(front.server, { path: '/logs/open/k', key: producerKey }))
    await front.store.putPolicy(Bucket, statement({ Principal: { AWS: '111122223333' } }))
    assert.equal(await read(), 'AccessDenied')
    await front.store.putPolicy(Bucket, statement({}))
    assert.equal(await read(), undefined)
  })

  test('auditors read everything and change nothing', async () => {
    await using front = await startFront()
    await front.put(Bucket, 'k', 'x')
    const status = async (method: string, path: string) =>
      (await signed(front.server, { method, path, key: auditorKey })).status
    for (const path of [
      '/logs/k',
      '/logs/k?tagging',
      '/logs/k?acl',
      '/logs?versions',
      '/logs?uploads',
      '/logs?versioning',
      '/logs?acl',
    ])
      assert.equal(await status('GET', path), 200, path)
    for (const [method, path] of [
      ['PUT', '/logs/k'],
      ['DELETE', '/logs/k'],
      ['POST', '/logs/k?uploads'],
      ['PUT', '/logs?policy'],
      ['DELETE', '/logs?policy'],
      ['DELETE', '/logs'],
    ] as const)
      assert.equal(await status(method, path), 403, `${method} ${path}`)
  })

  test.each([
    [{}, true],
    [{ Effect: 'Deny' }, false],
    [{ Principal: { AWS: '111122223333' } }, false],
    [{ Principal: { Service: 'cloudtrail.amazonaws.com' } }, false],
    [{ Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } }, false],
    [{ Condition: { StringEqualsIfExists: { 'aws:SourceAccount': '111122223333' } } }, true],
    [{ Condition: { StringNotEquals: { 'aws:SourceAccount': '111122223333' } } }, true],
    [{ Condition: { StringLike: { 'aws:SourceAccount': '*' } } }, true],
    [{ Condition: { StringEquals: { 's3:prefix': 'a' } } }, true],
    [{ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudtrail:*:111122223333:trail/*' } } }, true],
    [{ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudtrail:us-east-1:111122223333:trail/*' } } }, false],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }, false],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } }, true],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '::/0' } } }, true],
  ])('whether a policy with %j is public', (more, isPublic) => {
    const reading = parsePolicy(statement(more), 'resource')
    assert.ok(reading.ok)
    assert.equal(isPublicPolicy(reading.policy), isPublic)
  })
})
