import {
  createPositionsWriter,
  logFileKinds,
  type ConfigSpan,
  type LogFileKind,
  type SelectingVersion,
} from '@opentrail/core/delivery'
import type { Sequence } from '@opentrail/core/event'
import type { ContentRequest, FileContent } from './content-builder.ts'
import type { BuiltContent } from './content-memo.ts'
import { logFileQuota, type ContentLimits } from './content-limits.ts'
import type { PageReader } from './content-pages.ts'
import type { ContentRunner } from './content-runner.ts'
import type { PackTask } from './pack-file.ts'
import type { PageSelection, Room, SelectedRun } from './select-page.ts'

/** A plan cannot be repeated: its range has more than a file may hold. It was not made by this program, or is damaged. */
export class ContentTooLargeError extends Error {
  override readonly name = 'ContentTooLargeError'
}

/** Of a range: it was cut early because so much came in, or a backlog is being worked off. */
const hurriedEntries = 10_000

/** `{"Records":[` and `]}` of one file of each kind. */
const frameBytes = 14 * logFileKinds.length

/**
 * Reads the range page by page, keeps what the workers select, and packs it. Where the range is cut depends on the entries
 * and the limits alone, never on the pages.
 */
export async function buildRange(
  request: ContentRequest,
  { pages, runner, limits }: { pages: PageReader; runner: ContentRunner; limits: ContentLimits },
  signal: AbortSignal,
): Promise<BuiltContent> {
  const { stream, after, to, leadingRegion, isExact } = request
  const versions = JSON.stringify(request.versions.map(selectingPart))
  let gathered = createGathered(isExact ? logFileQuota : limits)
  let position: Sequence | 0 = after
  let end = to
  while (position < end) {
    signal.throwIfAborted()
    const page = await pages.read(stream, position, to)
    signal.throwIfAborted()
    if (gathered.entries > 0 && (!page || page.first > position + 1)) {
      // Retention went past us while we read. What is missing is always the front: the range ends before the hole, and
      // an exact one has lost what was read from the same front as well.
      if (!isExact) {
        end = position as Sequence
        break
      }
      gathered = createGathered(logFileQuota)
    }
    if (!page) break
    const room = gathered.room()
    const selection = await runner.select({ page: page.bytes, stream, to, versions, leadingRegion, room })
    gathered.add(selection)
    position = page.last
    if (selection.overflowAt !== undefined) {
      if (isExact) throw new ContentTooLargeError(`${stream} (${after}, ${to}] does not fit into a log file`)
      end = (selection.overflowAt - 1) as Sequence
      break
    }
  }
  const files: FileContent[] = []
  for (const kind of logFileKinds) {
    const runs = gathered.take(kind)
    if (runs.length === 0) continue
    signal.throwIfAborted()
    files.push(await packed({ kind, runs, after }, runner, to - after < hurriedEntries ? 'thorough' : 'quick'))
  }
  const { entries, configVersion, changes, span } = gathered
  return { content: { to: end, files, configVersion, changes, missing: end - after - entries }, span }
}

async function packed(
  { kind, runs, after }: { kind: LogFileKind; runs: readonly SelectedRun[]; after: Sequence | 0 },
  runner: ContentRunner,
  effort: PackTask['effort'],
): Promise<FileContent> {
  // Before the records are handed over: they are gone from here afterwards.
  const file = {
    kind,
    count: runs.reduce((sum, { count }) => sum + count, 0),
    positions: positionsOf(runs, after),
    oldest: runs.reduce((oldest, run) => Math.min(oldest, run.oldest), Infinity),
    newest: runs.reduce((newest, run) => Math.max(newest, run.newest), -Infinity),
    isOwnDeliveriesOnly: runs.every(({ isOwnDeliveriesOnly }) => isOwnDeliveriesOnly),
  }
  return { ...file, ...(await runner.pack({ runs: runs.map(({ records }) => records), effort })) }
}

function positionsOf(runs: readonly SelectedRun[], after: Sequence | 0): Uint8Array {
  const positions = createPositionsWriter()
  for (const { places } of runs)
    for (let at = 0; at < places.length; at += 2) positions.add(places[at]! - after - 1, places[at + 1])
  return positions.finish()
}

/** Only what selects: a trail's name or bucket makes no other selection. */
const selectingPart = (version: SelectingVersion): SelectingVersion => ({
  since: version.since,
  isLogging: version.isLogging,
  homeRegion: version.homeRegion,
  isMultiRegion: version.isMultiRegion,
  includesGlobalServiceEvents: version.includesGlobalServiceEvents,
  isRecursive: version.isRecursive,
  selectors: version.selectors,
})

/** What the pages of a range gave so far. */
function createGathered({ eventsMax, bytesMax }: Pick<ContentLimits, 'eventsMax' | 'bytesMax'>) {
  const runs = new Map<LogFileKind, SelectedRun[]>()
  const changes: number[] = []
  const lookedChanges: number[] = []
  let least = Infinity
  let most = -Infinity
  let events = 0
  let bytes = frameBytes
  let entries = 0
  let configVersion = 0
  return {
    room: (): Room => ({ bytes: bytesMax - bytes, events: eventsMax - events, isUntouched: events === 0 }),
    add(selection: PageSelection): void {
      for (const run of selection.runs) {
        runs.set(run.kind, [...(runs.get(run.kind) ?? []), run])
        events += run.count
        // Commas stand between a run's records; one more goes behind it.
        bytes += run.records.length + 1
      }
      entries += selection.entries
      if (selection.entries > 0) ({ configVersion } = selection)
      changes.push(...selection.changes)
      if (!selection.span) return
      least = Math.min(least, selection.span.least)
      most = Math.max(most, selection.span.most)
      lookedChanges.push(...selection.span.changes)
    },
    /** Forgets them: a file's records are held once. */
    take(kind: LogFileKind): readonly SelectedRun[] {
      const own = runs.get(kind) ?? []
      runs.delete(kind)
      return own
    },
    changes,
    get entries() {
      return entries
    },
    get configVersion() {
      return configVersion
    },
    /** Nothing was there: any versions select the same of it. */
    get span(): ConfigSpan {
      return least > most ? { least: 0, most: 0, changes: [] } : { least, most, changes: lookedChanges }
    },
  }
}
