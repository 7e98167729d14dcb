import { randomBytes } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'
import { CipherError, type RecordCipher } from '../keyring/index.ts'
import { KeyServiceError, type EncryptionContext, type KeyService } from '../kms/index.ts'
import { BucketError } from './bucket-store.ts'
import type { Encryption, ObjectUser } from './object-store.ts'

/** An object's data key as stored beside it. What is sealed is Base64. */
export type WrappedKey =
  | { readonly by: 'ring'; readonly account: string; readonly sealed: string }
  | {
      readonly by: 'kms'
      readonly keyArn: string
      readonly sealed: string
      readonly context: EncryptionContext
      readonly bucketKey?: boolean
    }

/** Where an object's key belongs. */
export interface KeyedObject {
  readonly bucket: string
  readonly key: string
  /** Of the bucket. */
  readonly owner: string
  readonly region: string
}

/** Data keys of objects: one for each object or upload, wrapped by the key ring or by a KMS key. */
export interface ObjectKeys {
  /** 32 bytes that stay the same: what the store's own records are sealed with. */
  readonly indexKey: Uint8Array
  /** 32 bytes, to be wiped after use. @throws {BucketError} */
  create(
    object: KeyedObject,
    encryption: Encryption,
    user: ObjectUser,
  ): Promise<{ readonly plaintext: Buffer; readonly wrapped: WrappedKey }>
  /** Asked anew for each object that is opened, so a key that was disabled is out of use at once. @throws {BucketError} */
  open(object: KeyedObject, wrapped: WrappedKey, user: ObjectUser): Promise<Buffer>
}

export interface ObjectKeysOptions {
  /** Wraps with the data key of the account that owns the bucket. */
  readonly cipher: RecordCipher
  readonly indexKey: Uint8Array
  /** Without it SSE-KMS is refused. */
  readonly keys?: KeyService
}

const keyBytes = 32

export function createObjectKeys({ cipher, indexKey, keys }: ObjectKeysOptions): ObjectKeys {
  const service = (): KeyService => {
    if (keys) return keys
    throw new BucketError('NotImplemented', 'this store has no key service: objects cannot be encrypted with KMS keys')
  }
  return {
    indexKey,
    async create(object, encryption, user) {
      if (encryption.kind === 'aws:kms') return kmsKey(service(), object, encryption, user)
      const account = object.owner as AccountId
      const plaintext = randomBytes(keyBytes)
      await cipher.prepare(account)
      const sealed = cipher.seal(account, [plaintext], placeOf(object))
      return { plaintext, wrapped: { by: 'ring', account, sealed: sealed.toString('base64') } }
    },
    async open(object, wrapped, user) {
      const sealed = Buffer.from(wrapped.sealed, 'base64')
      if (wrapped.by === 'ring') return openWithRing(cipher, object, wrapped.account as AccountId, sealed)
      return asBucketErrors(async () => Buffer.from((await service().decrypt(sealed, wrapped.context, user)).plaintext))
    },
  }
}

/** Bound to its place: a record that was moved to another key opens nothing. */
const placeOf = ({ bucket, key }: KeyedObject): string => `bucket object ${bucket}/${key}`

async function openWithRing(
  cipher: RecordCipher,
  object: KeyedObject,
  account: AccountId,
  sealed: Buffer,
): Promise<Buffer> {
  try {
    return await cipher.open(account, sealed, placeOf(object))
  } catch (cause) {
    if (!(cause instanceof CipherError)) throw cause
    const { bucket, key } = object
    throw new BucketError(
      'InternalError',
      `the key of the object ${key} in ${bucket} cannot be opened: ${cause.message}`,
      {
        cause,
      },
    )
  }
}

async function kmsKey(
  keys: KeyService,
  object: KeyedObject,
  { keyId = 'alias/aws/s3', bucketKey }: Extract<Encryption, { kind: 'aws:kms' }>,
  user: ObjectUser,
): Promise<{ plaintext: Buffer; wrapped: WrappedKey }> {
  return asBucketErrors(async () => {
    const { arn } = await keys.describe(keyId, { account: user.account, region: object.region })
    const context = contextOf(object, bucketKey ?? false, user)
    const { keyArn, plaintext, ciphertext } = await keys.generateDataKey(arn, context, user)
    const sealed = Buffer.from(ciphertext).toString('base64')
    const wrapped: WrappedKey = { by: 'kms', keyArn, sealed, context, ...(bucketKey && { bucketKey }) }
    return { plaintext: Buffer.from(plaintext), wrapped }
  })
}

/** As S3: the object's ARN, or with a bucket key the bucket's. Deliveries add their trail's. */
function contextOf({ bucket, key, region }: KeyedObject, bucketKey: boolean, user: ObjectUser): EncryptionContext {
  const partition = partitionOf(region)
  const arn = `arn:${partition}:s3:::${bucket}${bucketKey ? '' : `/${key}`}`
  return { ...(user.kind === 'delivery' && { 'aws:cloudtrail:arn': user.trailArn }), 'aws:s3:arn': arn }
}

/** @throws {BucketError} with S3's code for what KMS answers. */
async function asBucketErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (!(cause instanceof KeyServiceError)) throw cause
    throw new BucketError(codeOf(cause.code), cause.message, { cause })
  }
}

const ownCodes = new Set(['NetworkingError', 'RequestTimeout', 'InvalidResponse'])
function codeOf(code: string): string {
  if (code === 'AccessDeniedException') return 'AccessDenied'
  return ownCodes.has(code) ? code : `KMS.${code}`
}
