import { wireTrail } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTrail } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** The settings of one trail. */
export const GetTrail = defineOperation('GetTrail', async (input, context) => ({
  Trail: wireTrail(findTrail(context, inputMember.string(input, 'Name'))),
}))
