import { parseEnvelope, type NewEntry } from '../event/index.ts'
import { explainSelectors, selectableEvent, type SelectorExplanation } from '../selector/index.ts'
import { compileVersion, type Refusal } from './compiled-version.ts'
import type { Place } from './global-service.ts'
import { refusalByEnvelope } from './selection.ts'
import { judgedBy, versionInForce, type SelectingVersion } from './selecting-version.ts'

export interface SelectionExplanation<Version extends SelectingVersion> {
  /** The same as `createSelection` says. */
  readonly isSelected: boolean
  /** One, or two for the event of a change: the version that it began, then the one before. */
  readonly verdicts: readonly VersionVerdict<Version>[]
}

export interface VersionVerdict<Version extends SelectingVersion> {
  /** The configuration version that the entry was judged by. */
  readonly configVersion: number
  /** The trail's version in force at it. */
  readonly version?: Version
  /** Absent: the version takes the entry. */
  readonly refusal?: Refusal
  /** Where selectors were asked. */
  readonly selectors?: SelectorExplanation
}

/** For one entry: by which versions of the trail it was judged, and why it was not taken. For people, not for streams. */
export function explainSelection<Version extends SelectingVersion>(
  versions: readonly Version[],
  place: Place,
  entry: NewEntry,
): SelectionExplanation<Version> {
  const envelope = parseEnvelope(entry)
  const verdicts = judgedBy(envelope).map((configVersion): VersionVerdict<Version> => {
    const version = versionInForce(versions, configVersion)
    const byEnvelope = refusalByEnvelope(envelope)
    if (byEnvelope || !version)
      return { configVersion, ...(version && { version }), refusal: byEnvelope ?? 'no-version' }
    const event = selectableEvent(envelope.event, entry.record)
    const refusal = compileVersion(version, place).refusal(event, entry.record)
    if (refusal === 'not-logging' || refusal === 'region') return { configVersion, version, refusal }
    const selectors = explainSelectors(version.selectors, event)
    return { configVersion, version, ...(refusal && { refusal }), selectors }
  })
  return { isSelected: verdicts.some(({ refusal }) => refusal === undefined), verdicts }
}
