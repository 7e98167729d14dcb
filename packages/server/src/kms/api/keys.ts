import { uuid } from '../../clock/index.ts'
import { keyArn, keyState, type KeyDocument } from '../key-documents.ts'
import { defaultKeyPolicy } from '../key-policy.ts'
import { KeyServiceError } from '../key-service.ts'
import { changeKey, checkNotPending } from './change-key.ts'
import { createInputReader, type InputReader } from './input.ts'
import { askerOf, authoriseKey, authoriseRole, placeOf, type KmsCall, type KmsHandler } from './kms-call.ts'
import { pageOf, readPage } from './pages.ts'
import { policyRule, checkPolicySize } from './policies.ts'
import { checkTags } from './tags.ts'
import { wireKey, wireTime } from './wire-key.ts'
import { dayMs, keyIdRule } from './rules.ts'

const descriptionRule = { min: 0, max: 8_192 }
/** Of one account and Region. AWS takes 100,000; here all of them are in memory. */
export const keysMax = 10_000

const keySpecs = `RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 SYMMETRIC_DEFAULT
  HMAC_224 HMAC_256 HMAC_384 HMAC_512 SM2`.split(/\s+/)
const newerKeySpecs = 'ML_DSA_44 ML_DSA_65 ML_DSA_87 ECC_NIST_EDWARDS25519 ML_KEM_512 ML_KEM_768 ML_KEM_1024'.split(' ')
const keyUsages = 'SIGN_VERIFY ENCRYPT_DECRYPT GENERATE_VERIFY_MAC KEY_AGREEMENT ENCAPSULATE_DECAPSULATE'.split(' ')
const origins = 'AWS_KMS EXTERNAL AWS_CLOUDHSM EXTERNAL_KEY_STORE'.split(' ')

export const CreateKey: KmsHandler = (call) => {
  const reader = createInputReader(call.input)
  const policy = reader.text('Policy', policyRule)
  const description = reader.text('Description', descriptionRule) ?? ''
  const isKindBuilt = isSymmetric(reader)
  const bypassesLockout = reader.flag('BypassPolicyLockoutSafetyCheck')
  const tags = reader.tags('Tags') ?? []
  reader.check()
  const action = 'kms:CreateKey'
  authoriseRole(call, action)
  if (!isKindBuilt)
    throw new KeyServiceError(
      'UnsupportedOperationException',
      'Only symmetric encryption keys of one Region (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT, AWS_KMS) are built in this ' +
        'version of OpenTrail.',
    )
  checkTags(tags)
  if (policy !== undefined) checkPolicySize(policy)
  const { store, materials, policies, random, now } = call.keys
  const { account, region } = placeOf(call)
  return store.change(async (save) => {
    if (store.keysOf(account, region).length >= keysMax)
      throw new KeyServiceError('LimitExceededException', `An account has at most ${keysMax} keys in a Region.`)
    const [id, createdAt] = [uuid(random), now()]
    const key: KeyDocument = {
      id,
      account,
      region,
      createdAt,
      description,
      isEnabled: true,
      tags,
      policy: policy ?? defaultKeyPolicy({ account, region }),
      materials: [materials.generate(id, 1, createdAt)],
    }
    policies.check(key, askerOf(call), bypassesLockout)
    call.touch(key)
    const answer = { KeyMetadata: wireKey(key) }
    await save([{ kind: 'key', id, after: key }], answer, call.commit)
    return answer
  })
}

/** Whether the kind of key that is asked for is the one that is built; names that KMS does not have are refused. */
function isSymmetric(reader: InputReader): boolean {
  const spec = reader.choice('KeySpec', [...keySpecs, ...newerKeySpecs])
  const oldSpec = reader.choice('CustomerMasterKeySpec', keySpecs)
  const usage = reader.choice('KeyUsage', keyUsages) ?? 'ENCRYPT_DECRYPT'
  const origin = reader.choice('Origin', origins) ?? 'AWS_KMS'
  const elsewhere = reader.flag('MultiRegion') || reader.isGiven('CustomKeyStoreId') || reader.isGiven('XksKeyId')
  return (
    (spec ?? oldSpec ?? 'SYMMETRIC_DEFAULT') === 'SYMMETRIC_DEFAULT' &&
    usage === 'ENCRYPT_DECRYPT' &&
    origin === 'AWS_KMS' &&
    !elsewhere
  )
}

export const DescribeKey: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  const key = authoriseKey(call, {
    action: 'kms:DescribeKey',
    reference,
    takesAlias: true,
    isCrossAccount: true,
  })
  return { KeyMetadata: wireKey(key) }
}

export const ListKeys: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const page = readPage(reader, { usual: 100, max: 1_000 })
  reader.check()
  authoriseRole(call, 'kms:ListKeys')
  const { account, region } = placeOf(call)
  const { items, end } = pageOf(call.keys.store.keysOf(account, region), ({ id }) => id, page())
  return { Keys: items.map((key) => ({ KeyId: key.id, KeyArn: keyArn(key) })), ...end }
}

export const UpdateKeyDescription: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const description = reader.neededText('Description', descriptionRule)
  reader.check()
  await changeKey(call, { action: 'kms:UpdateKeyDescription', reference }, (key) => {
    checkNotPending(key)
    return { ...key, description }
  })
}

export const EnableKey: KmsHandler = (call) => setEnabled(call, 'kms:EnableKey', true)
export const DisableKey: KmsHandler = (call) => setEnabled(call, 'kms:DisableKey', false)

async function setEnabled(call: KmsCall, action: string, isEnabled: boolean): Promise<void> {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  await changeKey(call, { action, reference }, (key) => {
    checkNotPending(key)
    return { ...key, isEnabled }
  })
}

const pendingDays = { min: 7, max: 30, usual: 30 }

export const ScheduleKeyDeletion: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const days = reader.integer('PendingWindowInDays', pendingDays) ?? pendingDays.usual
  reader.check()
  const conditions = { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(days) }
  return changeKey(
    call,
    { action: 'kms:ScheduleKeyDeletion', reference, conditions },
    (key) => {
      checkNotPending(key)
      return { ...key, deletionAt: call.keys.now() + days * dayMs }
    },
    (key) => ({
      KeyId: keyArn(key),
      DeletionDate: wireTime(key.deletionAt!),
      KeyState: keyState(key),
      PendingWindowInDays: days,
    }),
  )
}

/** The key is disabled afterwards, as AWS has it. */
export const CancelKeyDeletion: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  return changeKey(call, { action: 'kms:CancelKeyDeletion', reference }, ({ deletionAt, ...key }) => {
    if (deletionAt === undefined)
      throw new KeyServiceError('KMSInvalidStateException', `${keyArn(key)} is not pending deletion.`)
    return { ...key, isEnabled: false }
  })
}
