import type { AccountId, Region } from '../event/index.ts'
import type { DigestName } from './digest-key.ts'

/**
 * Which chain is checked. Bucket, prefix and organization are no part of it: a trail may change them and its chain goes on.
 */
export interface ExpectedChain {
  /** The account covered: in organization trails the member's. */
  readonly account: AccountId
  readonly trailName: string
  readonly homeRegion: Region
  /** The Region whose log files are covered. */
  readonly sourceRegion: Region
  readonly isBackfill?: boolean
}

/** The first thing in which a digest's name is of another chain, or undefined. */
export function chainDifference(name: DigestName, expected: ExpectedChain): keyof ExpectedChain | undefined {
  const same: Record<keyof ExpectedChain, boolean> = {
    account: name.account === expected.account,
    sourceRegion: name.sourceRegion === expected.sourceRegion,
    trailName: name.trailName === expected.trailName,
    homeRegion: name.homeRegion === expected.homeRegion,
    isBackfill: name.isBackfill === (expected.isBackfill ?? false),
  }
  return (Object.keys(same) as (keyof ExpectedChain)[]).find((part) => !same[part])
}
