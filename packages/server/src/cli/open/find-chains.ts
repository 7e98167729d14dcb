import { gunzipSync } from 'node:zlib'
import { parseDigestKey } from '@opentrail/core/digest'
import { partitionOf } from '@opentrail/core/trail'
import type { LogStore } from '../log-files/log-store.ts'
import type { Narrowing } from '../log-files/narrowing.ts'
import type { TimeRange } from '../validation/digest-listing.ts'
import type { TrailPlace } from '../validation/trail-place.ts'

/** A trail's digests of one account and Region, as their keys tell. */
export interface FoundChain {
  readonly trail: TrailPlace
  readonly range: TimeRange
}

/** An account and Region that there are log files of, and no digests. */
export interface Unproven {
  readonly account: string
  readonly region: string
}

const regionFolder =
  /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?(?<account>\d{12})\/(?<kind>CloudTrail(?:-Digest)?)\/(?<region>[^/]+)\/$/s
/** What else is below `AWSLogs/<account>/`. */
const otherKind = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/(?!CloudTrail(?:-Digest)?\/)[^/]+\/$/s
const depthMax = 24
/** A digest has some hundred kilobytes at most. */
const digestBytesMax = 64 * 1024 * 1024

/** Every chain of digests at a place. `unproven` is told of log files that no chain can be of. @throws {SourceError} */
export async function* findChains(
  store: LogStore,
  narrowing: Narrowing,
  unproven: (place: Unproven) => void,
): AsyncGenerator<FoundChain> {
  const [logs, proven] = [new Map<string, Unproven>(), new Set<string>()]
  for await (const { folder, kind, place } of regionFolders(store, store.start, 0)) {
    if (!isMeant(place, narrowing)) continue
    const name = `${place.account}/${place.region}`
    if (kind === 'logs') {
      logs.set(name, place)
      continue
    }
    proven.add(name)
    yield* chainsIn(store, folder, narrowing)
  }
  for (const [name, place] of logs) if (!proven.has(name)) unproven(place)
}

async function* chainsIn(store: LogStore, folder: string, narrowing: Narrowing): AsyncGenerator<FoundChain> {
  const found = new Map<string, { key: string; from: number; to: number }>()
  for await (const key of keysBelow(store, folder, 0)) {
    const name = parseDigestKey(key)
    if (!name || name.isBackfill || name.endTime < narrowing.from || name.endTime > narrowing.to) continue
    const chain = `${name.trailName}/${name.homeRegion}`
    const { from } = found.get(chain) ?? { from: name.endTime }
    found.set(chain, { key, from, to: name.endTime })
  }
  for (const { key, from, to } of found.values()) yield { trail: await trailOf(store, key), range: { from, to } }
}

interface RegionFolder {
  readonly folder: string
  readonly kind: 'logs' | 'digests'
  readonly place: Unproven
}

/** The folders of Regions with digests or log files, of all accounts. */
async function* regionFolders(store: LogStore, folder: string, depth: number): AsyncGenerator<RegionFolder> {
  if (depth > depthMax) return
  for await (const entry of store.entries(folder)) {
    if (entry.kind !== 'folder') continue
    const inner = `${folder}${entry.name}/`
    const found = regionFolder.exec(inner)?.groups
    if (!found && !otherKind.test(inner)) yield* regionFolders(store, inner, depth + 1)
    if (!found) continue
    const { account = '', kind, region = '' } = found
    yield { folder: inner, kind: kind === 'CloudTrail' ? 'logs' : 'digests', place: { account, region } }
  }
}

const isMeant = ({ account, region }: Unproven, { accounts, regions }: Narrowing): boolean =>
  (!accounts || accounts.has(account)) && (!regions || regions.has(region))

/** In byte order, which is the order of time. */
async function* keysBelow(store: LogStore, folder: string, depth: number): AsyncGenerator<string> {
  if (depth > depthMax) return
  for await (const entry of store.entries(folder))
    if (entry.kind === 'folder') yield* keysBelow(store, `${folder}${entry.name}/`, depth + 1)
    else if (entry.kind === 'file') yield `${folder}${entry.name}`
}

/** The digest itself tells the bucket's name, which a copy does not have. */
async function trailOf(store: LogStore, key: string): Promise<TrailPlace> {
  const { account, sourceRegion, trailName, homeRegion, keyPrefix, organizationId } = parseDigestKey(key)!
  return {
    arn: `arn:${partitionOf(homeRegion)}:cloudtrail:${homeRegion}:${account}:trail/${trailName}`,
    chain: { account, sourceRegion, trailName, homeRegion },
    bucket: await bucketOf(store, key),
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(organizationId !== undefined && { organizationId }),
  }
}

async function bucketOf(store: LogStore, key: string): Promise<string> {
  try {
    const body = await store.get(key, { bytesMax: digestBytesMax })
    const digest = JSON.parse(gunzipSync(body ?? new Uint8Array(), { maxOutputLength: digestBytesMax }).toString()) as {
      digestS3Bucket?: unknown
    }
    if (typeof digest.digestS3Bucket === 'string') return digest.digestS3Bucket
  } catch {
    // A digest that cannot be read is for the verification to find.
  }
  return store.description.replace(/^s3:\/\//, '')
}
