import { parseEnvelope, type Envelope, type NewEntry } from '../event/index.ts'
import { selectableEvent, type SelectableEvent } from '../selector/index.ts'
import { compileVersion, type CompiledVersion, type Refusal } from './compiled-version.ts'
import type { Place } from './global-service.ts'
import { logFileKind, type LogFileKind } from './log-file-kind.ts'
import { judgedBy, versionInForce, type SelectingVersion } from './selecting-version.ts'

/** What a trail makes of one entry, and what was seen of the entry on the way. */
export interface Judgement {
  readonly envelope: Envelope
  readonly event: SelectableEvent
  /** The files it goes to; undefined: the trail does not take it. */
  readonly kind: LogFileKind | undefined
}

/**
 * One trail's selection in one stream. Each entry is judged by the version in force at its `configVersion`, so that the
 * same entries are selected whenever they are read. Reads the envelope; the record only where selectors ask for it, for
 * STS calls of trails without global-service events, and for deliveries where the trail is not recursive.
 */
export function createSelection(versions: readonly SelectingVersion[], place: Place): (entry: NewEntry) => Judgement {
  const compiled = compiledVersions(versions, place)
  return (entry) => {
    const envelope = parseEnvelope(entry)
    const event = selectableEvent(envelope.event, entry.record)
    const kind = refusalByEnvelope(envelope) ? undefined : logFileKind(envelope.event.category)
    const isTaken =
      kind !== undefined &&
      judgedBy(envelope).some((config) => {
        const version = compiled(config)
        return version !== undefined && version.refusal(event, entry.record) === undefined
      })
    return { envelope, event, kind: isTaken ? kind : undefined }
  }
}

/** Why no version can take the entry, whatever it says. */
export function refusalByEnvelope({ origin, event }: Envelope): Refusal | undefined {
  if (origin === 'import') return 'import'
  return logFileKind(event.category) ? undefined : 'category'
}

/** The version in force, ready to judge. Compiled once each; the one asked for last is at hand, as it is nearly always next. */
function compiledVersions(
  versions: readonly SelectingVersion[],
  place: Place,
): (configVersion: number) => CompiledVersion | undefined {
  const all = versions.map((version) => ({ since: version.since, compiled: compileVersion(version, place) }))
  let lastConfig: number | undefined
  let last: CompiledVersion | undefined
  return (configVersion) => {
    if (configVersion !== lastConfig) {
      last = versionInForce(all, configVersion)?.compiled
      lastConfig = configVersion
    }
    return last
  }
}
