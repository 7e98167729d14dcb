import type { AccountId, Region } from '@opentrail/core/event'

export const trailsPrefix = 'trails/trail/'
export const versionsPrefix = 'trails/version/'
/** `{ version }`: the newest version of the configuration. */
export const configKey = 'trails/config'

export interface ConfigDocument {
  readonly version: number
}

/** The configuration before anything was ever changed. */
export const firstConfigVersion = 1

export const trailKey = (account: AccountId, homeRegion: Region, name: string): string =>
  `${trailsPrefix}${account}/${homeRegion}/${name}`

/** So that keys sort like numbers. */
const versionDigits = 16
export const versionsOf = (trailId: string): string => `${versionsPrefix}${trailId}/`
export const versionKey = (trailId: string, since: number): string =>
  `${versionsOf(trailId)}${String(since).padStart(versionDigits, '0')}`
