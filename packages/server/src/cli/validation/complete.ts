import type { DigestLogFile, Place, PublicKeys } from '@opentrail/core/digest'
import {
  checkManifest,
  createManifestChecker,
  foldRange,
  manifestFinding,
  manifestKeyOf,
  type BelievableDigest,
  type FetchedManifest,
  type FoldedRange,
  type KeptTree,
  type LogIdentity,
  type Manifest,
  type ManifestFinding,
  type ManifestRange,
  type TreeHead,
} from '@opentrail/core/manifest'
import type { ExaminedRecords, RecordsTask } from './examine-records.ts'
import { fetchDigest } from './fetch-objects.ts'
import type { ObjectSource } from './object-source.ts'

export interface CompletenessOptions {
  readonly source: ObjectSource
  readonly keys: PublicKeys
  readonly log?: LogIdentity
  readonly kept: readonly KeptTree[]
}

/** What all manifests together account for. */
export interface Accounted {
  readonly manifests: number
  /** Records in log files, and entries that the signer says the trail did not select. */
  readonly records: number
  readonly leftOut: number
  /** First and last sequence, both included. */
  readonly from: number
  readonly to: number
  /** Manifests of a plain copy, which lacks their signatures: nothing was judged by them. */
  readonly unsigned: number
}

/** Checks that what was delivered is all there was. Digests are opened and judged newest first, in the same order. */
export interface Completeness {
  /** Begins to fetch the digest's manifest. */
  open(digest: BelievableDigest): DigestRecords
  /** Once. */
  end(): { readonly findings: readonly ManifestFinding[]; readonly newest?: TreeHead; readonly accounted?: Accounted }
}

/** One digest's log files on their way into its manifest. */
export interface DigestRecords {
  /** What is to be found out about a log file; undefined: no range names it. */
  task(entry: DigestLogFile): Promise<RecordsTask | undefined>
  /** What was found out; undefined where the log file is not as it was delivered. */
  give(entry: DigestLogFile, records: ExaminedRecords | undefined): void
  /** The manifest is here, or it is known that it cannot be had. */
  readonly fetched: Promise<void>
  /** Once it is fetched, everything was given, and the digest opened before was judged. */
  judge(): ManifestFinding[]
}

interface Part {
  readonly fetched: FetchedManifest
  /** It is a plain copy, which lacks the signature. */
  readonly isUnsigned: boolean
  /** Absent: nothing vouches for it. */
  readonly manifest?: Manifest
  readonly folded: FoldedRange[]
}
interface OpenRange {
  readonly part: Part
  readonly range: ManifestRange
  readonly hashes: (Uint8Array | undefined)[]
  missing: number
}
interface NamedFile {
  readonly of: OpenRange
  readonly file: number
}

const nameOf = ({ bucket, key }: Place): string => `${bucket}/${key}`
const entryPlace = ({ s3Bucket, s3Object }: Pick<DigestLogFile, 's3Bucket' | 's3Object'>): string =>
  nameOf({ bucket: s3Bucket, key: s3Object })

export function createCompleteness({ source, keys, log, kept }: CompletenessOptions): Completeness {
  const checker = createManifestChecker({ keys, kept, ...(log && { log }) })
  const total = { manifests: 0, records: 0, leftOut: 0, from: Infinity, to: 0, unsigned: 0 }

  function account({ start, end, ranges }: Manifest): void {
    const records = ranges.reduce((sum, { files }) => sum + files.reduce((all, { count }) => all + count, 0), 0)
    total.records += records
    total.leftOut += end.sequence - start.size - records
    total.from = Math.min(total.from, start.size + 1)
    total.to = Math.max(total.to, end.sequence)
  }

  function open(digest: BelievableDigest): DigestRecords {
    const open = new Map<string, NamedFile>()
    const ranges: OpenRange[] = []
    const parts: Part[] = []
    const fetching = fetchParts(source, digest, keys).then((fetched) => {
      for (const part of fetched) {
        parts.push(part)
        for (const range of part.manifest?.ranges ?? [])
          if (range.files.length === 0) part.folded.push(foldRange(range, []))
          else ranges.push(openRange(part, range, open))
      }
    })
    // It is awaited with the first log file, and before the judgement.
    fetching.catch(() => {})
    const faults: ManifestFinding[] = []
    return {
      fetched: fetching,
      async task(entry) {
        await fetching
        const manifest = open.get(entryPlace(entry))?.of.part.manifest
        return manifest && { versions: JSON.stringify(manifest.versions), region: manifest.region }
      },
      give(entry, records) {
        const found = open.get(entryPlace(entry))
        if (!found) return
        open.delete(entryPlace(entry))
        const { of, file } = found
        const isSame = of.range.files[file]?.hashValue === entry.hashValue
        of.hashes[file] = isSame ? records?.hashes : undefined
        if (records && records.unselected > 0) {
          const place = { bucket: entry.s3Bucket, key: entry.s3Object }
          faults.push(manifestFinding('record-not-selected', place, { records: records.unselected }))
        }
        // Folded at once: the hashes of all log files of a digest would be too many to hold.
        if (--of.missing === 0) of.part.folded.push(foldRange(of.range, of.hashes.splice(0)))
      },
      judge() {
        if (parts.some(({ isUnsigned }) => isUnsigned)) {
          total.unsigned++
          return []
        }
        const manifest = checker.open(digest)
        const findings = [...faults]
        for (const { part, range, hashes, missing } of ranges)
          if (missing > 0) part.folded.push(foldRange(range, hashes))
        for (const part of parts) {
          if (manifest.next() === undefined) break
          const added = manifest.add(part.fetched)
          findings.push(...added.findings)
          if (!added.manifest) continue
          findings.push(...manifest.fold(part.folded))
          account(added.manifest)
          total.manifests += added.manifest.isLast ? 1 : 0
        }
        return [...findings, ...manifest.end()]
      },
    }
  }

  return {
    open,
    end() {
      const { findings, newest } = checker.end()
      const accounted =
        total.manifests > 0 || total.unsigned > 0 ? { ...total, from: Math.min(total.from, total.to) } : undefined
      // Where signatures are lacking, their absence is not to be told of as that of the manifests.
      return {
        findings: total.unsigned > 0 ? [] : findings,
        ...(newest && { newest }),
        ...(accounted && { accounted }),
      }
    },
  }
}

/** A file that an earlier range has named belongs to that one: this one then lacks it. */
function openRange(part: Part, range: ManifestRange, open: Map<string, NamedFile>): OpenRange {
  const of: OpenRange = { part, range, hashes: range.files.map(() => undefined), missing: range.files.length }
  for (const [file, named] of range.files.entries())
    if (!open.has(entryPlace(named))) open.set(entryPlace(named), { of, file })
  return of
}

/**
 * All parts, until one says that it is the last, or nothing vouches for it: whoever can write to the bucket could otherwise
 * fill the memory with more of them.
 */
async function fetchParts(source: ObjectSource, digest: BelievableDigest, keys: PublicKeys): Promise<Part[]> {
  const parts: Part[] = []
  for (;;) {
    const key = manifestKeyOf(digest.place.key, parts.length + 1)
    if (key === undefined) return parts
    const fetched = await fetchDigest(source, { bucket: digest.place.bucket, key })
    const { manifest } = checkManifest(fetched, digest, keys)
    const isUnsigned = fetched.isCopy && fetched.status === 'found' && fetched.metadata['signature'] === undefined
    parts.push({ fetched, isUnsigned, folded: [], ...(manifest && { manifest }) })
    if (!manifest || manifest.isLast) return parts
  }
}
