import { randomBytes } from 'node:crypto'
import { BucketError } from './bucket-store.ts'
import { listGarbage, type Garbage } from './directory-garbage.ts'
import {
  decodeObject,
  encodeRecord,
  inlineKey,
  nullKey,
  objectKey,
  positionOf,
  versionKey,
  versionsPrefix,
  type ObjectRecord,
} from './directory-records.ts'
import type { IndexReader, IndexTransaction } from './object-index.ts'
import type { BucketSettings } from './object-store.ts'

/*
 * A key's versions: under `o` the current one if it is an object; under `v` all others, newest first. So a listing of objects
 * walks `o` alone, and a delete marker that is the newest version is the first of `v` where `o` has none.
 */

export interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}
export interface FoundVersion {
  readonly record: ObjectRecord
  /** Under `o`. */
  readonly isCurrent: boolean
}
export type Versioning = BucketSettings['versioning']

/** As S3 calls the version of a bucket without versions. */
export const nullVersion = 'null'
const versionIdForm = /^([0-9a-f]{16})([0-9a-f]{16})$/
const positionMax = 2n ** 64n - 1n

/** The newer the version, the earlier its id in the alphabet. */
export function versionIdOf(record: ObjectRecord): string {
  if (record.tail === undefined) return nullVersion
  return (positionMax - BigInt(positionOf(record))).toString(16).padStart(16, '0') + record.tail
}

interface ParsedVersionId {
  readonly position: number
  readonly tail: string
}

/** @throws {BucketError} InvalidArgument: no id of ours. */
export function parseVersionId(versionId: string): ParsedVersionId | 'null' {
  if (versionId === nullVersion) return nullVersion
  const [, descending, tail] = versionIdForm.exec(versionId) ?? []
  const position = descending === undefined ? NaN : Number(positionMax - BigInt(`0x${descending}`))
  if (!Number.isSafeInteger(position) || tail === undefined)
    throw new BucketError('InvalidArgument', 'Invalid version id specified')
  return { position, tail }
}

/** The version that counts: an object, or the delete marker in front of all others. */
export function newestVersion(reader: IndexReader, { bucket, key }: ObjectPlace): FoundVersion | undefined {
  const current = reader.get(objectKey(bucket, key))
  if (current) return { record: decodeObject(current), isCurrent: true }
  const [first] = reader.range(versionsPrefix(bucket, key), undefined, 1)
  return first && { record: decodeObject(first.value), isCurrent: false }
}

/** @throws {BucketError} InvalidArgument */
export function findVersion(reader: IndexReader, place: ObjectPlace, versionId: string): FoundVersion | undefined {
  const { bucket, key } = place
  const wanted = parseVersionId(versionId)
  const current = reader.get(objectKey(bucket, key))
  const record = current && decodeObject(current)
  if (record && isWanted(record, wanted)) return { record, isCurrent: true }
  const position = wanted === nullVersion ? nullPosition(reader, place) : wanted.position
  if (position === undefined) return undefined
  const stored = reader.get(versionKey(bucket, key, position))
  const found = stored && decodeObject(stored)
  return found && isWanted(found, wanted) ? { record: found, isCurrent: false } : undefined
}

const isWanted = (record: ObjectRecord, wanted: ParsedVersionId | 'null'): boolean =>
  wanted === nullVersion
    ? record.tail === undefined
    : record.tail === wanted.tail && positionOf(record) === wanted.position

function nullPosition(reader: IndexReader, { bucket, key }: ObjectPlace): number | undefined {
  const stored = reader.get(nullKey(bucket, key))
  return stored && Number(stored.toString())
}

/** What a version needs to stand in front of the key's others. */
export function newVersionFields(
  newest: FoundVersion | undefined,
  versioning: Versioning,
  now: number,
): Pick<ObjectRecord, 'position' | 'tail'> {
  // The clock may be behind that of earlier versions.
  const position = Math.max(Math.floor(now * 1_000), newest ? positionOf(newest.record) + 1 : 0)
  if (versioning === undefined) return {}
  return versioning === 'Enabled' ? { position, tail: randomBytes(8).toString('hex') } : { position }
}

/** Makes a record, which has its `newVersionFields`, the newest version. @returns what became garbage, and is on its list. */
export function addVersion(transaction: IndexTransaction, place: ObjectPlace, record: ObjectRecord): Garbage[] {
  const garbage: Garbage[] = []
  if (record.tail === undefined) {
    const replaced = findVersion(transaction, place, nullVersion)
    if (replaced) garbage.push(...take(transaction, place, replaced))
  }
  const current = transaction.get(objectKey(place.bucket, place.key))
  if (current) demote(transaction, place, decodeObject(current))
  if (record.isDeleteMarker) putBehind(transaction, place, record)
  else transaction.put(objectKey(place.bucket, place.key), encodeRecord(record))
  return garbage
}

/** Removes a version for good; the next one takes its place. @returns what became garbage, and is on its list. */
export function removeVersion(transaction: IndexTransaction, place: ObjectPlace, found: FoundVersion): Garbage[] {
  const garbage = take(transaction, place, found)
  const newest = newestVersion(transaction, place)
  if (newest && !newest.isCurrent && !newest.record.isDeleteMarker) {
    takeFromBehind(transaction, place, newest.record)
    transaction.put(objectKey(place.bucket, place.key), encodeRecord(newest.record))
  }
  return garbage
}

/** Writes a version's record anew, where it is. */
export function putVersion(
  transaction: IndexTransaction,
  { bucket, key }: ObjectPlace,
  { record, isCurrent }: FoundVersion,
): void {
  const at = isCurrent ? objectKey(bucket, key) : versionKey(bucket, key, positionOf(record))
  transaction.put(at, encodeRecord(record))
}

function take(transaction: IndexTransaction, place: ObjectPlace, { record, isCurrent }: FoundVersion): Garbage[] {
  if (isCurrent) transaction.remove(objectKey(place.bucket, place.key))
  else takeFromBehind(transaction, place, record)
  if (record.isInline) {
    transaction.remove(inlineKey(record.id!))
    return []
  }
  const garbage = garbageOf(record)
  for (const item of garbage) listGarbage(transaction, item)
  return garbage
}

function garbageOf({ id, upload }: ObjectRecord): Garbage[] {
  if (upload !== undefined) return [{ kind: 'upload', id: upload }]
  return id === undefined ? [] : [{ kind: 'content', id }]
}

function demote(transaction: IndexTransaction, place: ObjectPlace, record: ObjectRecord): void {
  transaction.remove(objectKey(place.bucket, place.key))
  putBehind(transaction, place, record)
}

function putBehind(transaction: IndexTransaction, { bucket, key }: ObjectPlace, record: ObjectRecord): void {
  transaction.put(versionKey(bucket, key, positionOf(record)), encodeRecord(record))
  if (record.tail === undefined) transaction.put(nullKey(bucket, key), Buffer.from(String(positionOf(record))))
}

function takeFromBehind(transaction: IndexTransaction, { bucket, key }: ObjectPlace, record: ObjectRecord): void {
  transaction.remove(versionKey(bucket, key, positionOf(record)))
  if (record.tail === undefined) transaction.remove(nullKey(bucket, key))
}
