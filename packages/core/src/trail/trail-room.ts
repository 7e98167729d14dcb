import type { Region } from '../event/index.ts'
import { trailFault, type TrailFault } from './trail-fault.ts'
import { coversRegion, type Trail } from './trail.ts'

/** Of an account, in each Region; shadow trails count. Source: CloudTrail User Guide, "Quotas in AWS CloudTrail". */
export const trailsPerRegionMax = 5

const coverage = ({ homeRegion, settings: { isMultiRegion } }: Trail) => ({ homeRegion, isMultiRegion })
const actsIn = (trail: Trail, region: Region) => coversRegion(coverage(trail), region)

/**
 * Whether `trail`, new or changed, has a name of its own and room in every Region it would act in, shadow trails counted.
 * `others` are all trails of its account; itself does not count.
 */
export function roomFault(trail: Trail, others: readonly Trail[], regions: readonly Region[]): TrailFault | undefined {
  const rest = others.filter(({ id }) => id !== trail.id)
  const isTaken = rest.some(({ name, homeRegion, settings }) => {
    if (name !== trail.name) return false
    return settings.isMultiRegion || actsIn(trail, homeRegion)
  })
  if (isTaken) return trailFault('name-taken', `Trail ${trail.name} already exists for customer: ${trail.account}`)
  const full = [trail.homeRegion, ...regions]
    .filter((region) => actsIn(trail, region))
    .find((region) => rest.filter((other) => actsIn(other, region)).length >= trailsPerRegionMax)
  if (full === undefined) return undefined
  return trailFault('too-many-trails', `User: ${trail.account} already has ${trailsPerRegionMax} trails in ${full}.`)
}

/**
 * The same for a trail of one Region that becomes one of all. UpdateTrail has no exception for a name that is taken or a
 * quota that is used up; the one it has for what is not permitted says it with CreateTrail's words.
 */
export function conversionFault(
  before: Trail,
  after: Trail,
  others: readonly Trail[],
  regions: readonly Region[],
): TrailFault | undefined {
  if (before.settings.isMultiRegion || !after.settings.isMultiRegion) return undefined
  const fault = roomFault(after, others, regions)
  return fault && trailFault('conversion-not-permitted', `The trail cannot apply to all Regions. ${fault.message}`)
}
