import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

/** Suspends recording in every Region of the trail; what was recorded before is still delivered. Home Region only. */
export const StopLogging = defineOperation('StopLogging', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'Name')
  return context.trails.change(async (save) => {
    const before = findTrailAtHome(context, nameOrArn)
    const after = { ...before, isLogging: false, stoppedAt: context.clocks.domain() }
    if (before.isLogging) await save({ before, after, output: {} }, context.commit)
    return {}
  })
})
