import { trailArn, type Trail } from '@opentrail/core/trail'
import type { CheckDestination } from '../buckets/index.ts'
import { ApiError } from '../api-error/index.ts'

/** Codes by which an S3 store says that it knows us and does not let us in. */
const deniedCodes: ReadonlySet<string> = new Set(['AccessDenied', 'AllAccessDisabled', 'Forbidden', '403'])

/**
 * Asks whether log files of `trail` could be put where it wants them. Reaches out to the bucket, so it comes after all that
 * can be told without.
 * @throws {ApiError} S3BucketDoesNotExist, InsufficientS3BucketPolicy; ServiceUnavailable where the store cannot be asked
 */
export async function refuseUnusableDestination(trail: Trail, checkDestination: CheckDestination): Promise<void> {
  const { bucket, keyPrefix, validatesLogFiles } = trail.settings
  const fault = await checkDestination({
    bucket,
    ...(keyPrefix !== undefined && { keyPrefix }),
    account: trail.account,
    trailArn: trailArn(trail),
    ...(validatesLogFiles && { validatesLogFiles }),
  })
  if (!fault) return
  if (fault.kind === 'missing-bucket')
    throw new ApiError('S3BucketDoesNotExistException', `S3 bucket ${bucket} does not exist!`)
  if (fault.kind === 'insufficient-policy' || deniedCodes.has(fault.code))
    throw new ApiError(
      'InsufficientS3BucketPolicyException',
      `Incorrect S3 bucket policy is detected for bucket: ${bucket}`,
    )
  throw new ApiError(
    'ServiceUnavailable',
    `The bucket ${bucket} cannot be checked at the moment (${fault.code}); try again.`,
    { status: 503, cause: new Error(`${fault.code}: ${fault.message}`) },
  )
}
