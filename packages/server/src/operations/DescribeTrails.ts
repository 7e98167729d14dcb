import { readTrailReference, trailArn, wireTrail } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { inputMember } from './operation-input.ts'
import { accepted } from './trail-refusal.ts'

/**
 * The settings of the Region's trails, shadows included unless they are declined, or of those that the request lists. What
 * the list names and the Region does not have is left out without an error. The only operation whose members begin in
 * lower case.
 */
export const DescribeTrails = defineOperation('DescribeTrails', async (input, { caller, region, trails }) => {
  const listed = inputMember.strings(input, 'trailNameList') ?? []
  const includesShadows = inputMember.boolean(input, 'includeShadowTrails') ?? true
  const { account } = caller
  const arns = new Set(listed.map((sent) => trailArn(accepted(readTrailReference(sent, { account, region })))))
  const found = trails
    .inRegion(account, region)
    .filter((trail) => includesShadows || trail.homeRegion === region)
    .filter((trail) => arns.size === 0 || arns.has(trailArn(trail)))
  return { trailList: found.map(wireTrail) }
})
