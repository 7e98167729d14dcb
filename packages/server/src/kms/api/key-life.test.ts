import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, base64, dayMs, openKmsWorld, otherRegion, region, start, type KmsWorld } from '../kms.testing.ts'
import { keysPrefix } from '../key-documents.ts'

const metadata = async (world: KmsWorld, KeyId: string) =>
  (await world.ok('DescribeKey', { KeyId }))['KeyMetadata'] as Readonly<Record<string, unknown>>
const encrypt = async (world: KmsWorld, KeyId: string) =>
  (await world.ok('Encrypt', { KeyId, Plaintext: base64('x') }))['CiphertextBlob'] as string
const decrypt = async (world: KmsWorld, CiphertextBlob: string) => world.ok('Decrypt', { CiphertextBlob })

/** Lets domain time pass as the schedule does it: job by job. */
async function pass(world: KmsWorld, ms: number): Promise<void> {
  const target = world.time.now + ms
  for (let due = world.job.dueAt(); due !== undefined && due <= target; due = world.job.dueAt()) {
    world.time.now = Math.max(world.time.now, due)
    await world.job.run(due)
  }
  world.time.now = target
}

describe('states', () => {
  test('decide what can be done with a key', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const CiphertextBlob = await encrypt(world, id)
    const uses = {
      Encrypt: { KeyId: id, Plaintext: base64('x') },
      Decrypt: { CiphertextBlob },
      GenerateDataKey: { KeyId: id, KeySpec: 'AES_256' },
      GenerateDataKeyWithoutPlaintext: { KeyId: id, NumberOfBytes: 7 },
      ReEncrypt: { CiphertextBlob, DestinationKeyId: id },
      EnableKeyRotation: { KeyId: id },
      RotateKeyOnDemand: { KeyId: id },
      DisableKeyRotation: { KeyId: id },
    }
    const tags = { KeyId: id, Tags: [{ TagKey: 'a', TagValue: 'b' }] }
    const changes = {
      EnableKey: { KeyId: id },
      DisableKey: { KeyId: id },
      ScheduleKeyDeletion: { KeyId: id },
      UpdateKeyDescription: { KeyId: id, Description: 'd' },
      CreateAlias: { AliasName: 'alias/late', TargetKeyId: id },
      TagResource: tags,
      UntagResource: { KeyId: id, TagKeys: ['a'] },
    }
    assert.equal(await world.refusal('CancelKeyDeletion', { KeyId: id }), 'KMSInvalidStateException')
    await world.ok('DisableKey', { KeyId: id })
    for (const [name, input] of Object.entries(uses))
      assert.equal(await world.refusal(name, input), 'DisabledException', name)
    await world.ok('ScheduleKeyDeletion', { KeyId: id })
    for (const [name, input] of Object.entries({ ...uses, ...changes }))
      assert.equal(await world.refusal(name, input), 'KMSInvalidStateException', name)
    await world.ok('CancelKeyDeletion', { KeyId: id })
    assert.equal((await metadata(world, id))['KeyState'], 'Disabled')
    await world.ok('EnableKey', { KeyId: id })
    for (const [name, input] of Object.entries(uses)) await world.ok(name, input)
  })

  test('data keys have the size that is asked for', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    for (const [asked, bytes] of [
      [{ KeySpec: 'AES_256' }, 32],
      [{ KeySpec: 'AES_128' }, 16],
      [{ NumberOfBytes: 1_024 }, 1_024],
    ] as const) {
      const { Plaintext, CiphertextBlob } = await world.ok('GenerateDataKey', { KeyId: id, ...asked })
      assert.equal(Buffer.from(Plaintext as string, 'base64').length, bytes)
      assert.equal((await decrypt(world, CiphertextBlob as string))['Plaintext'], Plaintext)
    }
    for (const asked of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }, { NumberOfBytes: 1_025 }, { KeySpec: 'DES' }])
      assert.equal(await world.refusal('GenerateDataKey', { KeyId: id, ...asked }), 'ValidationException')
  })

  test('a dry run does everything but the work', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const reply = await world.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256', DryRun: true })
    assert.deepEqual([reply.status, reply.body['__type']], [412, 'DryRunOperationException'])
    const denied = await world.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256', DryRun: true }, { as: 'bob' })
    assert.notEqual(denied.body['__type'], 'DryRunOperationException')
  })

  test('other kinds of keys are not built, and unknown ones are refused', async () => {
    const world = await openKmsWorld()
    for (const input of [
      { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
      { KeySpec: 'HMAC_256' },
      { CustomerMasterKeySpec: 'ECC_NIST_P256' },
      { KeyUsage: 'SIGN_VERIFY' },
      { Origin: 'EXTERNAL' },
      { MultiRegion: true },
      { CustomKeyStoreId: 'cks-1' },
    ])
      assert.equal(await world.refusal('CreateKey', input), 'UnsupportedOperationException', JSON.stringify(input))
    for (const input of [{ KeySpec: 'DES' }, { KeyUsage: 'x' }, { Description: 'd'.repeat(8_193) }])
      assert.equal(await world.refusal('CreateKey', input), 'ValidationException')
    await world.createKey({
      KeySpec: 'SYMMETRIC_DEFAULT',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      MultiRegion: false,
    })
  })
})

