import { contextConditions } from '../context-conditions.ts'
import { currentMaterial, keyArn, type KeyDocument } from '../key-documents.ts'
import { KeyServiceError, type EncryptionContext } from '../key-service.ts'
import type { CiphertextOrigin } from '../ciphertext.ts'
import { checkUsable, decrypt, encrypt, originOf } from '../key-use.ts'
import { createInputReader, type InputReader } from './input.ts'
import { authorise, authoriseKey, authoriseRole, type KmsCall, type KmsHandler } from './kms-call.ts'
import { keyIdRule } from './rules.ts'

const plaintextRange = { min: 1, max: 4_096 }
const ciphertextRange = { min: 1, max: 6_144 }
const randomRange = { min: 1, max: 1_024 }
const algorithms = ['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'] as const
const symmetric = 'SYMMETRIC_DEFAULT'

export const Encrypt: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const plaintext = reader.neededBlob('Plaintext', plaintextRange)
  const algorithm = reader.choice('EncryptionAlgorithm', algorithms)
  const [context, options] = [reader.context('EncryptionContext'), readOptions(reader)]
  reader.check()
  const key = useKey(call, 'kms:Encrypt', reference, context)
  checkAlgorithm(algorithm)
  const ciphertext = encrypt(call.keys, key, plaintext, context)
  checkOptions(options)
  return { CiphertextBlob: base64(ciphertext), KeyId: keyArn(key), EncryptionAlgorithm: symmetric }
}

export const Decrypt: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const ciphertext = reader.neededBlob('CiphertextBlob', ciphertextRange)
  const reference = reader.text('KeyId', keyIdRule)
  const algorithm = reader.choice('EncryptionAlgorithm', algorithms)
  const [context, options] = [reader.context('EncryptionContext'), readOptions(reader)]
  reader.check()
  const { key, origin } = keyToDecrypt(call, 'kms:Decrypt', { ciphertext, reference, context })
  checkAlgorithm(algorithm)
  const { plaintext, materialId } = decrypt(call.keys, key, { ...origin, blob: ciphertext }, context)
  checkOptions(options)
  return {
    KeyId: keyArn(key),
    Plaintext: base64(plaintext),
    EncryptionAlgorithm: symmetric,
    KeyMaterialId: materialId,
  }
}

export const ReEncrypt: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const ciphertext = reader.neededBlob('CiphertextBlob', ciphertextRange)
  const reference = reader.text('SourceKeyId', keyIdRule)
  const destination = reader.neededText('DestinationKeyId', keyIdRule)
  const chosen = [
    reader.choice('SourceEncryptionAlgorithm', algorithms),
    reader.choice('DestinationEncryptionAlgorithm', algorithms),
  ]
  const from = reader.context('SourceEncryptionContext')
  const to = reader.context('DestinationEncryptionContext')
  const options = readOptions(reader)
  reader.check()
  const { key: source, origin } = keyToDecrypt(call, 'kms:ReEncryptFrom', { ciphertext, reference, context: from })
  const target = useKey(call, 'kms:ReEncryptTo', destination, to)
  for (const algorithm of chosen) checkAlgorithm(algorithm)
  checkUsable(target)
  const { plaintext, materialId } = decrypt(call.keys, source, { ...origin, blob: ciphertext }, from)
  const moved = encrypt(call.keys, target, plaintext, to)
  plaintext.fill(0)
  checkOptions(options)
  return {
    CiphertextBlob: base64(moved),
    SourceKeyId: keyArn(source),
    KeyId: keyArn(target),
    SourceEncryptionAlgorithm: symmetric,
    DestinationEncryptionAlgorithm: symmetric,
    SourceKeyMaterialId: materialId,
    DestinationKeyMaterialId: currentMaterial(target).id,
  }
}

export const GenerateDataKey: KmsHandler = (call) => generateDataKey(call, 'kms:GenerateDataKey', true)
export const GenerateDataKeyWithoutPlaintext: KmsHandler = (call) =>
  generateDataKey(call, 'kms:GenerateDataKeyWithoutPlaintext', false)

