import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { KeyDescription } from '../kms/index.ts'
import { account, createTrailService } from './trail-service.testing.ts'

const arn = `arn:aws:kms:us-east-1:${account}:key/11111111-2222-3333-4444-555555555555`
const other = `arn:aws:kms:us-east-1:${account}:key/99999999-2222-3333-4444-555555555555`
const key = (changes: Partial<KeyDescription> = {}): KeyDescription => ({
  arn,
  account,
  region: 'us-east-1',
  isEnabled: true,
  isSymmetric: true,
  ...changes,
})

async function serviceWithKey(changes: Partial<KeyDescription> = {}) {
  const service = await createTrailService()
  for (const name of ['alias/logs', arn, '11111111-2222-3333-4444-555555555555']) service.keys.set(name, key(changes))
  return service
}

describe("a trail's key", () => {
  test('is answered and kept as its ARN, in whichever form it was named', async () => {
    for (const KmsKeyId of ['alias/logs', arn, '11111111-2222-3333-4444-555555555555']) {
      const service = await serviceWithKey()
      assert.equal((await service.create('audit', { KmsKeyId }))['KmsKeyId'], arn)
      assert.equal((await service.call('GetTrail', { Name: 'audit' })).Trail?.['KmsKeyId'], arn)
      // An alias that names another key tomorrow changes nothing.
      service.keys.set('alias/logs', key({ arn: other }))
      await service.call('UpdateTrail', { Name: 'audit', S3KeyPrefix: 'p' })
      assert.equal((await service.call('GetTrail', { Name: 'audit' })).Trail?.['KmsKeyId'], arn)
    }
  })

  test('is exchanged, and cleared by an empty text', async () => {
    const service = await serviceWithKey()
    service.keys.set('alias/other', key({ arn: other }))
    await service.create('audit', { KmsKeyId: 'alias/logs' })
    assert.equal((await service.call('UpdateTrail', { Name: 'audit', KmsKeyId: 'alias/other' }))['KmsKeyId'], other)
    assert.equal('KmsKeyId' in (await service.call('UpdateTrail', { Name: 'audit', KmsKeyId: '' })), false)
    assert.equal('KmsKeyId' in (await service.call('GetTrail', { Name: 'audit' })).Trail!, false)
  })

  test.each([
    ['KmsKeyNotFoundException', { region: 'eu-west-1' }],
    ['KmsException', { isEnabled: false }],
    ['KmsException', { isSymmetric: false }],
  ])('that cannot be used is refused: %s %o', async (code, changes) => {
    const service = await serviceWithKey(changes)
    assert.equal(await service.refusalCode('CreateTrail', input('alias/logs')), code)
    assert.deepEqual(service.committed, [])
  })

  test.each([
    ['NotFoundException', 'KmsKeyNotFoundException'],
    ['AccessDeniedException', 'InsufficientEncryptionPolicyException'],
    ['InvalidArnException', 'InvalidKmsKeyIdException'],
    ['KMSInvalidStateException', 'KmsException'],
    ['NetworkingError', 'ServiceUnavailable'],
  ])("KMS's %s is CloudTrail's %s", async (fault, code) => {
    const service = await createTrailService()
    service.keys.set('alias/logs', fault)
    assert.equal(await service.refusalCode('CreateTrail', input('alias/logs')), code)
  })

  test('whose policy does not let CloudTrail in is refused, in the words of AWS', async () => {
    const service = await serviceWithKey()
    service.closedKeys.add(arn)
    assert.equal(
      await service.refusal('CreateTrail', input('alias/logs')),
      `InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket audit-logs or KMS key ${arn}.`,
    )
  })
})

const input = (KmsKeyId: string) => ({ Name: 'audit', S3BucketName: 'audit-logs', KmsKeyId })
