import type { DigestLogFile, PublicKeys } from '@opentrail/core/digest'
import {
  checkManifest,
  foldRange,
  manifestKeyOf,
  type BelievableDigest,
  type FetchedManifest,
  type FoldedRange,
  type Manifest,
  type ManifestRange,
} from '@opentrail/core/manifest'
import type { RecordsTask } from './examine-records.ts'
import { fetchDigest } from './fetch-objects.ts'
import type { ObjectSource } from './object-source.ts'

/** One part of a digest's manifest, and what is found out about the log files that it names. */
export interface ManifestPart {
  readonly fetched: FetchedManifest
  /** It is a plain copy, which lacks the signature. */
  readonly isUnsigned: boolean
  /** Absent: nothing vouches for it. */
  readonly manifest?: Manifest
  /** Of each of its log files; made once, as there may be many. */
  readonly task?: RecordsTask
  /** Those that wait for log files, and the others. */
  readonly waiting: Set<WaitingRange>
  readonly folded: FoldedRange[]
}

interface WaitingRange {
  readonly range: ManifestRange
  readonly hashes: (Uint8Array | undefined)[]
  missing: number
}

export interface NamedFile {
  readonly part: ManifestPart
  readonly of: WaitingRange
  readonly file: number
}

/** By `fileName`; a file that an earlier range has named belongs to that one: a later one then lacks it. */
export type NamedFiles = Map<string, NamedFile>

export const fileName = ({ s3Bucket, s3Object }: Pick<DigestLogFile, 's3Bucket' | 's3Object'>): string =>
  `${s3Bucket}/${s3Object}`

/** Undefined: a manifest cannot have so many parts. */
export async function fetchPart(
  source: ObjectSource,
  keys: PublicKeys,
  digest: BelievableDigest,
  number: number,
): Promise<ManifestPart | undefined> {
  const key = manifestKeyOf(digest.place.key, number)
  if (key === undefined) return undefined
  const fetched = await fetchDigest(source, { bucket: digest.place.bucket, key })
  const { manifest } = checkManifest(fetched, digest, keys)
  const isUnsigned = fetched.isCopy && fetched.status === 'found' && fetched.metadata['signature'] === undefined
  const part = { fetched, isUnsigned, waiting: new Set<WaitingRange>(), folded: [] }
  if (!manifest) return part
  return { ...part, manifest, task: { versions: JSON.stringify(manifest.versions), region: manifest.region } }
}

export function nameFiles(part: ManifestPart, named: NamedFiles): void {
  for (const range of part.manifest?.ranges ?? []) {
    if (range.files.length === 0) {
      part.folded.push(foldRange(range, []))
      continue
    }
    const of: WaitingRange = { range, hashes: range.files.map(() => undefined), missing: range.files.length }
    part.waiting.add(of)
    for (const [file, entry] of range.files.entries())
      if (!named.has(fileName(entry))) named.set(fileName(entry), { part, of, file })
  }
}

/** @param hashes of its records; undefined where the file is not as it was delivered. */
export function giveHashes({ part, of, file }: NamedFile, hashes: Uint8Array | undefined): void {
  of.hashes[file] = hashes
  // Folded at once: the hashes of all log files of a part would be too many to hold.
  if (--of.missing === 0) fold(part, of)
}

/** All ranges; those whose files were not all given are faults. */
export function foldAll(part: ManifestPart): readonly FoldedRange[] {
  for (const of of part.waiting) fold(part, of)
  return part.folded
}

function fold(part: ManifestPart, of: WaitingRange): void {
  part.waiting.delete(of)
  part.folded.push(foldRange(of.range, of.hashes.splice(0)))
}
