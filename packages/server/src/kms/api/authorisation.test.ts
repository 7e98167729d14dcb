import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import {
  account,
  base64,
  openKmsWorld,
  otherAccount,
  otherRegion,
  people,
  region,
  type CallOptions,
  type KmsWorld,
  type Person,
} from '../kms.testing.ts'

const rootOf = (of: string) => ({ AWS: `arn:aws:iam::${of}:root` })
const statement = (Principal: unknown, Action: unknown = 'kms:*', more: object = {}) => ({
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
  ...more,
})
const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const delegation = statement(rootOf(account))

const keyWith = async (world: KmsWorld, ...statements: object[]) =>
  (await world.createKey({ Policy: policy(...statements), BypassPolicyLockoutSafetyCheck: true })).arn

/** What encrypting with the key comes to: `ok` or the exception. */
async function encrypting(world: KmsWorld, KeyId: string, as: Person, more: object = {}): Promise<string> {
  const { status, body } = await world.call('Encrypt', { KeyId, Plaintext: base64('x'), ...more }, { as })
  return status === 200 ? 'ok' : String(body['__type'])
}
const denied = 'AccessDeniedException'

describe('with the default policy, roles decide', () => {
  test('administrators do everything, auditors read settings, producers nothing', async () => {
    const world = await openKmsWorld()
    const { arn } = await world.createKey()
    assert.equal(await encrypting(world, arn, 'alice'), 'ok')
    for (const as of ['audrey', 'paul'] as const) assert.equal(await encrypting(world, arn, as), denied)
    for (const name of ['DescribeKey', 'GetKeyPolicy', 'ListResourceTags', 'GetKeyRotationStatus']) {
      await world.ok(name, { KeyId: arn }, { as: 'audrey' })
      assert.equal(await world.refusal(name, { KeyId: arn }, { as: 'paul' }), denied)
    }
    for (const [name, input] of [
      ['ListKeys', {}],
      ['ListAliases', {}],
    ] as const) {
      await world.ok(name, input, { as: 'audrey' })
      assert.equal(await world.refusal(name, input, { as: 'paul' }), denied)
    }
    for (const name of ['DisableKey', 'ScheduleKeyDeletion', 'RotateKeyOnDemand'])
      assert.equal(await world.refusal(name, { KeyId: arn }, { as: 'audrey' }), denied)
    for (const as of ['audrey', 'paul'] as const) {
      assert.equal(await world.refusal('CreateKey', {}, { as }), denied)
      assert.equal(await world.refusal('GenerateRandom', { NumberOfBytes: 1 }, { as }), denied)
    }
  })

  test('another account has no access, and does not learn what there is, by its own trail neither', async () => {
    const world = await openKmsWorld()
    const { arn } = await world.createKey()
    await world.ok('CreateAlias', { AliasName: 'alias/there', TargetKeyId: arn })
    for (const name of ['there', 'none']) {
      const KeyId = `arn:aws:kms:${region}:${account}:alias/${name}`
      const { body } = await world.call('DescribeKey', { KeyId }, { as: 'bob' })
      assert.match(String(body['Message']), new RegExp(`on resource: ${KeyId} because the resource does not exist in`))
      assert.equal(world.lastCall().resources, undefined)
    }
    const missing = arn.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000')
    const [one, two] = await Promise.all(
      [arn, missing].map((KeyId) => world.call('DescribeKey', { KeyId }, { as: 'bob' })),
    )
    assert.equal(one!.body['__type'], denied)
    assert.equal(one!.text.replaceAll(arn, ''), two!.text.replaceAll(missing, ''))
  })
})

