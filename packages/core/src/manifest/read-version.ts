import type { SelectingVersion } from '../delivery/index.ts'
import { isRegionName, type Region } from '../event/index.ts'
import { readSelectors } from '../selector/index.ts'
import { unknownSelectors } from './manifest.ts'
import { Members } from './members.ts'

/** A version of the trail. @throws {MemberFault} */
export function readVersion(json: unknown, path: string): SelectingVersion {
  const members = new Members(json, path)
  const given = {
    eventSelectors: members.raw('eventSelectors'),
    advancedEventSelectors: members.raw('advancedEventSelectors'),
  }
  if (Object.values(given).every((each) => each === undefined))
    throw members.fault('eventSelectors', 'the version has no selectors')
  const selectors = readSelectors(given)
  return {
    since: members.count('since'),
    isLogging: members.boolean('isLogging'),
    homeRegion: readRegion(members, 'homeRegion'),
    isMultiRegion: members.boolean('isMultiRegion'),
    includesGlobalServiceEvents: members.boolean('includesGlobalServiceEvents'),
    isRecursive: members.boolean('isRecursive'),
    selectors: selectors.ok ? selectors.selectors : unknownSelectors,
  }
}

export function readRegion(members: Members, name: string): Region {
  const region = members.raw(name)
  if (typeof region !== 'string' || !isRegionName(region)) throw members.fault(name, 'no Region')
  return region
}