describe('deletion', () => {
  test('destroys key, material and aliases when the time has come, not before, and says so', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey()
    await world.ok('CreateAlias', { AliasName: 'alias/doomed', TargetKeyId: id })
    const { DeletionDate, ...rest } = await world.ok('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 })
    assert.deepEqual(rest, { KeyId: arn, KeyState: 'PendingDeletion', PendingWindowInDays: 7 })
    assert.equal(DeletionDate, (start + 7 * dayMs) / 1_000)
    await pass(world, 7 * dayMs - 1)
    assert.equal((await metadata(world, id))['KeyState'], 'PendingDeletion')
    await pass(world, 1)
    assert.equal(await world.refusal('DescribeKey', { KeyId: id }), 'NotFoundException')
    assert.equal(await world.refusal('DescribeKey', { KeyId: 'alias/doomed' }), 'NotFoundException')
    assert.deepEqual(await world.control.list('kms/'), [])
    const event = world.calls.find(({ eventName }) => eventName === 'DeleteKey')!
    assert.deepEqual(event.identity, { kind: 'service', account, invokedBy: 'AWS Internal' })
    assert.deepEqual(event.resources, [{ ARN: arn, accountId: account, type: 'AWS::KMS::Key' }])
  })

  test('that was cancelled does not happen', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const blob = await encrypt(world, id)
    await world.ok('ScheduleKeyDeletion', { KeyId: id })
    await pass(world, 29 * dayMs)
    await world.ok('CancelKeyDeletion', { KeyId: id })
    await world.ok('EnableKey', { KeyId: id })
    await pass(world, 100 * dayMs)
    assert.equal((await decrypt(world, blob))['Plaintext'], base64('x'))
  })

  test('that cannot be recorded is put off, and holds up no other', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    await world.ok('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 })
    world.time.now += 8 * dayMs
    world.trail.refusal = new Error('the journal is full')
    await world.job.run(world.time.now)
    assert.equal(world.faults.length, 1)
    assert.equal(world.keys.store.key(id)?.id, id)
    assert.ok(world.job.dueAt()! > world.time.now)
    world.trail.refusal = undefined
    await pass(world, 60_000)
    assert.equal(world.keys.store.key(id), undefined)
  })

  test('waits 7 to 30 days', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    for (const PendingWindowInDays of [6, 31, 0, -1])
      assert.equal(
        await world.refusal('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays }),
        'ValidationException',
      )
    assert.equal((await world.ok('ScheduleKeyDeletion', { KeyId: id }))['PendingWindowInDays'], 30)
  })
})

