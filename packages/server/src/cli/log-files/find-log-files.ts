import { parseLogFileName, type ParsedLogFileName } from '@opentrail/core/delivery'
import { createInOrder } from '../validation/in-order.ts'
import type { Entry, LogStore } from './log-store.ts'
import type { Narrowing } from './narrowing.ts'
import type { SkipList, SkipReason } from './skipped.ts'

export interface FoundFile {
  readonly key: string
  readonly size: number
  readonly version: string
  /** Absent where the name says nothing. */
  readonly named?: ParsedLogFileName
}

/** Files of one folder: what is remembered of an import is remembered by folder. */
export interface FoundFolder {
  readonly folder: string
  /** Newest first. */
  readonly files: readonly FoundFile[]
}

export interface FindOptions {
  readonly store: LogStore
  readonly narrowing: Narrowing
  readonly skipped: SkipList
}

/** `AWSLogs/<organization>/<account>/CloudTrail/<region>/2026/03/04/`: deeper than that nobody keeps logs. */
const depthMax = 24
/** Listings at a time. A store far away answers each in some 50 ms. */
const listingsMax = 8
const dayMs = 86_400_000

/**
 * Log files in AWS's layouts, with whatever prefix, and any other `.json` files, plain or packed. Newest day first over all
 * accounts and Regions; files that lie elsewhere come before those, newest name first. Folders outside of what is asked for
 * are not listed. Memory does not depend on how many there are, but for accounts times Regions. @throws {SourceError}
 */
export async function* findLogFiles(options: FindOptions): AsyncGenerator<FoundFolder> {
  const { store } = options
  const places: string[] = []
  if (placePattern.test(store.start)) places.push(store.start)
  else yield* looseFiles(options, store.start, places, 0)
  yield* byDay(options, places)
}

/** `.../AWSLogs/[o-x/]<account>/<kind>/<region>/`, below which are years, months and days. */
const placePattern =
  /^(?:.+\/)?AWSLogs\/(?:o-[a-z0-9]+\/)?(?<account>\d{12})\/(?<kind>CloudTrail[A-Za-z-]*)\/(?<region>[^/]+)\/$/s
const kindFolder = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?(?<account>\d{12})\/(?<kind>[^/]+)\/$/

/** Walks all folders that are none of the layout's, and collects those that are. */
async function* looseFiles(
  options: FindOptions,
  folder: string,
  places: string[],
  depth: number,
): AsyncGenerator<FoundFolder> {
  const { store, skipped } = options
  const files: FoundFile[] = []
  const folders: string[] = []
  for await (const entry of store.entries(folder)) {
    if (folder === store.start && store.only !== undefined && entry.name !== store.only) continue
    if (entry.kind === 'folder') folders.push(`${folder}${entry.name}/`)
    else takeFile(options, folder, entry, files)
  }
  if (files.length > 0) yield { folder, files: newestFirst(files) }
  // Newest first, where names are dates.
  for (const inner of folders.toReversed()) {
    const reason = depth < depthMax ? folderRefusal(options, inner) : 'other-file'
    if (reason) skipped.add(reason, inner)
    else if (placePattern.test(inner)) places.push(inner)
    else yield* looseFiles(options, inner, places, depth + 1)
  }
}

const kindReasons: Readonly<Record<string, SkipReason>> = {
  'CloudTrail-Digest': 'digest',
  'OpenTrail-Manifest': 'manifest',
}

/** Why nothing in a folder can be meant. */
function folderRefusal({ narrowing: { accounts, regions } }: FindOptions, folder: string): SkipReason | undefined {
  const place = placePattern.exec(folder)?.groups
  if (place && regions && !regions.has(place['region']!)) return 'other-region'
  const kind = kindFolder.exec(folder)?.groups
  if (!kind) return undefined
  if (accounts && !accounts.has(kind['account']!)) return 'other-account'
  return kindReasons[kind['kind']!]
}

/** Notes what a file in a folder is: one to read, or why not. */
function takeFile(options: FindOptions, folder: string, entry: Exclude<Entry, { kind: 'folder' }>, files: FoundFile[]) {
  const { skipped, narrowing } = options
  const key = `${folder}${entry.name}`
  if (entry.kind === 'other') return skipped.add('link', key)
  const named = parseLogFileName(entry.name)
  const reason = named ? nameRefusal(named, narrowing) : otherRefusal(entry.name)
  if (reason) return skipped.add(reason, key)
  const { size, version } = entry
  files.push({ key, size, version, ...(named && { named }) })
}

