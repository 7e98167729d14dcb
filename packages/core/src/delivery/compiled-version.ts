import { compileSelectors, type SelectableEvent } from '../selector/index.ts'
import { coversRegion } from '../trail/index.ts'
import { isGlobalServiceEvent, type Place } from './global-service.ts'
import { isOwnDelivery } from './own-delivery.ts'
import type { SelectingVersion } from './selecting-version.ts'

/** Why a trail does not take an event; of several reasons the first in this order. */
export type Refusal =
  /** It was imported: delivered already, wherever it came from. */
  | 'import'
  /** Its category never goes to log files. */
  | 'category'
  /** The trail did not exist yet. */
  | 'no-version'
  | 'not-logging'
  /** The trail does not act in this Region. */
  | 'region'
  | 'selectors'
  /** The event of a global service, and the trail takes none. */
  | 'global'
  /** OpenTrail's own delivery, and the trail is not recursive. */
  | 'recursive'

export interface CompiledVersion {
  /** Undefined: the version takes the event. */
  refusal(event: SelectableEvent, record: Uint8Array): Refusal | undefined
}

/** Selectors are compiled with the first event that gets as far: most versions of a trail never judge one. */
export function compileVersion(version: SelectingVersion, place: Place): CompiledVersion {
  const refusesAll = refusalOfAll(version, place)
  let matches: ((event: SelectableEvent) => boolean) | undefined
  return {
    refusal(event, record) {
      if (refusesAll) return refusesAll
      matches ??= compileSelectors(version.selectors)
      if (!matches(event)) return 'selectors'
      if (!version.includesGlobalServiceEvents && isGlobalServiceEvent(event.eventSource, record, place))
        return 'global'
      return !version.isRecursive && isOwnDelivery(event) ? 'recursive' : undefined
    },
  }
}

/**
 * Why the version takes nothing here at all. Who covers the leading Region is multi-Region or homed there: what else global
 * services ask of a trail is answered with it.
 */
export function refusalOfAll(version: SelectingVersion, { region }: Place): Refusal | undefined {
  if (!version.isLogging) return 'not-logging'
  return coversRegion(version, region) ? undefined : 'region'
}
