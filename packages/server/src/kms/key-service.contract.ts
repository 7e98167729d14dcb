import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { KeyServiceError, type KeyService, type KeyUser } from './key-service.ts'

/** A key service with the means to make and change keys in it. */
export interface KeyServiceUnderTest {
  readonly service: KeyService
  readonly account: string
  readonly region: string
  readonly user: KeyUser
  /** The ARN of a new key. `policy`: JSON text. */
  createKey(policy?: string): Promise<string>
  createAlias(name: string, keyArn: string): Promise<void>
  disable(keyArn: string): Promise<void>
  scheduleDeletion(keyArn: string): Promise<void>
  /** Where the service has rotation on demand. */
  rotate?(keyArn: string): Promise<void>
  /** Whether the service judges by key policies, and by the states of keys. */
  readonly heedsPolicies: boolean
  readonly heedsStates: boolean
  close?(): Promise<void>
}

const context = { 'aws:cloudtrail:arn': 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main', 'aws:s3:arn': 'x' }

/** What every adapter of `KeyService` promises. */
export function keyServiceContract(name: string, open: () => Promise<KeyServiceUnderTest>): void {
  describe(`a key service: ${name}`, () => {
    let it: KeyServiceUnderTest
    beforeAll(async () => {
      it = await open()
    })
    afterAll(async () => {
      await it?.close?.()
    })

    const codeOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => assert.fail('should have been refused'),
        (error: unknown) => {
          assert.ok(error instanceof KeyServiceError, String(error))
          return error.code
        },
      )

    test('a key is found by id, ARN, alias and alias ARN', async () => {
      const arn = await it.createKey()
      await it.createAlias('alias/contract', arn)
      const { account, region } = it
      const id = arn.slice(arn.lastIndexOf('/') + 1)
      const aliasArn = `${arn.slice(0, arn.lastIndexOf(':'))}:alias/contract`
      for (const key of [id, arn, 'alias/contract', aliasArn])
        assert.deepEqual(
          await it.service.describe(key, { account, region }),
          { arn, account, region, isEnabled: true, isSymmetric: true },
          key,
        )
    })

    test('what is not there is not found', async () => {
      const { account, region } = it
      const missing = '00000000-0000-4000-8000-000000000000'
      for (const key of [missing, `arn:aws:kms:${region}:${account}:key/${missing}`, 'alias/none'])
        assert.equal(await codeOf(it.service.describe(key, { account, region })), 'NotFoundException', key)
    })

    test('a data key is opened again, under the same context alone', async () => {
      const arn = await it.createKey()
      assert.equal(await it.service.mayGenerate(arn, context, it.user), true)
      const made = await it.service.generateDataKey(arn, context, it.user)
      assert.equal(made.plaintext.length, 32)
      assert.equal(made.keyArn, arn)
      const opened = await it.service.decrypt(made.ciphertext, context, it.user)
      assert.deepEqual([...opened.plaintext], [...made.plaintext])
      assert.equal(opened.keyArn, arn)
      for (const other of [{}, { ...context, more: '' }, { ...context, 'aws:s3:arn': 'y' }])
        assert.equal(await codeOf(it.service.decrypt(made.ciphertext, other, it.user)), 'InvalidCiphertextException')
    })

    test('two data keys are two', async () => {
      const arn = await it.createKey()
      const [one, two] = [
        await it.service.generateDataKey(arn, {}, it.user),
        await it.service.generateDataKey(arn, {}, it.user),
      ]
      assert.notDeepEqual([...one.plaintext], [...two.plaintext])
      assert.notDeepEqual([...one.ciphertext], [...two.ciphertext])
    })

    test('a ciphertext that was changed, cut or made up is not opened', async () => {
      const arn = await it.createKey()
      const { ciphertext } = await it.service.generateDataKey(arn, context, it.user)
      const damaged = [
        Uint8Array.of(),
        Uint8Array.of(1),
        ciphertext.subarray(0, 20),
        ciphertext.subarray(0, ciphertext.length - 1),
        ...[0, 1, ciphertext.length - 1].map((at) => ciphertext.with(at, ciphertext[at]! ^ 1)),
        Buffer.from('no ciphertext of anybody, but long enough to be one, one would think'),
      ]
      for (const [index, bytes] of damaged.entries())
        assert.equal(
          await codeOf(it.service.decrypt(bytes, context, it.user)),
          'InvalidCiphertextException',
          String(index),
        )
    })

    test('a key that is rotated opens what it sealed before', async ({ skip }) => {
      skip(!it.rotate, 'it does not rotate on demand')
      const arn = await it.createKey()
      const before = await it.service.generateDataKey(arn, context, it.user)
      await it.rotate?.(arn)
      const after = await it.service.generateDataKey(arn, context, it.user)
      for (const { plaintext, ciphertext } of [before, after]) {
        const opened = await it.service.decrypt(ciphertext, context, it.user)
        assert.deepEqual([...opened.plaintext], [...plaintext])
      }
    })

    test('a disabled key does nothing, and says so', async () => {
      const arn = await it.createKey()
      const { ciphertext } = await it.service.generateDataKey(arn, context, it.user)
      await it.disable(arn)
      const { isEnabled } = await it.service.describe(arn, it)
      assert.equal(isEnabled, false)
      if (!it.heedsStates) return
      assert.equal(await codeOf(it.service.generateDataKey(arn, context, it.user)), 'DisabledException')
      assert.equal(await codeOf(it.service.decrypt(ciphertext, context, it.user)), 'DisabledException')
    })

    test('a key that is to be deleted does nothing, either', async () => {
      const arn = await it.createKey()
      const { ciphertext } = await it.service.generateDataKey(arn, context, it.user)
      await it.scheduleDeletion(arn)
      assert.equal((await it.service.describe(arn, it)).isEnabled, false)
      if (!it.heedsStates) return
      assert.equal(await codeOf(it.service.generateDataKey(arn, context, it.user)), 'KMSInvalidStateException')
      assert.equal(await codeOf(it.service.decrypt(ciphertext, context, it.user)), 'KMSInvalidStateException')
    })

    test('a key policy that denies is heeded', async ({ skip }) => {
      skip(!it.heedsPolicies, 'it does not judge by key policies')
      const all = { Principal: '*', Resource: '*' }
      const arn = await it.createKey(
        JSON.stringify({
          Statement: [
            { ...all, Effect: 'Allow', Action: 'kms:*' },
            {
              ...all,
              Effect: 'Deny',
              Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
              Condition: { StringEquals: { 'kms:EncryptionContext:aws:s3:arn': 'forbidden' } },
            },
          ],
        }),
      )
      const forbidden = { ...context, 'aws:s3:arn': 'forbidden' }
      assert.equal(await it.service.mayGenerate(arn, forbidden, it.user), false)
      assert.equal(await it.service.mayGenerate(arn, context, it.user), true)
      assert.equal(await codeOf(it.service.generateDataKey(arn, forbidden, it.user)), 'AccessDeniedException')
      const { ciphertext } = await it.service.generateDataKey(arn, context, it.user)
      assert.equal(await codeOf(it.service.decrypt(ciphertext, forbidden, it.user)), 'AccessDeniedException')
    })
  })
}
