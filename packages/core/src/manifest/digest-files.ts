import type { DigestFile, Place, PlaceSet } from '../digest/index.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { Manifest, ManifestFile } from './manifest.ts'

/** The log files that a digest lists, against those that the parts of its manifest name. */
export interface DigestFiles {
  /** @param place of the part. */
  match(place: Place, manifest: Pick<Manifest, 'ranges'>): ManifestFinding[]
  /** What no part has named, once all parts were matched. @param isPartial sequences before them are not accounted for. */
  unnamed(place: Place, isPartial: boolean): ManifestFinding[]
}

/** @param ledger of all files that manifests have named so far, in this chain or others. */
export function createDigestFiles({ logFiles }: DigestFile, ledger: PlaceSet): DigestFiles {
  const listed = new Map(logFiles.map((file) => [nameOf(file.s3Bucket, file.s3Object), file]))
  const named = new Set<string>()

  function matchOne(place: Place, { s3Bucket, s3Object, hashValue }: ManifestFile): ManifestFinding[] {
    const data = { s3Bucket, s3Object }
    const entry = listed.get(nameOf(s3Bucket, s3Object))
    named.add(nameOf(s3Bucket, s3Object))
    const findings = ledger.add({ bucket: s3Bucket, key: s3Object }) ? [] : [manifestFinding('file-twice', place, data)]
    if (!entry) findings.push(manifestFinding('file-not-in-digest', place, data))
    else if (entry.hashValue !== hashValue) {
      const message = 'The digest lists the file with another hash.'
      const hashes = { expected: entry.hashValue, actual: hashValue }
      findings.push(manifestFinding('file-not-in-digest', place, { ...data, ...hashes }, message))
    }
    return findings
  }

  return {
    match: (place, { ranges }) => ranges.flatMap(({ files }) => files.flatMap((file) => matchOne(place, file))),
    unnamed: (place, isPartial) =>
      [...listed]
        .filter(([name]) => !named.has(name))
        .map(([, { s3Bucket, s3Object }]) => {
          const kind = isPartial ? 'file-before-manifests' : 'digest-file-not-in-manifest'
          return manifestFinding(kind, place, { s3Bucket, s3Object })
        }),
  }
}

const nameOf = (bucket: string, key: string): string => `${bucket}/${key}`
