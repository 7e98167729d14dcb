import { parseLogFileKey } from '../delivery/index.ts'
import type { SigningKey } from './clean-bucket.testing.ts'
import type { DigestFile, DigestLogFile } from './digest-file.ts'
import type { Place } from './fetched.ts'
import type { FindingKind } from './finding.ts'
import { firstMember, placeName, zip, type Objects, type StoredObject } from './objects.testing.ts'
import { readDigest } from './read-digest.ts'

/** Buckets to be damaged. `objects` is changed in place; whoever has real buckets writes back what differs. */
export interface DamageTarget {
  readonly objects: Objects
  /** The digests of the chain to be damaged, oldest first. */
  readonly chain: readonly Place[]
  /** Those of other chains, of another Region or trail, whose log files are verified too. */
  readonly others: readonly (readonly Place[])[]
  /** Signs as the service does; without it, what only an insider can do is left out. */
  readonly insider?: { readonly current: SigningKey; readonly expired: SigningKey }
  /** Who verifies a chain knows its Region's keys, not those of all. */
  readonly areKeysByRegion?: boolean
  /** One that the service does not know. */
  readonly foreignKey: SigningKey
}

/** What must be found, and where. */
export interface Expected {
  readonly kind: FindingKind
  readonly place: Place
}

export interface Damage {
  readonly name: string
  /** `row`: only digests in the middle of `chain`, and their log files; other parts of the chain can be damaged beside it. */
  readonly reach: 'row' | 'chain'
  /** Does the damage, and says all that must be found by it. Undefined: these buckets lack what it takes; nothing was done. */
  apply(target: DamageTarget): readonly Expected[] | undefined
}

export const expect = (kind: FindingKind, ...places: readonly Place[]): Expected[] =>
  places.map((place) => ({ kind, place }))

export const logPlace = ({ s3Bucket, s3Object }: DigestLogFile): Place => ({ bucket: s3Bucket, key: s3Object })

/** @throws {Error} there is no such object. */
export function objectAt(objects: Objects, place: Place): StoredObject {
  const object = objects.get(placeName(place))
  if (!object) throw new Error(`there is no ${placeName(place)}`)
  return object
}

export function contentAt(objects: Objects, place: Place): Buffer {
  const member = firstMember(objectAt(objects, place).body)
  if (typeof member === 'string') throw new Error(`${placeName(place)} is damaged already`)
  return Buffer.from(member.content)
}

export function digestAt(objects: Objects, place: Place): DigestFile {
  const read = readDigest(contentAt(objects, place))
  if (!read.ok) throw new Error(`${placeName(place)}: ${read.message}`)
  return read.digest
}

export const logsAt = (objects: Objects, ...digests: readonly Place[]): Place[] =>
  digests.flatMap((place) => digestAt(objects, place).logFiles.map(logPlace))

export function edit(objects: Objects, place: Place, change: (content: Buffer) => Uint8Array | string): void {
  put(objects, place, { body: zip(change(contentAt(objects, place))) })
}

export function put(objects: Objects, place: Place, parts: Partial<StoredObject>): void {
  const object = objects.get(placeName(place))
  objects.set(placeName(place), { body: zip(''), metadata: {}, ...object, ...parts })
}

export function remove(objects: Objects, ...places: readonly Place[]): void {
  for (const place of places) objects.delete(placeName(place))
}

/** Digests in a row, each linked to the one before, all with log files, the first not a chain's first. */
export function rowOf({ objects, chain }: DamageTarget, length: number): Place[] | undefined {
  const digests = chain.map((place) => digestAt(objects, place))
  const isFit = (digest: DigestFile) => digest.previousDigestS3Object !== null && digest.logFiles.length > 1
  for (let first = 1; first + length < digests.length; first++) {
    // The one behind is to be linked to the row: it is what shows that one of it is gone.
    const row = digests.slice(first, first + length)
    if (row.every(isFit) && digests[first + length]?.previousDigestS3Object !== null)
      return chain.slice(first, first + length)
  }
  return undefined
}

/** The same name with another unique part. */
export function renamedLog(place: Place, unique = 'A0b1C2d3E4f5G6h7'): Place {
  const old = parseLogFileKey(place.key)?.unique ?? ''
  return { bucket: place.bucket, key: place.key.replace(`_${old}.json`, `_${unique}.json`) }
}
