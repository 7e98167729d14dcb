import { coversRegion, readTrailReference, trailArn, type Trail, type TrailReference } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import type { OperationContext } from './operation.ts'
import { accepted } from './trail-refusal.ts'

type Scope = Pick<OperationContext, 'caller' | 'region' | 'trails'>

/**
 * The trail that a read names, for as long as it or its shadow is in the called Region. A name belongs to the called
 * Region; a shadow is found by ARN alone.
 * @throws {ApiError} InvalidTrailName, CloudTrailARNInvalid (also for a trail that is in its own Region only), TrailNotFound
 */
export function findTrail(scope: Scope, nameOrArn: string | undefined): Trail {
  const trail = existing(scope, nameOrArn)
  if (!isInRegion(trail, scope)) throw wrongRegion(scope)
  return trail
}

/**
 * The trail that a change names: only its home Region takes changes.
 * @throws {ApiError} InvalidTrailName, CloudTrailARNInvalid, TrailNotFound, InvalidHomeRegion
 */
export function findTrailAtHome(scope: Scope, nameOrArn: string | undefined): Trail {
  const trail = existing(scope, nameOrArn)
  refuseAwayFromHome(trail, scope)
  return trail
}

/** The trail with that ARN, if it is one of the caller's. */
export function trailOf({ caller, trails }: Scope, { account, homeRegion, name }: TrailReference): Trail | undefined {
  return account === caller.account ? trails.find(account, homeRegion, name) : undefined
}

/** It, or a shadow of it. */
export const isInRegion = ({ homeRegion, settings: { isMultiRegion } }: Trail, { region }: Scope): boolean =>
  coversRegion({ homeRegion, isMultiRegion }, region)

/** @throws {ApiError} InvalidHomeRegion */
export function refuseAwayFromHome(trail: Trail, { region }: Scope): void {
  if (trail.homeRegion === region) return
  throw new ApiError(
    'InvalidHomeRegionException',
    `The trail ${trailArn(trail)} can be changed only in its home Region ${trail.homeRegion}; this call was made in ${region}.`,
  )
}

export const wrongRegion = ({ region }: Scope): ApiError =>
  new ApiError(
    'CloudTrailARNInvalidException',
    `Region in ARN is wrong, you can only access resources in region ${region}.`,
  )

function existing(scope: Scope, nameOrArn: string | undefined): Trail {
  const { account } = scope.caller
  const reference = accepted(readTrailReference(nameOrArn, { account, region: scope.region }))
  const trail = trailOf(scope, reference)
  if (trail) return trail
  throw new ApiError('TrailNotFoundException', `Unknown trail: ${trailArn(reference)} for the user: ${account}`)
}
