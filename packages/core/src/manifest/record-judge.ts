import { compileVersion, logFileKind, type CompiledVersion, type SelectingVersion } from '../delivery/index.ts'
import type { Region, RoutingFields } from '../event/index.ts'
import { selectableEvent } from '../selector/index.ts'
import { unknownSelectors } from './manifest.ts'
import { isObject, type JsonObject } from './members.ts'

export interface RecordJudgeOptions {
  readonly versions: readonly SelectingVersion[]
  /** Of the stream. */
  readonly region: Region
  /** The deployment's. Where it is not given, events of global services pass whatever a version says of them. */
  readonly leadingRegion?: Region
}

/** What is parsed at most: no record that was admitted is larger, so that its hash is none of the tree's. */
const recordBytesMax = 1024 * 1024
/** No Region has this name, so no event is a global service's. */
const nowhere = '' as Region

/**
 * Whether a delivered record is one that the trail takes, as far as can be told from the record alone: false only where no
 * version of the manifest can have taken it. It errs on the side of the record:
 * - which version was in force at the record's place is in its envelope, which no bucket holds: one of them is enough, and
 *   the two by which a change's own event is judged are among them;
 * - whether it was imported is there, too, and is not judged;
 * - where the selectors of a version are not known, nothing is judged;
 * - a record that does not say its category, or is no JSON object, is not judged; one that does not say whether it reads
 *   is judged both ways; the source and name of Insights events are those one level down, where they have none.
 */
export function createRecordJudge(options: RecordJudgeOptions): (record: Uint8Array) => boolean {
  const { versions, region, leadingRegion = nowhere } = options
  if (versions.some(({ selectors }) => selectors === unknownSelectors)) return () => true
  const compiled = versions.map((version) => compileVersion(version, { region, leadingRegion }))
  return (record) => {
    const routings = record.length > recordBytesMax ? undefined : routingsOf(record)
    return routings?.some((routing) => compiled.some((version) => takes(version, routing, record))) ?? true
  }
}

const takes = (version: CompiledVersion, routing: RoutingFields, record: Uint8Array): boolean =>
  version.refusal(selectableEvent(routing, record), record) === undefined

/** What the record's envelope may have said that a trail could take. Undefined: there is nothing to judge by. */
function routingsOf(bytes: Uint8Array): RoutingFields[] | undefined {
  const record = parse(bytes)
  const category = record && own(record, 'eventCategory')
  if (!record || typeof category !== 'string') return undefined
  if (logFileKind(category) === undefined) return []
  const readOnly = own(record, 'readOnly')
  return typeof readOnly === 'boolean'
    ? [routing(record, category, readOnly)]
    : [routing(record, category, false), routing(record, category, true)]
}

function routing(record: JsonObject, category: string, readOnly: boolean): RoutingFields {
  const details = own(record, 'insightDetails')
  const text = (name: string): string => {
    const value = own(record, name) ?? (isObject(details) ? own(details, name) : undefined)
    return typeof value === 'string' ? value : ''
  }
  const [eventSource, eventName] = [text('eventSource'), text('eventName')]
  return { eventId: '', eventTime: 0, eventSource, eventName, category, readOnly, resources: [] }
}

const own = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined)

function parse(bytes: Uint8Array): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
    return isObject(json) ? json : undefined
  } catch {
    // No JSON: its hash is none of the tree's, which is found there.
    return undefined
  }
}
