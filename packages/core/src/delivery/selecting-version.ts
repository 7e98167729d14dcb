import type { TrailVersion } from '../trail/index.ts'

/** What of a trail's version decides about events. */
export type SelectingVersion = Pick<
  TrailVersion,
  'since' | 'isLogging' | 'homeRegion' | 'isMultiRegion' | 'includesGlobalServiceEvents' | 'isRecursive' | 'selectors'
>

/** The version in force at a configuration version: the one with the greatest `since` up to it. Undefined: none yet. */
export function versionInForce<Version extends Pick<SelectingVersion, 'since'>>(
  versions: readonly Version[],
  configVersion: number,
): Version | undefined {
  let found: Version | undefined
  for (const version of versions)
    if (version.since <= configVersion && (!found || version.since >= found.since)) found = version
  return found
}

/** By which configuration versions an entry is judged: a change's own event by the one it began and the one before. */
export const judgedBy = (envelope: { readonly configVersion: number; readonly changesConfig?: number }): number[] =>
  envelope.changesConfig === undefined ? [envelope.configVersion] : [envelope.changesConfig, envelope.changesConfig - 1]
