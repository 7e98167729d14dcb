import { readTaggableResource, unknownTrail, type Trail } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { isInRegion, trailOf, wrongRegion } from './find-trail.ts'
import type { OperationContext } from './operation.ts'
import { accepted, refuse } from './trail-refusal.ts'

/**
 * The trail with this ARN, for as long as it or its shadow is in the called Region: only trails have tags in this version.
 * @throws {ApiError} CloudTrailARNInvalid (also for a trail that is in its own Region only), ResourceTypeNotSupported,
 * ResourceNotFound and the like
 */
export function findTaggedTrail(
  scope: Pick<OperationContext, 'caller' | 'region' | 'trails'>,
  arn: string | undefined,
): Trail {
  const reference = accepted(readTaggableResource(arn))
  const trail = trailOf(scope, reference) ?? refuse(unknownTrail(reference))
  if (!isInRegion(trail, scope)) throw wrongRegion(scope)
  return trail
}

/** AddTags and RemoveTags list no exception for a missing member but this one. */
export const missingTagsList = (): ApiError => new ApiError('InvalidTagParameterException', 'TagsList is required.')
