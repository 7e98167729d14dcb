import { refusalOfAll } from './compiled-version.ts'
import type { Place } from './global-service.ts'
import { versionInForce, type SelectingVersion } from './selecting-version.ts'

/** The configuration versions that the entries of a range are judged by. */
export interface ConfigSpan {
  /** Smallest and largest `configVersion`. */
  readonly least: number
  readonly most: number
  /** Every `changesConfig`. */
  readonly changes: readonly number[]
}

/**
 * A text that is equal for two trails only if they select the same from entries of this span in this place: what their
 * versions in force there select, not who they are or when they began. So trails of one account, made at different
 * times but all with the default selectors, can share the work.
 */
export function selectionKey(versions: readonly SelectingVersion[], place: Place, span: ConfigSpan): string {
  const at = (configVersion: number): unknown => takes(versionInForce(versions, configVersion), place)
  const steps = versions.map(({ since }) => since).filter((since) => since > span.least && since <= span.most)
  const changes = new Set(span.changes)
  return JSON.stringify([
    at(span.least),
    [...new Set(steps)].sort((a, b) => a - b).map((since) => [since, at(since)]),
    [...changes].sort((a, b) => a - b).map((change) => [change, at(change), at(change - 1)]),
  ])
}

/** What of a version decides. Null: it takes nothing. */
function takes(version: SelectingVersion | undefined, place: Place): unknown {
  if (!version || refusalOfAll(version, place)) return null
  const { includesGlobalServiceEvents, isRecursive, selectors } = version
  const takesGlobal = includesGlobalServiceEvents || place.region !== place.leadingRegion
  return [takesGlobal, isRecursive, selectors]
}
