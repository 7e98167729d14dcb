import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** Begins recording and delivery in every Region of the trail; a trail that logs goes on as it does. Home Region only. */
export const StartLogging = defineOperation('StartLogging', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'Name')
  return context.trails.change(async (save) => {
    const before = findTrailAtHome(context, nameOrArn)
    const after = { ...before, isLogging: true, startedAt: context.clocks.domain() }
    if (!before.isLogging) await save({ before, after, output: {} }, context.commit)
    return {}
  })
})
