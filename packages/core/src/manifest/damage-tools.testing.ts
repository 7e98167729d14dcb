import { contentAt, digestAt, put } from '../digest/damage-target.testing.ts'
import { digestBytes, digestMetadata, sha256Hex, signDigest, textToSign } from '../digest/index.ts'
import type { DigestFile, FindingKind, Place } from '../digest/index.ts'
import type { SigningKey } from '../digest/clean-bucket.testing.ts'
import { placeName, zip, type Objects } from '../digest/objects.testing.ts'
import { alignedSpans, rootHash, type MerkleFrontier, type Span } from '../merkle/index.ts'
import { checkpointOf, putManifest, type Stream } from './clean-stream.testing.ts'
import {
  hiddenSpans,
  manifestKeyOf,
  readManifest,
  type Manifest,
  type ManifestFindingKind,
  type ManifestRange,
} from './index.ts'
import type { Kept } from './verify-complete.testing.ts'

/** Buckets to be damaged; `objects` is changed in place. */
export interface ManifestTarget {
  readonly objects: Objects
  /** Of the chain to be damaged, oldest first, each with its manifest. */
  readonly digests: readonly Place[]
  /** The digests of other trails and Regions, oldest first. */
  readonly others: readonly (readonly Place[])[]
  /** What the service has: its key of digests, the stream's tree, the log's key. */
  readonly insider: { readonly signing: SigningKey; readonly stream: Stream }
  /** One that the service does not know. */
  readonly foreignKey: SigningKey
}

/** What must be found, and where. */
export interface ExpectedFinding {
  readonly kind: ManifestFindingKind | FindingKind
  readonly place: Place
}

type Findings = readonly ExpectedFinding[] | undefined

export interface ManifestDamage {
  readonly name: string
  /** Does the damage, and says all that must be found by it. Undefined: these buckets lack what it takes; nothing was done. */
  apply(target: ManifestTarget): Promise<Findings> | Findings
  /** What was kept outside of the buckets before, and is needed to find the damage. */
  readonly kept?: (target: ManifestTarget) => Kept
}

export const expect = (kind: ExpectedFinding['kind'], ...places: readonly Place[]): ExpectedFinding[] =>
  places.map((place) => ({ kind, place }))

/** The parts of a digest's manifest that are there, in order. */
export function partsAt(objects: Objects, digest: Place): Place[] {
  const parts: Place[] = []
  for (let part = 1; ; part++) {
    const key = manifestKeyOf(digest.key, part)
    if (key === undefined || !objects.has(placeName({ bucket: digest.bucket, key }))) return parts
    parts.push({ bucket: digest.bucket, key })
  }
}

export function manifestAt(objects: Objects, place: Place): Manifest {
  const read = readManifest(contentAt(objects, place))
  if (!read.ok) throw new Error(`${placeName(place)}: ${read.field} ${read.message}`)
  return read.manifest
}

/** Changes a part and signs it as the service does. */
export function rewrite(target: ManifestTarget, place: Place, change: (manifest: Manifest) => Manifest): void {
  const manifest = manifestAt(target.objects, place)
  putManifest(target.objects, change(manifest), target.insider.signing, manifest.part)
}

/** Changes a digest, and writes and signs it and all that depends on it anew: newer digests, and their manifests. */
export function rewriteDigest(target: ManifestTarget, place: Place, change: (digest: DigestFile) => DigestFile): void {
  const { objects, digests, insider } = target
  const index = digests.findIndex((digest) => placeName(digest) === placeName(place))
  let link: Partial<DigestFile> | undefined
  for (const at of digests.slice(index)) {
    const old = digestAt(objects, at)
    const digest = link ? { ...old, ...link } : change(old)
    const bytes = digestBytes(digest)
    const signature = signDigest(textToSign(digest, bytes), insider.signing.privateKey)
    put(objects, at, { body: zip(bytes), metadata: { ...digestMetadata(signature) } })
    const digestHashValue = sha256Hex(bytes)
    for (const part of partsAt(objects, at)) rewrite(target, part, (manifest) => ({ ...manifest, digestHashValue }))
    link = { previousDigestHashValue: digestHashValue, previousDigestSignature: signature }
  }
}

const nodesOf = ({ nodes }: Stream, spans: Iterable<Span>): Promise<Uint8Array[]> =>
  Promise.all(Array.from(spans, async ({ begin, end }) => nodes(Math.log2(end - begin), begin / (end - begin))))

/** A range with the hidden hashes that it needs. */
export const withHidden = async (stream: Stream, range: Omit<ManifestRange, 'hidden'>): Promise<ManifestRange> => ({
  ...range,
  hidden: Buffer.concat(await nodesOf(stream, hiddenSpans(range, range.files))),
})

export const frontierAt = async (stream: Stream, size: number): Promise<MerkleFrontier> => ({
  size,
  nodes: await nodesOf(stream, alignedSpans({ begin: 0, end: size })),
})

/** The end of a part at another size of the tree, or in another tree. */
export function endOf(stream: Stream, frontier: MerkleFrontier): Manifest['end'] {
  const root = rootHash(frontier)
  return { sequence: frontier.size, root, checkpoint: checkpointOf(stream, frontier.size, root) }
}

/** The log files that a part names. */
export const logsOf = ({ objects }: ManifestTarget, part: Place): Place[] =>
  manifestAt(objects, part).ranges.flatMap(({ files }) =>
    files.map(({ s3Bucket, s3Object }) => ({ bucket: s3Bucket, key: s3Object })),
  )

/** Parts of a manifest in the middle of the chain, more than one, and its log files. */
export const toMiddle = (
  name: string,
  act: (target: ManifestTarget, parts: readonly [Place, Place], digest: Place) => ReturnType<ManifestDamage['apply']>,
): ManifestDamage => ({
  name,
  apply(target) {
    for (const digest of target.digests.slice(1, -1)) {
      const [one, other] = partsAt(target.objects, digest)
      if (one && other) return act(target, [one, other], digest)
    }
    return undefined
  },
})