describe('rotation', () => {
  const rotations = async (world: KmsWorld, KeyId: string) =>
    (await world.ok('ListKeyRotations', { KeyId }))['Rotations'] as Readonly<Record<string, unknown>>[]

  test('on demand seals with new material and opens what the old one sealed', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey()
    const before = await encrypt(world, id)
    assert.deepEqual(await world.ok('RotateKeyOnDemand', { KeyId: id }), { KeyId: arn })
    const after = await encrypt(world, id)
    const [first, second] = [await decrypt(world, before), await decrypt(world, after)]
    assert.notEqual(first['KeyMaterialId'], second['KeyMaterialId'])
    assert.equal((await metadata(world, id))['CurrentKeyMaterialId'], second['KeyMaterialId'])
    assert.deepEqual(await rotations(world, id), [
      {
        KeyId: arn,
        KeyMaterialId: second['KeyMaterialId'],
        KeyMaterialState: 'CURRENT',
        RotationDate: start / 1_000,
        RotationType: 'ON_DEMAND',
      },
    ])
    const all = await world.ok('ListKeyRotations', { KeyId: id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
    assert.equal((all['Rotations'] as unknown[]).length, 2)
  })

  test('on demand is possible 25 times', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    for (let time = 0; time < 25; time++) await world.ok('RotateKeyOnDemand', { KeyId: id })
    assert.equal(await world.refusal('RotateKeyOnDemand', { KeyId: id }), 'LimitExceededException')
  })

  test('by itself happens every period, with an event of its own', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey()
    assert.deepEqual(await world.ok('GetKeyRotationStatus', { KeyId: id }), { KeyRotationEnabled: false, KeyId: arn })
    await world.ok('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 })
    const before = await encrypt(world, id)
    assert.deepEqual(await world.ok('GetKeyRotationStatus', { KeyId: id }), {
      KeyRotationEnabled: true,
      KeyId: arn,
      RotationPeriodInDays: 90,
      NextRotationDate: (start + 90 * dayMs) / 1_000,
    })
    await pass(world, 181 * dayMs)
    assert.deepEqual(
      (await rotations(world, id)).map(({ RotationDate, RotationType }) => [RotationDate, RotationType]),
      [
        [(start + 90 * dayMs) / 1_000, 'AUTOMATIC'],
        [(start + 180 * dayMs) / 1_000, 'AUTOMATIC'],
      ],
    )
    await decrypt(world, before)
    const events = world.calls.filter(({ eventName }) => eventName === 'RotateKey')
    assert.equal(events.length, 2)
    assert.deepEqual(events[0]!.serviceEventDetails, { keyId: id, keyOrigin: 'AWS_KMS', rotationType: 'AUTOMATIC' })
    await world.ok('DisableKeyRotation', { KeyId: id })
    await pass(world, 365 * dayMs)
    assert.equal((await rotations(world, id)).length, 2)
  })

  test('of a disabled key waits until it is enabled, and then happens once', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    await world.ok('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 100 })
    await world.ok('DisableKey', { KeyId: id })
    await pass(world, 450 * dayMs)
    await world.ok('EnableKey', { KeyId: id })
    await pass(world, 1)
    assert.equal((await rotations(world, id)).length, 1)
    await pass(world, 99 * dayMs)
    assert.equal((await rotations(world, id)).length, 1)
    await pass(world, dayMs)
    assert.equal((await rotations(world, id)).length, 2)
  })

  test('enabled twice keeps its date unless the period changes', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const next = async () => (await world.ok('GetKeyRotationStatus', { KeyId: id }))['NextRotationDate']
    await world.ok('EnableKeyRotation', { KeyId: id })
    const first = await next()
    assert.equal(first, (start + 365 * dayMs) / 1_000)
    await pass(world, dayMs)
    await world.ok('EnableKeyRotation', { KeyId: id })
    assert.equal(await next(), first)
    await world.ok('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 200 })
    assert.equal(await next(), (start + 201 * dayMs) / 1_000)
  })
})

describe('aliases', () => {
  test('name a key, move to another one, and are listed', async () => {
    const world = await openKmsWorld()
    const [one, two] = [await world.createKey(), await world.createKey()]
    await world.ok('CreateAlias', { AliasName: 'alias/b', TargetKeyId: one.id })
    await world.ok('CreateAlias', { AliasName: 'alias/a/x_1-2', TargetKeyId: two.arn })
    assert.equal((await metadata(world, 'alias/b'))['KeyId'], one.id)
    world.time.now += 1_000
    await world.ok('UpdateAlias', { AliasName: 'alias/b', TargetKeyId: two.id })
    const arn = `arn:aws:kms:${region}:${account}:alias/b`
    assert.equal((await metadata(world, arn))['KeyId'], two.id)
    const { Aliases } = await world.ok('ListAliases', {})
    assert.deepEqual((Aliases as object[])[1], {
      AliasName: 'alias/b',
      AliasArn: arn,
      TargetKeyId: two.id,
      CreationDate: start / 1_000,
      LastUpdatedDate: start / 1_000 + 1,
    })
    assert.deepEqual(await world.ok('ListAliases', { KeyId: one.id }), { Aliases: [], Truncated: false })
    assert.deepEqual(await world.ok('ListAliases', {}, { region: otherRegion }), { Aliases: [], Truncated: false })
    await world.ok('DeleteAlias', { AliasName: 'alias/b' })
    assert.equal(await world.refusal('DeleteAlias', { AliasName: 'alias/b' }), 'NotFoundException')
  })

  test('are refused where they are taken, malformed, AWS’s own, or name no key', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    await world.ok('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id })
    const creating = (AliasName: string, TargetKeyId = id) => world.refusal('CreateAlias', { AliasName, TargetKeyId })
    assert.equal(await creating('alias/a'), 'AlreadyExistsException')
    for (const name of ['a', 'alias/', 'alias/a:b', `alias/${'x'.repeat(256)}`])
      assert.equal(await creating(name), 'ValidationException', name)
    assert.equal(await creating('alias/aws/s3'), 'NotAuthorizedException')
    assert.equal(await creating('alias/b', 'alias/a'), 'ValidationException')
    assert.equal(await creating('alias/b', '00000000-0000-4000-8000-000000000000'), 'NotFoundException')
    assert.equal(await world.refusal('DisableKey', { KeyId: 'alias/a' }), 'NotFoundException')
  })

  test('of a key are 50 at most', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    for (let number = 0; number < 50; number++)
      await world.ok('CreateAlias', { AliasName: `alias/${number}`, TargetKeyId: id })
    assert.equal(
      await world.refusal('CreateAlias', { AliasName: 'alias/x', TargetKeyId: id }),
      'LimitExceededException',
    )
  })
})

