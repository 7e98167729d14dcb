import type { DigestLogFile, PublicKeys } from '@opentrail/core/digest'
import {
  manifestFinding,
  type BelievableDigest,
  type DigestManifest,
  type Manifest,
  type ManifestFinding,
} from '@opentrail/core/manifest'
import type { ExaminedRecords, RecordsTask } from './examine-records.ts'
import {
  fetchPart,
  fileName,
  foldAll,
  giveHashes,
  nameFiles,
  type ManifestPart,
  type NamedFiles,
} from './manifest-part.ts'
import type { ObjectSource } from './object-source.ts'

/** One digest's log files on their way into its manifest. */
export interface DigestRecords {
  /** What is to be found out about a log file; undefined: no range names it. `give` follows, whatever comes of it. */
  task(entry: DigestLogFile): Promise<RecordsTask | undefined>
  /** What was found out; undefined where the log file is not as it was delivered. */
  give(entry: DigestLogFile, records: ExaminedRecords | undefined): void
  /** Once `task` was called for all log files: waits until they are given, and for the judgement of the digest before. */
  judge(): Promise<ManifestFinding[]>
}

export interface DigestRecordsOptions {
  readonly source: ObjectSource
  readonly keys: PublicKeys
  /** Fulfilled once the digest opened before was judged. */
  readonly turn: Promise<void>
  /** Called in its turn, and not where signatures are lacking: `manifest` is then told of each part. */
  open(): DigestManifest
  judged(parts: readonly CountedPart[], isUnsigned: boolean): void
}

/** What one part accounts for. */
export interface CountedPart {
  readonly records: number
  readonly leftOut: number
  readonly from: number
  readonly to: number
  readonly isLast: boolean
}

/** Some megabytes each. One is given its last log files while those of the next are examined. */
const partsAtOnce = 2

/**
 * Fetches the manifest part by part, as log files ask for them, and judges each as soon as it has all its files: after a long
 * outage a digest has very many. More than `partsAtOnce` are held only where the digest lists its log files in another order, or
 * some that no part names.
 */
export function openDigestRecords(digest: BelievableDigest, options: DigestRecordsOptions): DigestRecords {
  const { source, keys, turn } = options
  const named: NamedFiles = new Map()
  /** Fetched and not judged, in order. */
  const parts: ManifestPart[] = []
  const state = { fetched: 0, isOver: false, isMyTurn: false }
  /** Log files that `task` was called for; those of them that were told their part; and those that were given. */
  const files = { asked: 0, told: 0, given: 0 }
  let progress = Promise.withResolvers<void>()

  const faults: ManifestFinding[] = []
  const findings: ManifestFinding[] = []
  const counted: CountedPart[] = []
  let manifest: DigestManifest | undefined
  let isUnsigned = false

  async function openPart(): Promise<void> {
    // The first is fetched ahead.
    if (state.fetched > 0) {
      await turn
      state.isMyTurn = true
      judgeWhole()
      // Where nothing is under way, no part will ever have all its files unless the next ones are opened.
      while (parts.length >= partsAtOnce && files.told > files.given) await progress.promise
    }
    const part = await fetchPart(source, keys, digest, state.fetched + 1)
    // Until one says that it is the last, or nothing vouches for it: whoever can write to the bucket could otherwise fill the
    // memory with more of them.
    state.isOver = !part?.manifest || part.manifest.isLast
    state.fetched++
    if (!part) return
    nameFiles(part, named)
    parts.push(part)
    judgeWhole()
  }

  let opening: Promise<void> | undefined
  const openNext = (): Promise<void> =>
    (opening ??= openPart().finally(() => {
      opening = undefined
    }))

  function judgeWhole(): void {
    while (state.isMyTurn && parts[0]?.waiting.size === 0) judgePart(parts.shift()!)
  }

  function judgePart(part: ManifestPart): void {
    isUnsigned ||= part.isUnsigned
    if (isUnsigned) return
    manifest ??= options.open()
    if (manifest.next() === undefined) return
    const added = manifest.add(part.fetched)
    findings.push(...added.findings)
    if (!added.manifest) return
    findings.push(...manifest.fold(foldAll(part)))
    counted.push(count(added.manifest))
  }

  // It is awaited with the first log file, and before the judgement.
  openNext().catch(() => {})
  return {
    async task(entry) {
      files.asked++
      while (!named.has(fileName(entry)) && !state.isOver) await openNext()
      files.told++
      return named.get(fileName(entry))?.part.task
    },
    give(entry, records) {
      files.given++
      const found = named.get(fileName(entry))
      if (found) {
        named.delete(fileName(entry))
        const isSame = found.of.range.files[found.file]?.hashValue === entry.hashValue
        if (records && records.unselected > 0) {
          const place = { bucket: entry.s3Bucket, key: entry.s3Object }
          faults.push(manifestFinding('record-not-selected', place, { records: records.unselected }))
        }
        giveHashes(found, isSame ? records?.hashes : undefined)
        judgeWhole()
      }
      progress.resolve()
      progress = Promise.withResolvers()
    },
    async judge() {
      await turn
      state.isMyTurn = true
      while (!state.isOver) await openNext()
      while (files.given < files.asked) await progress.promise
      for (const part of parts.splice(0)) judgePart(part)
      options.judged(counted, isUnsigned)
      if (isUnsigned) return []
      return [...faults, ...findings, ...(manifest ?? options.open()).end()]
    },
  }
}

function count({ start, end, ranges, isLast }: Manifest): CountedPart {
  const records = ranges.reduce((sum, { files }) => sum + files.reduce((all, file) => all + file.count, 0), 0)
  return { records, leftOut: end.sequence - start.size - records, from: start.size + 1, to: end.sequence, isLast }
}
