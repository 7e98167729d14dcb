import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** Removes a trail and its shadows, logging or not; what has been delivered stays. Home Region only. */
export const DeleteTrail = defineOperation('DeleteTrail', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'Name')
  return context.trails.change(async (save) => {
    const before = findTrailAtHome(context, nameOrArn)
    await save({ before, after: undefined, output: {} }, context.commit)
    return {}
  })
})
