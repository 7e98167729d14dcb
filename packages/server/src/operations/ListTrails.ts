import { wireTrailInfo } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { defineOperation } from './define-operation.ts'
import { inputMember } from './operation-input.ts'

/** Trails of the Region, shadows included. There are so few that the first page is the last. */
export const ListTrails = defineOperation('ListTrails', async (input, { caller, region, trails }) => {
  if (inputMember.string(input, 'NextToken') !== undefined)
    throw new ApiError('InvalidNextTokenException', 'The NextToken is not one that ListTrails has issued.')
  return { Trails: trails.inRegion(caller.account, region).map(wireTrailInfo) }
})
