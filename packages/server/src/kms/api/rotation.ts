import { currentMaterial, keyArn, keyState, type KeyDocument } from '../key-documents.ts'
import { nextMaterial } from '../rotate-key.ts'
import { KeyServiceError } from '../key-service.ts'
import { checkUsable } from '../key-use.ts'
import { changeKey } from './change-key.ts'
import { createInputReader } from './input.ts'
import { authoriseKey, type KmsHandler } from './kms-call.ts'
import { pageOf, readPage } from './pages.ts'
import { wireTime } from './wire-key.ts'
import { dayMs, keyIdRule } from './rules.ts'

const periodDays = { min: 90, max: 2_560, usual: 365 }
/** AWS's quota. */
const onDemandMax = 25
/** A rotation that is about to happen by itself is not doubled. */
const conflictMs = 20 * 60_000

export const EnableKeyRotation: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const asked = reader.integer('RotationPeriodInDays', periodDays)
  reader.check()
  const conditions = { 'kms:RotationPeriodInDays': String(asked ?? periodDays.usual) }
  await changeKey(call, { action: 'kms:EnableKeyRotation', reference, conditions }, (key) => {
    checkUsable(key)
    const days = asked ?? key.rotation?.periodDays ?? periodDays.usual
    if (key.rotation?.periodDays === days) return key
    return { ...key, rotation: { periodDays: days, nextAt: call.keys.now() + days * dayMs } }
  })
}

export const DisableKeyRotation: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  await changeKey(call, { action: 'kms:DisableKeyRotation', reference }, ({ rotation: _ended, ...key }) => {
    checkUsable(key)
    return key
  })
}

export const RotateKeyOnDemand: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  return changeKey(call, { action: 'kms:RotateKeyOnDemand', reference }, (key) => {
    checkUsable(key)
    if (key.materials.filter(({ cause }) => cause === 'ON_DEMAND').length >= onDemandMax)
      throw new KeyServiceError('LimitExceededException', `A key can be rotated on demand ${onDemandMax} times.`)
    if (key.rotation && key.rotation.nextAt - call.keys.now() < conflictMs)
      throw new KeyServiceError('ConflictException', 'An automatic rotation of this key is about to begin.')
    return { ...key, materials: [...key.materials, nextMaterial(call.keys, key, 'ON_DEMAND')] }
  })
}

/** Of a key that is to be deleted the status is false; it comes back with the key. */
export const GetKeyRotationStatus: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  reader.check()
  const key = authoriseKey(call, { action: 'kms:GetKeyRotationStatus', reference, isCrossAccount: true })
  const rotation = keyState(key) === 'PendingDeletion' ? undefined : key.rotation
  return {
    KeyRotationEnabled: rotation !== undefined,
    KeyId: keyArn(key),
    ...(rotation && { RotationPeriodInDays: rotation.periodDays, NextRotationDate: wireTime(rotation.nextAt) }),
  }
}

export const ListKeyRotations: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const scope = reader.choice('IncludeKeyMaterial', ['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY']) ?? 'ROTATIONS_ONLY'
  const page = readPage(reader, { usual: 100, max: 1_000 })
  reader.check()
  const key = authoriseKey(call, { action: 'kms:ListKeyRotations', reference })
  const materials = key.materials.filter(({ cause }) => cause !== undefined || scope === 'ALL_KEY_MATERIAL')
  const { items, end } = pageOf(materials, ({ version }) => String(version).padStart(10, '0'), page())
  return { Rotations: items.map((material) => wireRotation(key, material)), ...end }
}

const wireRotation = (key: KeyDocument, { id, cause, createdAt, version }: KeyDocument['materials'][number]) => ({
  KeyId: keyArn(key),
  KeyMaterialId: id,
  KeyMaterialState: version === currentMaterial(key).version ? 'CURRENT' : 'NON_CURRENT',
  ...(cause && { RotationDate: wireTime(createdAt), RotationType: cause }),
})
