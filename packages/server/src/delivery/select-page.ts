import { createSelection, isOwnDelivery, joinRecords, logFileKinds, type LogFileKind } from '@opentrail/core/delivery'
import type { ConfigSpan, Judgement, SelectingVersion } from '@opentrail/core/delivery'
import {
  decodeEntry,
  streamParts,
  type NewEntry,
  type Region,
  type Sequence,
  type StoredEntry,
  type StreamId,
} from '@opentrail/core/event'

/** What a range may still take. */
export interface Room {
  /** Uncompressed, the comma behind each record included. */
  readonly bytes: number
  readonly events: number
  /** Nothing was taken yet: then one record fits, however large. */
  readonly isUntouched: boolean
}

/** A page of a stream and whose selection is wanted. Plain data: it crosses threads. */
export interface SelectTask {
  /** Entries one behind the other, by the entry codec; may go on behind `to`. */
  readonly page: Uint8Array
  readonly stream: StreamId
  readonly to: Sequence
  /** The trail's versions as JSON: a worker compiles them once and knows the text again. */
  readonly versions: string
  readonly leadingRegion: Region
  readonly room: Room
}

/** Selected records of one kind, in order. */
export interface SelectedRun {
  readonly kind: LogFileKind
  /** The records' bytes with commas between them; memory of its own. */
  readonly records: Uint8Array
  /** Where they are in the stream: pairs of a first sequence and a number of entries. */
  readonly places: Float64Array
  readonly count: number
  /** Event times, ms. */
  readonly oldest: number
  readonly newest: number
  readonly isOwnDeliveriesOnly: boolean
}

export interface PageSelection {
  /** At most one per kind. */
  readonly runs: readonly SelectedRun[]
  /** The first selected entry that found no room; the page was read no further. */
  readonly overflowAt?: Sequence
  /** Entries read, that one not counted. */
  readonly entries: number
  /** Of the last of them; 0 where there is none. */
  readonly configVersion: number
  /** `changesConfig` values of them. */
  readonly changes: readonly number[]
  /** Of all that were looked at, the one that found no room too. Absent: none. */
  readonly span?: ConfigSpan
}

/** Selections compiled and kept by one thread: the trails it is asked for again and again. */
const selectionsKeptMax = 32

/** The half of the work that needs the entries: decodes, selects, and joins what was selected. */
export function createPageSelector(): (task: SelectTask) => PageSelection {
  const kept = new Map<string, (entry: NewEntry) => Judgement>()
  const selectionFor = ({ versions, stream, leadingRegion }: SelectTask): ((entry: NewEntry) => Judgement) => {
    const { region } = streamParts(stream)
    const key = `${region} ${leadingRegion} ${versions}`
    const selection =
      kept.get(key) ?? createSelection(JSON.parse(versions) as SelectingVersion[], { region, leadingRegion })
    kept.delete(key)
    kept.set(key, selection)
    if (kept.size > selectionsKeptMax) kept.delete(kept.keys().next().value!)
    return selection
  }
  return (task) => selectPage(task, selectionFor(task))
}

function selectPage({ page, stream, to, room }: SelectTask, select: (entry: NewEntry) => Judgement): PageSelection {
  const source = Buffer.from(page.buffer, page.byteOffset, page.byteLength)
  const picked = new Map<LogFileKind, Picked>()
  const changes: number[] = []
  const looked: { least: number; most: number; changes: number[] } = { least: Infinity, most: -Infinity, changes: [] }
  let { bytes, events, isUntouched } = room
  let entries = 0
  let lastConfigVersion = 0
  let overflowAt: Sequence | undefined
  for (let offset = 0; offset < source.length;) {
    const { entry, end } = decodeEntry(source, offset, stream)
    if (entry.sequence > to) break
    const judgement = select(entry)
    const { configVersion, changesConfig } = judgement.envelope
    looked.least = Math.min(looked.least, configVersion)
    looked.most = Math.max(looked.most, configVersion)
    if (changesConfig !== undefined) looked.changes.push(changesConfig)
    if (judgement.kind) {
      const size = entry.record.length + 1
      if (!isUntouched && (events < 1 || bytes < size)) {
        overflowAt = entry.sequence
        break
      }
      bytes -= size
      events -= 1
      isUntouched = false
      pick(picked, judgement.kind, entry, judgement)
    }
    if (changesConfig !== undefined) changes.push(changesConfig)
    lastConfigVersion = configVersion
    entries += 1
    offset = end
  }
  return {
    runs: logFileKinds.flatMap((kind) => runOf(kind, picked.get(kind))),
    ...(overflowAt !== undefined && { overflowAt }),
    entries,
    configVersion: lastConfigVersion,
    changes,
    ...(looked.least <= looked.most && { span: looked }),
  }
}

interface Picked {
  readonly records: Uint8Array[]
  /** As `SelectedRun` has them. */
  readonly places: number[]
  oldest: number
  newest: number
  isOwnDeliveriesOnly: boolean
}

function pick(
  all: Map<LogFileKind, Picked>,
  kind: LogFileKind,
  { record, sequence }: StoredEntry,
  judgement: Judgement,
): void {
  const { eventTime } = judgement.envelope.event
  let own = all.get(kind)
  if (!own) {
    own = { records: [], places: [], oldest: eventTime, newest: eventTime, isOwnDeliveriesOnly: true }
    all.set(kind, own)
  }
  own.records.push(record)
  addPlace(own.places, sequence)
  own.oldest = Math.min(own.oldest, eventTime)
  own.newest = Math.max(own.newest, eventTime)
  // Asked until the first other event only: it may have to parse the record.
  own.isOwnDeliveriesOnly &&= isOwnDelivery(judgement.event)
}

function addPlace(places: number[], sequence: Sequence): void {
  const [first, count] = [places.at(-2) ?? 0, places.at(-1) ?? 0]
  if (first + count === sequence) places[places.length - 1] = count + 1
  else places.push(sequence, 1)
}

function runOf(kind: LogFileKind, picked: Picked | undefined): SelectedRun[] {
  if (!picked) return []
  const { records, places, ...rest } = picked
  return [{ kind, records: joinRecords(records), places: Float64Array.from(places), count: records.length, ...rest }]
}
