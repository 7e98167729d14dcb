import { parseEventTime } from '../event/index.ts'
import { checkContent } from './check-content.ts'
import { checkMetadata, checkSignature, type SignatureFields } from './check-signature.ts'
import type { DigestFile } from './digest-file.ts'
import { digestHead, type DigestHead } from './digest-head.ts'
import { parseDigestKey, type DigestName } from './digest-key.ts'
import { chainDifference, type ExpectedChain } from './expected-chain.ts'
import type { AvailableDigest, FetchedDigest, Unavailable } from './fetched.ts'
import { finding, type Finding, type FindingKind } from './finding.ts'
import type { PublicKeys } from './public-key.ts'
import { parseDigestJson, readDigestJson, type JsonObject } from './read-digest.ts'

/** What every digest of CloudTrail covers. */
export const digestWindowMs = 3_600_000

export interface DigestExpectations {
  readonly keys: PublicKeys
  readonly expected: ExpectedChain
  /** Ours to vary in tests; `digestWindowMs` by default. */
  readonly windowMs?: number
}

export interface CheckedDigest {
  readonly findings: readonly Finding[]
  /** Where the content could be read, whether or not anything vouches for it. */
  readonly content?: { readonly digest: DigestFile; readonly head: DigestHead }
  /** The digest is of this chain and place, and signed: its content may be believed. */
  readonly isAuthentic: boolean
}

/** The digest is authentic all the same: these tell of its content, not of its origin. */
const harmless: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'digest-trailing-data',
  'signature-algorithm-differs',
  'window-length',
  'link-incomplete',
  'event-times-differ',
  'log-file-listed-twice',
  'log-file-foreign',
])

/**
 * Checks one digest by itself: format, place, chain, metadata, key and signature, window and entries. All findings, not only
 * the first. Never throws; the object is untrusted, and its size bounded.
 */
export function checkDigest(fetched: FetchedDigest, expectations: DigestExpectations): CheckedDigest {
  if (fetched.status !== 'found') return { findings: [unavailable(fetched)], isAuthentic: false }
  const { keys, expected, windowMs = digestWindowMs } = expectations
  const name = parseDigestKey(fetched.key)
  const parsed = parseDigestJson(fetched.bytes)
  const json = parsed.ok ? parsed.json : {}
  const read = parsed.ok ? readDigestJson(json) : parsed
  const isBackfill = name?.isBackfill ?? false
  const fields = signatureFields(json)
  const findings = [
    ...(fetched.hasTrailingData ? [trailingData(fetched)] : []),
    ...checkMetadata(fetched, isBackfill),
    ...(read.ok ? [] : [formatFault(fetched, read.field, read.message, parsed.ok ? json : undefined)]),
    ...checkPlace(fetched, json, expected, name),
    ...(fields ? checkSignature(fetched, fields, keys, isBackfill) : []),
    ...(read.ok ? checkContent(fetched, read.digest, expected, windowMs) : []),
  ]
  const isAuthentic = read.ok && findings.every(({ kind }) => harmless.has(kind))
  if (!read.ok) return { findings, isAuthentic }
  return { findings, content: { digest: read.digest, head: digestHead(fetched, read.digest) }, isAuthentic }
}

function unavailable(fetched: Unavailable): Finding {
  if (fetched.status === 'not-found') return finding('digest-not-found', fetched, 'The digest is not in the bucket.')
  if (fetched.status === 'unreadable')
    return finding('digest-unreadable', fetched, 'The digest could not be read.', { reason: fetched.reason })
  const message = 'The digest is no whole gzip stream.'
  return finding('digest-format', fetched, message, { field: '', reason: fetched.status, awsSees: 'unparsed' })
}

const trailingData = (fetched: AvailableDigest): Finding =>
  finding('digest-trailing-data', fetched, 'There are bytes behind the end of the digest.')

/** The members without which the AWS CLI calls a digest malformed; it looks at no others' types. */
const awsRequired = [
  'digestPublicKeyFingerprint',
  'digestS3Bucket',
  'digestS3Object',
  'previousDigestSignature',
  'digestEndTime',
  'digestStartTime',
]

/** `awsSees`: how early the AWS CLI stumbles over it, if at all. */
function formatFault(fetched: AvailableDigest, field: string, message: string, json: JsonObject | undefined): Finding {
  const lacks = json && awsRequired.some((name) => !Object.hasOwn(json, name))
  const awsSees = json ? (lacks ? 'member' : 'nothing') : 'unparsed'
  return finding('digest-format', fetched, `The digest cannot be read: ${message}.`, {
    field,
    reason: message,
    awsSees,
  })
}

/** The signed members, where they are texts at all: so the signature of a digest with other faults is judged, too. */
function signatureFields(json: JsonObject): SignatureFields | undefined {
  const { digestEndTime, digestS3Bucket, digestS3Object, previousDigestSignature, digestPublicKeyFingerprint } = json
  if (typeof digestEndTime !== 'string' || typeof digestS3Bucket !== 'string') return undefined
  if (typeof digestS3Object !== 'string' || typeof digestPublicKeyFingerprint !== 'string') return undefined
  if (typeof previousDigestSignature !== 'string' && previousDigestSignature !== null) return undefined
  return { digestEndTime, digestS3Bucket, digestS3Object, previousDigestSignature, digestPublicKeyFingerprint }
}

function checkPlace(
  fetched: AvailableDigest,
  json: JsonObject,
  expected: ExpectedChain,
  name: DigestName | undefined,
): Finding[] {
  const { digestS3Bucket: bucket, digestS3Object: key, digestEndTime: endTime, awsAccountId: account } = json
  const findings: Finding[] = []
  if (typeof bucket === 'string' && typeof key === 'string' && (bucket !== fetched.bucket || key !== fetched.key))
    findings.push(finding('digest-moved', fetched, 'The digest was written to another place.', { bucket, key }))
  const isOtherAccount = typeof account === 'string' && account !== expected.account
  const part = isOtherAccount ? 'account' : name && chainDifference(name, expected)
  if (part !== undefined) {
    const message = 'The digest is of another chain than the one that is checked.'
    const actual = isOtherAccount ? account : (name?.[part] ?? null)
    findings.push(finding('digest-foreign', fetched, message, { part, expected: expected[part] ?? null, actual }))
  }
  if (!name) findings.push(finding('digest-misnamed', fetched, 'The key is not one that digests have.'))
  else if (typeof endTime === 'string' && parseEventTime(endTime) !== name.endTime)
    findings.push(
      finding('digest-misnamed', fetched, 'The stamp of the key is not the end of the digest.', { endTime }),
    )
  return findings
}
