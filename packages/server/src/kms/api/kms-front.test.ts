import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, base64, openKmsWorld, people, region, start } from '../kms.testing.ts'
import { builtKmsOperations, kmsOperations } from './operation-table.ts'

describe('the protocol', () => {
  test('a key is made, described, used and listed', async () => {
    const world = await openKmsWorld()
    const { KeyMetadata } = await world.ok('CreateKey', { Description: 'logs' })
    const { KeyId: id, Arn: arn, CurrentKeyMaterialId: material, ...rest } = KeyMetadata as Record<string, string>
    assert.match(id!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(arn, `arn:aws:kms:${region}:${account}:key/${id}`)
    assert.match(material!, /^[0-9a-f]{64}$/)
    assert.deepEqual(rest, {
      AWSAccountId: account,
      CreationDate: start / 1_000,
      Enabled: true,
      Description: 'logs',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
    })
    assert.deepEqual((await world.ok('DescribeKey', { KeyId: arn }))['KeyMetadata'], KeyMetadata)
    const context = { Department: 'IT' }
    const sealed = await world.ok('Encrypt', { KeyId: id, Plaintext: base64('secret'), EncryptionContext: context })
    assert.deepEqual(
      { ...sealed, CiphertextBlob: '' },
      {
        CiphertextBlob: '',
        KeyId: arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
    )
    const opened = await world.ok('Decrypt', { CiphertextBlob: sealed['CiphertextBlob'], EncryptionContext: context })
    assert.deepEqual(opened, {
      KeyId: arn,
      Plaintext: base64('secret'),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      KeyMaterialId: material,
    })
    assert.deepEqual(await world.ok('ListKeys', {}), { Keys: [{ KeyId: id, KeyArn: arn }], Truncated: false })
  })

  test('an operation without an output answers with an empty body', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    const reply = await world.call('DisableKey', { KeyId: id })
    assert.deepEqual([reply.status, reply.text], [200, ''])
  })

  test('all 56 operations are known, and the table says truly which are built', async () => {
    const world = await openKmsWorld()
    assert.equal(kmsOperations.length, 56)
    for (const { name } of kmsOperations) {
      const { body } = await world.call(name, {})
      assert.equal(body['__type'] === 'UnsupportedOperationException', !builtKmsOperations.includes(name), name)
    }
    assert.equal(await world.refusal('Nothing', {}), 'UnknownOperationException')
  })

  test('what does not hold is told in the words of AWS, all at once', async () => {
    const world = await openKmsWorld()
    const { body } = await world.call('CreateAlias', { AliasName: 'alias/ä' })
    assert.deepEqual(body, {
      __type: 'ValidationException',
      message:
        "2 validation errors detected: Value 'alias/ä' at 'aliasName' failed to satisfy constraint: Member must satisfy " +
        'regular expression pattern: ^[a-zA-Z0-9:/_-]+$; ' +
        "Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null",
    })
  })

  test('of an invalid ciphertext the answer says nothing but that', async () => {
    const world = await openKmsWorld()
    await world.createKey()
    const { text, status } = await world.call('Decrypt', { CiphertextBlob: base64('nonsense') })
    assert.deepEqual([status, text], [400, '{"__type":"InvalidCiphertextException"}'])
  })
})

describe('the record', () => {
  test('of a use names the key and the context, and has neither plaintext nor ciphertext', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey()
    const sealed = await world.ok('Encrypt', {
      KeyId: id,
      Plaintext: base64('a secret text'),
      EncryptionContext: { Department: 'IT' },
    })
    const call = world.lastCall()
    assert.deepEqual(call.requestParameters, {
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      keyId: id,
      encryptionContext: { Department: 'IT' },
    })
    assert.deepEqual(call.resources, [{ ARN: arn, accountId: account, type: 'AWS::KMS::Key' }])
    assert.deepEqual(
      [call.eventSource, call.eventName, call.readOnly, call.category, call.responseElements],
      ['kms.amazonaws.com', 'Encrypt', true, 'Management', undefined],
    )
    await world.ok('Decrypt', { CiphertextBlob: sealed['CiphertextBlob'], EncryptionContext: { Department: 'IT' } })
    await world.ok('GenerateDataKey', { KeyId: arn, KeySpec: 'AES_256' })
    await world.ok('GenerateRandom', { NumberOfBytes: 16 })
    const all = JSON.stringify(world.calls)
    assert.ok(!all.includes(base64('a secret text')) && !all.includes(sealed['CiphertextBlob'] as string))
    assert.doesNotMatch(all, /laintext"|iphertextBlob/)
  })

  test('of a change has the answer, or the key that was changed', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey({ Tags: [{ TagKey: 'Owner', TagValue: 'Kim' }] })
    const created = world.lastCall()
    assert.deepEqual((created.requestParameters as { tags: unknown }).tags, [{ tagKey: 'Owner', tagValue: 'Kim' }])
    const { keyMetadata } = created.responseElements as { keyMetadata: Record<string, unknown> }
    assert.equal(keyMetadata['aWSAccountId'], account)
    assert.equal(keyMetadata['creationDate'], 'Mar 4, 2026, 12:00:00 PM')
    await world.ok('DisableKey', { KeyId: id })
    assert.deepEqual(world.lastCall().responseElements, { keyId: arn })
    assert.equal(world.lastCall().readOnly, false)
    assert.equal(world.calls.length, 2)
  })

  test('of a refused call says why, and is there', async () => {
    const world = await openKmsWorld()
    const { id, arn } = await world.createKey()
    assert.equal(
      await world.refusal('Encrypt', { KeyId: id, Plaintext: base64('x') }, { as: 'audrey' }),
      'AccessDeniedException',
    )
    const denied = world.lastCall()
    assert.equal(denied.errorCode, 'AccessDenied')
    assert.match(
      denied.errorMessage!,
      new RegExp(`^User: ${people.audrey.arn} is not authorized to perform: kms:Encrypt`),
    )
    assert.equal(denied.requestParameters, undefined)
    assert.deepEqual(denied.resources, [{ ARN: arn, accountId: account, type: 'AWS::KMS::Key' }])
    assert.equal(await world.refusal('DescribeKey', { KeyId: 'alias/none' }), 'NotFoundException')
    assert.equal(world.lastCall().errorCode, 'NotFoundException')
    assert.deepEqual(world.lastCall().requestParameters, { keyId: 'alias/none' })
  })

  test('that cannot be made means a failure, and of a change that nothing was changed', async () => {
    const world = await openKmsWorld()
    const { id } = await world.createKey()
    world.trail.refusal = new Error('the journal is full')
    for (const name of ['DescribeKey', 'DisableKey']) {
      const reply = await world.call(name, { KeyId: id })
      assert.deepEqual([reply.status, reply.body['__type']], [500, 'KMSInternalException'])
    }
    world.trail.refusal = undefined
    const { KeyMetadata } = await world.ok('DescribeKey', { KeyId: id })
    assert.equal((KeyMetadata as { Enabled: boolean }).Enabled, true)
  })
})
