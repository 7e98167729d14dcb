import { wireTrailStatus } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTrail } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** Whether a trail logs, and how its delivery stands in the called Region. */
export const GetTrailStatus = defineOperation('GetTrailStatus', async (input, context) => {
  const trail = findTrail(context, inputMember.string(input, 'Name'))
  return wireTrailStatus(trail, context.delivery.status(trail.id, context.region))
})