describe('a key policy', () => {
  test('that names nobody of the account shuts out even administrators', async () => {
    const world = await openKmsWorld()
    const arn = await keyWith(world, statement({ AWS: people.paul.arn }, 'kms:Encrypt'))
    for (const name of ['DescribeKey', 'DisableKey', 'ScheduleKeyDeletion', 'GetKeyPolicy'])
      assert.equal(await world.refusal(name, { KeyId: arn }), denied)
    assert.match(world.lastCall().errorMessage!, /because no resource-based policy allows the kms:GetKeyPolicy action$/)
    assert.equal(await encrypting(world, arn, 'paul'), 'ok')
  })

  test('that names a user of the account is enough, whatever its role', async () => {
    const world = await openKmsWorld()
    const arn = await keyWith(world, delegation, statement({ AWS: people.audrey.arn }, 'kms:Encrypt'))
    assert.equal(await encrypting(world, arn, 'audrey'), 'ok')
    assert.equal(await encrypting(world, arn, 'paul'), denied)
  })

  test('that denies wins over everything', async () => {
    const world = await openKmsWorld()
    const no = { Effect: 'Deny' }
    const arn = await keyWith(
      world,
      delegation,
      statement({ AWS: people.alice.arn }),
      statement('*', 'kms:Encrypt', no),
    )
    assert.equal(await encrypting(world, arn, 'alice'), denied)
    assert.match(world.lastCall().errorMessage!, /with an explicit deny in a resource-based policy$/)
  })

  test('lets another account in together with the role there', async () => {
    const world = await openKmsWorld()
    for (const principal of [rootOf(otherAccount), { AWS: people.bob.arn }, '*']) {
      const arn = await keyWith(world, delegation, statement(principal, ['kms:Encrypt', 'kms:DescribeKey']))
      assert.equal(await encrypting(world, arn, 'bob'), 'ok')
      assert.equal(await encrypting(world, arn, 'bea'), denied)
    }
  })

  test('lets no other account change the key', async () => {
    const world = await openKmsWorld()
    const arn = await keyWith(world, delegation, statement(rootOf(otherAccount)))
    for (const name of ['DisableKey', 'ScheduleKeyDeletion', 'GetKeyPolicy', 'EnableKeyRotation'])
      assert.equal(await world.refusal(name, { KeyId: arn }, { as: 'bob' }), denied, name)
    await world.ok('GetKeyRotationStatus', { KeyId: arn }, { as: 'bob' })
  })

  test('may ask for the encryption context and the caller', async () => {
    const world = await openKmsWorld()
    const arn = await keyWith(
      world,
      statement('*', 'kms:Encrypt', {
        Condition: {
          StringLike: { 'kms:EncryptionContext:aws:cloudtrail:arn': 'arn:aws:cloudtrail:*:111122223333:trail/*' },
          StringEquals: { 'kms:CallerAccount': account, 'aws:username': 'alice' },
          IpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
          Bool: { 'aws:SecureTransport': 'false' },
        },
      }),
    )
    const EncryptionContext = { 'aws:cloudtrail:arn': 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main' }
    assert.equal(await encrypting(world, arn, 'alice', { EncryptionContext }), 'ok')
    assert.equal(await encrypting(world, arn, 'alice'), denied)
    assert.equal(await encrypting(world, arn, 'bob', { EncryptionContext }), denied)
    assert.equal(await encrypting(world, arn, 'audrey', { EncryptionContext }), denied)
  })

  test('may ask for the alias by which the key was named, and for its aliases', async () => {
    const world = await openKmsWorld()
    const by = (Condition: object) => statement({ AWS: people.paul.arn }, 'kms:Encrypt', { Condition })
    const asked = await keyWith(world, delegation, by({ StringEquals: { 'kms:RequestAlias': 'alias/asked' } }))
    const had = await keyWith(
      world,
      delegation,
      by({ 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/had' } }),
    )
    await world.ok('CreateAlias', { AliasName: 'alias/asked', TargetKeyId: asked })
    assert.equal(await encrypting(world, asked, 'paul'), denied)
    assert.equal(await encrypting(world, 'alias/asked', 'paul'), 'ok')
    assert.equal(await encrypting(world, had, 'paul'), denied)
    await world.ok('CreateAlias', { AliasName: 'alias/had', TargetKeyId: had })
    assert.equal(await encrypting(world, had, 'paul'), 'ok')
  })

  test('that locks its author out is refused, unless the check is left out', async () => {
    const world = await openKmsWorld()
    const locked = policy(statement({ AWS: people.bob.arn }))
    const { arn } = await world.createKey()
    const put = (more: object) => world.call('PutKeyPolicy', { KeyId: arn, Policy: locked, ...more })
    const { body } = await put({})
    assert.deepEqual(body, {
      __type: 'MalformedPolicyDocumentException',
      message: 'The new key policy will not allow you to update the key policy in the future.',
    })
    assert.equal(await world.refusal('CreateKey', { Policy: locked }), 'MalformedPolicyDocumentException')
    await world.ok('DescribeKey', { KeyId: arn })
    assert.equal((await put({ BypassPolicyLockoutSafetyCheck: true })).status, 200)
    assert.equal(await world.refusal('DescribeKey', { KeyId: arn }), denied)
  })

  test('is kept as it was put, and refused where it is none', async () => {
    const world = await openKmsWorld()
    const { arn } = await world.createKey()
    const text = `  ${policy(delegation)}\n`
    await world.ok('PutKeyPolicy', { KeyId: arn, Policy: text })
    assert.deepEqual(await world.ok('GetKeyPolicy', { KeyId: arn }), { Policy: text, PolicyName: 'default' })
    assert.deepEqual(await world.ok('ListKeyPolicies', { KeyId: arn }), { PolicyNames: ['default'], Truncated: false })
    for (const Policy of ['{}', 'no JSON', policy({ ...delegation, Principal: undefined })])
      assert.equal(await world.refusal('PutKeyPolicy', { KeyId: arn, Policy }), 'MalformedPolicyDocumentException')
    assert.equal(
      await world.refusal('PutKeyPolicy', { KeyId: arn, Policy: policy({ ...delegation, Sid: 'x'.repeat(30_000) }) }),
      'LimitExceededException',
    )
    assert.equal(await world.refusal('GetKeyPolicy', { KeyId: arn, PolicyName: 'other' }), 'NotFoundException')
  })
})

describe('a ciphertext', () => {
  const sealed = async (world: KmsWorld, KeyId: string, from?: CallOptions) =>
    (await world.ok('Encrypt', { KeyId, Plaintext: base64('x') }, from))['CiphertextBlob']

  test('of a key that is closed to the caller, gone or elsewhere is refused in the same words', async () => {
    const world = await openKmsWorld()
    const { arn } = await world.createKey()
    const CiphertextBlob = await sealed(world, arn)
    const foreign = await world.call('Decrypt', { CiphertextBlob }, { as: 'bob' })
    const elsewhere = await world.call('Decrypt', { CiphertextBlob }, { region: otherRegion })
    await world.ok('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 })
    world.time.now += 8 * 86_400_000
    await world.job.run(world.time.now)
    const gone = await world.call('Decrypt', { CiphertextBlob })
    assert.equal(gone.body['__type'], denied)
    for (const reply of [foreign, elsewhere]) assert.equal(reply.text, gone.text)
  })

  test('is opened by its own key alone', async () => {
    const world = await openKmsWorld()
    const [one, two] = [await world.createKey(), await world.createKey()]
    const CiphertextBlob = await sealed(world, one.arn)
    await world.ok('Decrypt', { CiphertextBlob, KeyId: one.id })
    assert.equal(await world.refusal('Decrypt', { CiphertextBlob, KeyId: two.id }), 'IncorrectKeyException')
    assert.equal(
      await world.refusal('ReEncrypt', { CiphertextBlob, SourceKeyId: two.id, DestinationKeyId: one.id }),
      'IncorrectKeyException',
    )
  })

  test('goes from key to key where both let the caller', async () => {
    const world = await openKmsWorld()
    const one = await world.createKey()
    const two = await keyWith(world, delegation, statement('*', 'kms:ReEncryptTo', { Effect: 'Deny' }))
    const CiphertextBlob = await sealed(world, one.arn)
    const moved = await world.ok('ReEncrypt', {
      CiphertextBlob,
      DestinationKeyId: one.id,
      DestinationEncryptionContext: { a: 'b' },
    })
    const opened = await world.ok('Decrypt', {
      CiphertextBlob: moved['CiphertextBlob'],
      EncryptionContext: { a: 'b' },
    })
    assert.equal(opened['Plaintext'], base64('x'))
    assert.equal(await world.refusal('ReEncrypt', { CiphertextBlob, DestinationKeyId: two }), denied)
  })
})

test('the use of another account’s key is recorded in both accounts, under one shared id', async () => {
  const world = await openKmsWorld()
  const arn = await keyWith(world, delegation, statement(rootOf(otherAccount), 'kms:Encrypt'))
  world.calls.length = 0
  assert.equal(await encrypting(world, arn, 'bob'), 'ok')
  const [own, owners] = world.calls
  assert.equal(world.calls.length, 2)
  assert.equal(own!.recipient, undefined)
  assert.equal(owners!.recipient, account)
  assert.ok(own!.sharedEventId !== undefined && own!.sharedEventId === owners!.sharedEventId)
  world.calls.length = 0
  assert.equal(await encrypting(world, arn, 'bea'), denied)
  assert.equal(world.calls.length, 1)
})

test('keys belong to one account and Region', async () => {
  const world = await openKmsWorld()
  const { id, arn } = await world.createKey()
  assert.equal(await world.refusal('DescribeKey', { KeyId: id }, { as: 'bob' }), 'NotFoundException')
  assert.equal(await world.refusal('DescribeKey', { KeyId: id }, { region: otherRegion }), 'NotFoundException')
  const { body } = await world.call('DescribeKey', { KeyId: arn }, { region: otherRegion })
  assert.deepEqual(body, { __type: 'NotFoundException', message: `Invalid arn ${region}` })
  for (const from of [{ as: 'bob' as const }, { region: otherRegion }])
    assert.deepEqual(await world.ok('ListKeys', {}, from), { Keys: [], Truncated: false })
})
