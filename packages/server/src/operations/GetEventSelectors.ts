import { wireSelectors } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTrail } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** The selectors of a trail: of the kind in use; the default ones where none were put. */
export const GetEventSelectors = defineOperation('GetEventSelectors', async (input, context) =>
  wireSelectors(findTrail(context, inputMember.string(input, 'TrailName'))),
)
