import { gunzipSync } from 'node:zlib'
import type { Place, PublicKeys } from '@opentrail/core/digest'
import {
  createManifestChecker,
  createRecordHasher,
  foldRange,
  type BelievableDigest,
  type FetchedManifest,
  type Manifest,
  type ManifestFinding,
} from '@opentrail/core/manifest'
import type { AccountId, Region } from '@opentrail/core/event'
import { streamId } from '@opentrail/core/event'
import { originOf, testCheckpointKey } from './checkpoint-signer.testing.ts'

export interface ReadObject {
  readonly body: Uint8Array
  readonly metadata?: Readonly<Record<string, string>>
}

/** Everything that the verifier finds of the manifests of one chain. `digests`: newest first. */
export async function verifyManifests(
  digests: readonly BelievableDigest[],
  chain: { readonly account: AccountId; readonly region: Region; readonly keys: PublicKeys },
  read: (place: Place) => Promise<ReadObject | undefined>,
): Promise<ManifestFinding[]> {
  const { account, region, keys } = chain
  const log = { origin: originOf(streamId(account, region)), verifiers: [testCheckpointKey] }
  const checker = createManifestChecker({ keys, log })
  const findings: ManifestFinding[] = []
  for (const digest of digests) {
    const manifest = checker.open(digest)
    for (let place = manifest.next(); place; place = manifest.next()) {
      const added = manifest.add(await fetchManifest(place, read))
      findings.push(...added.findings)
      if (added.manifest) findings.push(...manifest.fold(await foldAll(added.manifest, read)))
    }
    findings.push(...manifest.end())
  }
  return [...findings, ...checker.end().findings]
}

async function fetchManifest(
  place: Place,
  read: (place: Place) => Promise<ReadObject | undefined>,
): Promise<FetchedManifest> {
  const object = await read(place)
  if (!object) return { ...place, status: 'not-found' }
  const { body, metadata = {} } = object
  return { ...place, status: 'found', metadata, bytes: gunzipSync(body), hasTrailingData: false }
}

const foldAll = ({ ranges }: Manifest, read: (place: Place) => Promise<ReadObject | undefined>) =>
  Promise.all(
    ranges.map(async (range) => {
      const places = range.files.map(({ s3Bucket, s3Object }) => ({ bucket: s3Bucket, key: s3Object }))
      return foldRange(range, await Promise.all(places.map(async (place) => hashesOf(await read(place)))))
    }),
  )

function hashesOf(object: ReadObject | undefined): Uint8Array | undefined {
  if (!object) return undefined
  const hasher = createRecordHasher()
  hasher.add(gunzipSync(object.body))
  const hashed = hasher.end()
  return hashed.ok ? hashed.hashes : undefined
}