async function generateDataKey(call: KmsCall, action: string, isShown: boolean): Promise<Record<string, unknown>> {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const bytes = reader.integer('NumberOfBytes', randomRange)
  const spec = reader.choice('KeySpec', ['AES_256', 'AES_128'])
  const [context, options] = [reader.context('EncryptionContext'), readOptions(reader)]
  reader.check()
  if ((bytes === undefined) === (spec === undefined))
    throw new KeyServiceError('ValidationException', 'Please specify either number of bytes or key spec.')
  const key = useKey(call, action, reference, context)
  const plaintext = Buffer.from(call.keys.random.bytes(bytes ?? (spec === 'AES_128' ? 16 : 32)))
  const ciphertext = encrypt(call.keys, key, plaintext, context)
  checkOptions(options)
  return {
    CiphertextBlob: base64(ciphertext),
    ...(isShown && { Plaintext: base64(plaintext) }),
    KeyId: keyArn(key),
    KeyMaterialId: currentMaterial(key).id,
  }
}

export const GenerateRandom: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const bytes = reader.integer('NumberOfBytes', randomRange)
  const isElsewhere = reader.isGiven('CustomKeyStoreId')
  const options = readOptions(reader)
  reader.check()
  authoriseRole(call, 'kms:GenerateRandom')
  if (isElsewhere) throw notBuilt('Custom key stores are')
  if (bytes === undefined)
    throw new KeyServiceError('ValidationException', 'NumberOfBytes is required when no custom key store is given.')
  checkOptions(options)
  return { Plaintext: base64(call.keys.random.bytes(bytes)) }
}

/** @throws {KeyServiceError} NotFoundException, AccessDeniedException, ... */
const useKey = (call: KmsCall, action: string, reference: string, context: EncryptionContext): KeyDocument =>
  authoriseKey(call, {
    action,
    reference,
    takesAlias: true,
    isCrossAccount: true,
    conditions: contextConditions(context),
  })

/**
 * The key that a ciphertext was made with, if the caller may open it with that. One that is named in the request has to be
 * the same.
 * @throws {KeyServiceError} InvalidCiphertextException, IncorrectKeyException, AccessDeniedException, ...
 */
function keyToDecrypt(
  call: KmsCall,
  action: string,
  request: {
    readonly ciphertext: Uint8Array
    readonly reference: string | undefined
    readonly context: EncryptionContext
  },
): { readonly key: KeyDocument; readonly origin: CiphertextOrigin } {
  const { ciphertext, reference, context } = request
  const named = reference === undefined ? undefined : useKey(call, action, reference, context)
  const origin = originOf(call.keys, ciphertext)
  if (named) {
    if (named.id === origin.keyId) return { key: named, origin }
    throw new KeyServiceError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  }
  const key = call.keys.store.key(origin.keyId)
  // What is not there, and what is in another Region, is refused like what is closed to the caller.
  if (!key || key.region !== call.region) throw deniedCiphertext()
  authorise(call, key, action, contextConditions(context), deniedCiphertext)
  return { key, origin }
}

const deniedCiphertext = (): KeyServiceError =>
  new KeyServiceError(
    'AccessDeniedException',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
      'allowed to access.',
  )

interface CallOptions {
  readonly isDryRun: boolean
  readonly hasGrants: boolean
  readonly hasRecipient: boolean
}

const grantTokensMax = 10

function readOptions(reader: InputReader): CallOptions {
  const tokens = reader.texts('GrantTokens', { max: 8_192 }) ?? []
  if (tokens.length > grantTokensMax)
    reader.refuse('GrantTokens', undefined, `Member must have length less than or equal to ${grantTokensMax}`)
  return {
    isDryRun: reader.flag('DryRun'),
    hasGrants: tokens.length > 0,
    hasRecipient: reader.isGiven('Recipient'),
  }
}

/** Once everything else is as it should be. @throws {KeyServiceError} */
function checkOptions({ isDryRun, hasGrants, hasRecipient }: CallOptions): void {
  if (hasGrants) throw new KeyServiceError('InvalidGrantTokenException', 'There are no grants.')
  if (hasRecipient) throw notBuilt('Recipients (Nitro Enclaves) are')
  if (isDryRun)
    throw new KeyServiceError(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    )
}

function checkAlgorithm(algorithm: string | undefined): void {
  if (algorithm !== undefined && algorithm !== symmetric)
    throw new KeyServiceError(
      'InvalidKeyUsageException',
      `The algorithm ${algorithm} cannot be used with a key of KeySpec ${symmetric}.`,
    )
}

const notBuilt = (what: string): KeyServiceError =>
  new KeyServiceError('UnsupportedOperationException', `${what} not built in this version of OpenTrail.`)

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