describe('tags', () => {
  test('are set, replaced, taken away and listed', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] })
    const tags = [
      { TagKey: 'b', TagValue: '' },
      { TagKey: 'a', TagValue: '2' },
    ]
    await world.ok('TagResource', { KeyId: id, Tags: tags })
    assert.deepEqual(await world.ok('ListResourceTags', { KeyId: id }), {
      Tags: [tags[1], tags[0]],
      Truncated: false,
    })
    await world.ok('UntagResource', { KeyId: id, TagKeys: ['a', 'none'] })
    assert.deepEqual((await world.ok('ListResourceTags', { KeyId: id }))['Tags'], [tags[0]])
  })

  test('are refused where they are too many, twice, reserved or malformed', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const tagging = (...names: unknown[]) =>
      world.refusal('TagResource', { KeyId: id, Tags: names.map((TagKey) => ({ TagKey, TagValue: 'v' })) })
    assert.equal(await tagging('a', 'a'), 'TagException')
    assert.equal(await tagging('aws:a'), 'TagException')
    assert.equal(await tagging(''), 'ValidationException')
    assert.equal(await tagging('x'.repeat(129)), 'ValidationException')
    assert.equal(await tagging(...Array.from({ length: 51 }, (_, number) => `t${number}`)), 'LimitExceededException')
    assert.equal(await tagging(...Array.from({ length: 100_000 }, () => 'a')), 'LimitExceededException')
    assert.equal(await tagging(7), 'SerializationException')
    assert.equal(await world.refusal('TagResource', { KeyId: id }), 'ValidationException')
  })
})

describe('lists', () => {
  test('come in pages that hold everything once', async () => {
    const world = await openKmsWorld()
    const made = await Promise.all(Array.from({ length: 7 }, () => world.createKey()))
    const found: string[] = []
    let Marker: unknown
    do {
      const page = await world.ok('ListKeys', { Limit: 3, ...(Marker !== undefined && { Marker }) })
      assert.equal(page['Truncated'], page['NextMarker'] !== undefined)
      found.push(...(page['Keys'] as { KeyId: string }[]).map(({ KeyId }) => KeyId))
      Marker = page['NextMarker']
    } while (Marker !== undefined)
    assert.deepEqual(found, made.map(({ id }) => id).toSorted())
    for (const marker of ['nonsense', base64('v2:x'), ' '])
      assert.equal(await world.refusal('ListKeys', { Marker: marker }), 'InvalidMarkerException')
    for (const Limit of [0, 1_001]) assert.equal(await world.refusal('ListKeys', { Limit }), 'ValidationException')
  })
})

test('what lies in the store opens under the key ring alone', async () => {
  const world = await openKmsWorld()
  const { id } = await world.createKey()
  const material = world.keys.materials.open(world.keys.store.key(id)!, 1)!.export()
  const stored = JSON.stringify(await world.control.list(keysPrefix))
  assert.ok(!stored.includes(material.toString('base64')) && !stored.includes(material.toString('hex')))
  const stranger = await openKmsWorld({ control: world.control })
  const { body } = await stranger.call('Encrypt', { KeyId: id, Plaintext: base64('x') })
  assert.equal(body['__type'], 'KMSInternalException')
  assert.equal(stranger.faults.length, 1)
})
