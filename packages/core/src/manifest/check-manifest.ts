import {
  isSignatureOf,
  type AvailableDigest,
  type DigestFile,
  type Place,
  type PublicKeys,
  type Unavailable,
} from '../digest/index.ts'
import { isAccountId } from '../event/index.ts'
import { trailArn } from '../trail/index.ts'
import { manifestFinding, type ManifestFinding, type ManifestFindingKind } from './finding.ts'
import { parseManifestKey, type ManifestName } from './manifest-key.ts'
import { manifestTextToSign } from './manifest-signature.ts'
import type { Manifest } from './manifest.ts'
import { readManifest } from './read-manifest.ts'

/** A manifest's part as read from a bucket: all of it is untrusted. What digests are fetched as fits. */
export type FetchedManifest = AvailableDigest | Unavailable

/** A digest that something vouches for. */
export interface BelievableDigest {
  readonly place: Place
  readonly digest: DigestFile
  /** Lower hex, of the bytes as stored. */
  readonly sha256: string
}

export interface CheckedManifest {
  readonly findings: readonly ManifestFinding[]
  /** What the part says; absent where nothing vouches for it. */
  readonly manifest?: Manifest
}

/** The part is authentic all the same. */
const harmless: ReadonlySet<ManifestFindingKind> = new Set<ManifestFindingKind>(['manifest-trailing-data'])

/**
 * Checks one part by itself: that it can be read, belongs to its place and to this digest, and is signed by the digest's
 * key. Never throws; the object is untrusted, and its size bounded.
 */
export function checkManifest(fetched: FetchedManifest, digest: BelievableDigest, keys: PublicKeys): CheckedManifest {
  if (fetched.status === 'not-found') return { findings: [manifestFinding('manifest-missing', fetched)] }
  if (fetched.status !== 'found') {
    const reason = fetched.status === 'unreadable' ? fetched.reason : fetched.status
    return { findings: [manifestFinding('manifest-unreadable', fetched, { field: '', reason })] }
  }
  const read = readManifest(fetched.bytes)
  if (!read.ok) {
    const { field, message: reason } = read
    return { findings: [manifestFinding('manifest-unreadable', fetched, { field, reason })] }
  }
  const findings = [
    ...(fetched.hasTrailingData ? [manifestFinding('manifest-trailing-data', fetched)] : []),
    ...checkOwner(fetched, read.manifest),
    ...checkDigest(fetched, read.manifest, digest),
    ...checkSignature(fetched, read.manifest, digest, keys),
  ]
  return findings.every(({ kind }) => harmless.has(kind)) ? { findings, manifest: read.manifest } : { findings }
}

function checkOwner(place: Place, manifest: Manifest): ManifestFinding[] {
  const name = parseManifestKey(place.key)
  if (!name) return [manifestFinding('manifest-foreign', place, { member: 'key' })]
  const { account, sourceRegion, part } = name
  const isOwn: readonly (readonly [string, boolean])[] = [
    ['awsAccountId', manifest.awsAccountId === account],
    ['region', manifest.region === sourceRegion],
    ['trailArn', isArnOf(manifest.trailArn, name)],
    ['part', manifest.part === part],
  ]
  return isOwn.flatMap(([member, is]) => (is ? [] : [manifestFinding('manifest-foreign', place, { member })]))
}

/** An organization's trail is another account's than the one whose events it delivers. */
function isArnOf(arn: string, { account, homeRegion, trailName, organizationId }: ManifestName): boolean {
  const owner = organizationId === undefined ? account : (arn.split(':')[4] ?? '')
  return isAccountId(owner) && arn === trailArn({ account: owner, homeRegion, name: trailName })
}

function checkDigest(place: Place, manifest: Manifest, { place: digest, sha256 }: BelievableDigest): ManifestFinding[] {
  const { digestS3Bucket: bucket, digestS3Object: key, digestHashValue: actual } = manifest
  if (bucket !== digest.bucket || key !== digest.key)
    return [manifestFinding('digest-mismatch', place, { bucket, key }, 'The manifest was made for another digest.')]
  if (actual === sha256) return []
  const message = 'The manifest was made for another content of the digest.'
  return [manifestFinding('digest-mismatch', place, { expected: sha256, actual }, message)]
}

function checkSignature(
  fetched: AvailableDigest,
  manifest: Manifest,
  { digest, sha256 }: BelievableDigest,
  keys: PublicKeys,
): ManifestFinding[] {
  const { publicKeyFingerprint: fingerprint } = manifest
  const key = keys.get(digest.digestPublicKeyFingerprint)?.key
  if (fingerprint !== digest.digestPublicKeyFingerprint || !key)
    return [manifestFinding('wrong-key', fetched, { fingerprint, expected: digest.digestPublicKeyFingerprint })]
  const { signature, 'signature-algorithm': algorithm } = fetched.metadata
  if (signature === undefined || algorithm !== 'SHA256withRSA') return [manifestFinding('signature-missing', fetched)]
  const text = manifestTextToSign({ bucket: fetched.bucket, key: fetched.key, digestHashValue: sha256 }, fetched.bytes)
  return isSignatureOf(text, signature, key) ? [] : [manifestFinding('signature-invalid', fetched, { fingerprint })]
}
