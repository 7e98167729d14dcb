import { conversionFault, planSettings, supportFault, type RequestedSettings, type Trail } from '@opentrail/core/trail'
import { changeSettings } from './change-settings.ts'
import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import type { OperationContext } from './operation.ts'
import { inputMember } from './operation-input.ts'
import { readRequestedSettings } from './trail-input.ts'
import { accepted, refuseIf } from './trail-refusal.ts'

/** Changes the settings that the request names; its name, tags, selectors and whether it logs stay. Home Region only. */
export const UpdateTrail = defineOperation('UpdateTrail', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'Name')
  const requested = readRequestedSettings(input)
  return changeSettings(context, requested, () => {
    const before = findTrailAtHome(context, nameOrArn)
    return { before, after: changed(before, requested, context) }
  })
})

/** Everything is checked for the settings in force afterwards, also those that stay: the bucket may have gone meanwhile. */
function changed(before: Trail, requested: RequestedSettings, { trails, regions }: OperationContext): Trail {
  const { settings } = accepted(planSettings(requested, before.settings))
  const after = { ...before, settings }
  refuseIf(supportFault(requested, before.account))
  refuseIf(conversionFault(before, after, trails.ofAccount(before.account), regions))
  return after
}
