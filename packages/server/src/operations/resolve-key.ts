import { trailArn, type Trail } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { KeyServiceError, type KeyDescription, type KeyService } from '../kms/index.ts'

export interface ResolveKeyOptions {
  readonly keys: Pick<KeyService, 'describe' | 'mayGenerate'>
  /** Where the trail's bucket is; undefined: nobody knows. */
  readonly bucketRegion: (bucket: string) => Promise<string | undefined>
}

/**
 * ARN of the key that a trail names, once it is known that its log files can be encrypted under it; undefined where it
 * names none. Aliases and ids are those of the trail's account in its bucket's Region.
 * @throws {ApiError} KmsKeyNotFoundException, InvalidKmsKeyIdException, InsufficientEncryptionPolicyException, KmsException;
 * ServiceUnavailable where the keys cannot be asked
 */
export async function resolveKey(trail: Trail, { keys, bucketRegion }: ResolveKeyOptions): Promise<string | undefined> {
  const { encryptionKey, bucket } = trail.settings
  if (encryptionKey === undefined) return undefined
  const { account } = trail
  const region = await bucketRegion(bucket)
  const place = { account, region: region ?? trail.homeRegion }
  try {
    const key = await keys.describe(encryptionKey, place)
    refuseUnusable(key, encryptionKey, region)
    const arn = trailArn(trail)
    const context = { 'aws:cloudtrail:arn': arn, 'aws:s3:arn': `arn:aws:s3:::${bucket}/AWSLogs/${account}/` }
    if (await keys.mayGenerate(key.arn, context, { kind: 'delivery', account, trailArn: arn })) return key.arn
    throw insufficient(bucket, key.arn)
  } catch (error) {
    throw error instanceof KeyServiceError ? translated(error, encryptionKey, bucket) : error
  }
}

function refuseUnusable({ region, isSymmetric, isEnabled }: KeyDescription, asked: string, wanted?: string): void {
  if (wanted !== undefined && region !== wanted)
    throw new ApiError(
      'KmsKeyNotFoundException',
      `The KMS key ${asked} is not in the Region of the S3 bucket, ${wanted}.`,
    )
  if (!isSymmetric) throw new ApiError('KmsException', `The KMS key ${asked} is no symmetric encryption key.`)
  if (!isEnabled) throw new ApiError('KmsException', `The KMS key ${asked} is disabled.`)
}

const insufficient = (bucket: string, key: string): ApiError =>
  new ApiError(
    'InsufficientEncryptionPolicyException',
    `Insufficient permissions to access S3 bucket ${bucket} or KMS key ${key}.`,
  )

const unavailableCodes: ReadonlySet<string> = new Set([
  'InvalidResponse',
  'KMSInternalException',
  'NetworkingError',
  'RequestTimeout',
  'ServiceUnavailable',
  'ThrottlingException',
])

function translated(error: KeyServiceError, key: string, bucket: string): ApiError {
  const { code, message } = error
  if (code === 'NotFoundException') return new ApiError('KmsKeyNotFoundException', `KMS key does not exist: ${key}`)
  if (code === 'InvalidArnException') return new ApiError('InvalidKmsKeyIdException', message)
  if (code === 'AccessDeniedException') return insufficient(bucket, key)
  if (unavailableCodes.has(code))
    return new ApiError(
      'ServiceUnavailable',
      `The KMS key ${key} cannot be checked at the moment (${code}); try again.`,
      {
        status: 503,
        cause: error,
      },
    )
  return new ApiError('KmsException', `The KMS key ${key} cannot be used (${code}): ${message}`, { cause: error })
}
