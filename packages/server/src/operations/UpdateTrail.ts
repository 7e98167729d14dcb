import { isDeepStrictEqual } from 'node:util'
import {
  conversionFault,
  dependencyFault,
  planSettings,
  supportFault,
  wireSettings,
  type RequestedSettings,
  type Trail,
} from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import type { OperationContext } from './operation.ts'
import { inputMember } from './operation-input.ts'
import { refuseUnusableDestination } from './refuse-destination.ts'
import { readRequestedSettings } from './trail-input.ts'
import { accepted, refuseIf } from './trail-refusal.ts'

/** Changes the settings that the request names; its name, tags, selectors and whether it logs stay. Home Region only. */
export const UpdateTrail = defineOperation('UpdateTrail', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'Name')
  const requested = readRequestedSettings(input)
  return context.trails.change(async (save) => {
    const before = findTrailAtHome(context, nameOrArn)
    const after = await changed(before, requested, context)
    const output = { ...wireSettings(after), ...clearedTopic(requested) }
    if (!isDeepStrictEqual(after.settings, before.settings)) await save({ before, after, output }, context.commit)
    return output
  })
})

/** Everything is checked for the settings in force afterwards, also those that stay: the bucket may have gone meanwhile. */
async function changed(
  before: Trail,
  requested: RequestedSettings,
  { trails, regions, checkDestination }: OperationContext,
): Promise<Trail> {
  const { settings } = accepted(planSettings(requested, before.settings))
  const after = { ...before, settings }
  refuseIf(supportFault(requested, before.account))
  refuseIf(conversionFault(before, after, trails.ofAccount(before.account), regions))
  await refuseUnusableDestination(after, checkDestination)
  refuseIf(dependencyFault(requested))
  return after
}

/** A topic that was cleared is answered as empty texts, as AWS does it. */
const clearedTopic = ({ topic }: RequestedSettings) => (topic === '' ? { SnsTopicName: '', SnsTopicARN: '' } : {})
