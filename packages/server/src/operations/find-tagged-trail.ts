import { readTaggableResource, unknownTrail, type Trail } from '@opentrail/core/trail'
import { ApiError } from './api-error.ts'
import { trailOf } from './find-trail.ts'
import type { OperationContext } from './operation.ts'
import { accepted, refuse } from './trail-refusal.ts'

/**
 * The trail with this ARN, wherever homed: only trails have tags in this version.
 * @throws {ApiError} CloudTrailARNInvalid, ResourceTypeNotSupported, ResourceNotFound and the like
 */
export function findTaggedTrail(
  scope: Pick<OperationContext, 'caller' | 'region' | 'trails'>,
  arn: string | undefined,
): Trail {
  const reference = accepted(readTaggableResource(arn))
  return trailOf(scope, reference) ?? refuse(unknownTrail(reference))
}

/** AddTags and RemoveTags list no exception for a missing member but this one. */
export const missingTagsList = (): ApiError => new ApiError('InvalidTagParameterException', 'TagsList is required.')
