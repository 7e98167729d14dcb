import type { AccountId, Region } from '@opentrail/core/event'
import { keyArn, keyState, type KeyDocument } from './key-documents.ts'
import type { KeyAsker } from './key-policy.ts'
import { findKey, readKeyReference, referenceNotFound } from './key-reference.ts'
import { KeyServiceError, type EncryptionContext, type KeyService, type KeyUser } from './key-service.ts'
import { decrypt, encrypt, originOf, type BuiltInKeys } from './key-use.ts'
import { contextConditions } from './context-conditions.ts'

/** AES-256. */
const dataKeyBytes = 32
const cloudTrail = 'cloudtrail.amazonaws.com'

/** The keys of the built-in KMS for the service's own use. Nothing of it is recorded: it is no call of a user. */
export function createBuiltInKeyService(keys: BuiltInKeys): KeyService {
  const { store, policies, random } = keys

  function byArn(arn: string): KeyDocument {
    const [, , , region = '', account = ''] = arn.split(':')
    const reference = readKeyReference(arn, { account: account as AccountId, region: region as Region })
    const key = findKey(store, reference)
    if (!key) throw referenceNotFound(reference)
    return key
  }

  const may = (key: KeyDocument, action: string, context: EncryptionContext, user: KeyUser): boolean =>
    policies.decide(key, action, askerOf(user, key), contextConditions(context)) === 'allowed'

  function check(key: KeyDocument, action: string, context: EncryptionContext, user: KeyUser): void {
    if (may(key, action, context, user)) return
    const who = user.kind === 'account' ? user.arn : cloudTrail
    throw new KeyServiceError(
      'AccessDeniedException',
      `User: ${who} is not authorized to perform: ${action} on resource: ${keyArn(key)}`,
    )
  }

  return {
    async describe(text, { account, region }) {
      const reference = readKeyReference(text, { account: account as AccountId, region: region as Region })
      const key = findKey(store, reference)
      if (!key) throw referenceNotFound(reference)
      const isEnabled = keyState(key) === 'Enabled'
      return { arn: keyArn(key), account: key.account, region: key.region, isEnabled, isSymmetric: true }
    },
    mayGenerate: async (arn, context, user) => may(byArn(arn), 'kms:GenerateDataKey', context, user),
    async generateDataKey(arn, context, user) {
      const key = byArn(arn)
      check(key, 'kms:GenerateDataKey', context, user)
      const plaintext = random.bytes(dataKeyBytes)
      return { keyArn: keyArn(key), plaintext, ciphertext: encrypt(keys, key, plaintext, context) }
    },
    async decrypt(ciphertext, context, user) {
      const { keyId, materialVersion } = originOf(keys, ciphertext)
      const key = store.key(keyId)
      if (!key) throw new KeyServiceError('NotFoundException', 'The key of the ciphertext does not exist any more.')
      check(key, 'kms:Decrypt', context, user)
      return {
        plaintext: decrypt(keys, key, { blob: ciphertext, materialVersion }, context).plaintext,
        keyArn: keyArn(key),
      }
    },
  }
}

/** Reading back is asked for through S3, as `kms:ViaService` says; CloudTrail itself asks as a service, for its trail. */
function askerOf(user: KeyUser, { region }: KeyDocument): KeyAsker {
  if (user.kind === 'account')
    return {
      principal: { kind: 'aws', account: user.account, arn: user.arn },
      identityAllows: () => true,
      conditions: {
        'aws:PrincipalArn': user.arn,
        'aws:PrincipalAccount': user.account,
        'aws:PrincipalIsAWSService': 'false',
        'kms:CallerAccount': user.account,
        'kms:ViaService': `s3.${region}.amazonaws.com`,
      },
    }
  return {
    principal: { kind: 'service', service: cloudTrail },
    identityAllows: () => false,
    conditions: {
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': cloudTrail,
      'aws:SourceArn': user.trailArn,
      'aws:SourceAccount': user.account,
    },
  }
}