function nameRefusal({ account, region, stamp }: ParsedLogFileName, narrowing: Narrowing): SkipReason | undefined {
  if (narrowing.accounts && !narrowing.accounts.has(account)) return 'other-account'
  if (narrowing.regions && !narrowing.regions.has(region)) return 'other-region'
  return stamp < narrowing.from || stamp > narrowing.to ? 'other-time' : undefined
}

function otherRefusal(name: string): SkipReason | undefined {
  if (name.includes('_CloudTrail-Digest_')) return 'digest'
  if (name.includes('OpenTrail-Manifest')) return 'manifest'
  return /\.(?:json|jsonl|ndjson)(?:\.gz)?$/i.test(name) && !name.startsWith('%') ? undefined : 'other-file'
}

const newestFirst = (files: FoundFile[]): FoundFile[] =>
  files.sort((a, b) => (b.named?.stamp ?? 0) - (a.named?.stamp ?? 0) || (a.key < b.key ? 1 : -1))

/** All places day by day, the newest day first. */
async function* byDay(options: FindOptions, places: readonly string[]): AsyncGenerator<FoundFolder> {
  const lanes = places.map((place) => ({ days: daysOf(options, place), head: undefined as Day | undefined }))
  const heads = createInOrder<void>(listingsMax, () => {})
  for (const lane of lanes) await heads.add(async () => void (lane.head = await next(lane.days)))
  await heads.end()
  for (;;) {
    const newest = lanes.reduce((latest, { head }) => Math.max(latest, head?.time ?? -Infinity), -Infinity)
    if (newest === -Infinity) return
    for (const lane of lanes) {
      if (lane.head?.time !== newest) continue
      yield* filesOfDay(options, lane.head.folder)
      lane.head = await next(lane.days)
    }
  }
}

interface Day {
  readonly folder: string
  /** Its beginning, ms. */
  readonly time: number
}

const next = async (days: AsyncGenerator<Day>): Promise<Day | undefined> => {
  const { value, done } = await days.next()
  return done ? undefined : value
}

/** The days of a place that are asked for, newest first; years and months that are not are not listed. */
async function* daysOf({ store, narrowing: { from, to }, skipped }: FindOptions, place: string): AsyncGenerator<Day> {
  const isMeant = (start: number, end: number): boolean => end > from && start <= to
  const inner = async (folder: string, pattern: RegExp): Promise<string[]> => {
    const names: string[] = []
    for await (const entry of store.entries(folder))
      if (entry.kind === 'folder' && pattern.test(entry.name)) names.push(entry.name)
      else if (entry.kind !== 'folder' || !pattern.test(entry.name)) skipped.add('other-file', `${folder}${entry.name}`)
    return names.toReversed()
  }
  for (const year of await inner(place, /^\d{4}$/)) {
    const folder = `${place}${year}/`
    if (!isMeant(Date.UTC(Number(year), 0), Date.UTC(Number(year) + 1, 0))) skipped.add('other-time', folder)
    else
      for (const month of await inner(folder, /^\d\d$/)) {
        const [start, end] = [Date.UTC(Number(year), Number(month) - 1), Date.UTC(Number(year), Number(month))]
        if (!isMeant(start, end)) skipped.add('other-time', `${folder}${month}/`)
        else
          for (const day of await inner(`${folder}${month}/`, /^\d\d$/)) {
            const time = Date.UTC(Number(year), Number(month) - 1, Number(day))
            const dayFolder = `${folder}${month}/${day}/`
            if (isMeant(time, time + dayMs)) yield { folder: dayFolder, time }
            else skipped.add('other-time', dayFolder)
          }
      }
  }
}

async function* filesOfDay(options: FindOptions, folder: string): AsyncGenerator<FoundFolder> {
  const files: FoundFile[] = []
  for await (const entry of options.store.entries(folder))
    if (entry.kind === 'folder') options.skipped.add('other-file', `${folder}${entry.name}/`)
    else takeFile(options, folder, entry, files)
  if (files.length > 0) yield { folder, files: newestFirst(files) }
}
