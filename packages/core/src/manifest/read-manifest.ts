import { isWithinShape } from '../digest/index.ts'
import { isAccountId, type AccountId } from '../event/index.ts'
import { alignedSpans, hashBytes, type MerkleFrontier } from '../merkle/index.ts'
import { noteBytesMax } from '../checkpoint/index.ts'
import { manifestFormat } from './manifest-bytes.ts'
import {
  hiddenHashesMax,
  manifestBytesMax,
  manifestFilesMax,
  manifestPartsMax,
  manifestRangesMax,
  manifestVersionsMax,
  type Manifest,
  type ManifestEnd,
} from './manifest.ts'
import { MemberFault, Members } from './members.ts'
import { bucketCharsMax, hashesIn, keyCharsMax, readHashes, readRange, readSpan, sha256Pattern } from './read-range.ts'
import { readRegion, readVersion } from './read-version.ts'

/** A manifest has six levels, selectors a few more. Twelve values a file, and each version may have all the selectors there are. */
const shape = { depthMax: 16, valuesMax: 24 * manifestFilesMax }
const arnCharsMax = 512

export interface ManifestFault {
  readonly ok: false
  /** The member that is wrong, such as `ranges[3].hidden`; empty where the text as a whole is. */
  readonly field: string
  readonly message: string
}
export type ReadManifest = { readonly ok: true; readonly manifest: Manifest } | ManifestFault

const fault = (field: string, message: string): ManifestFault => ({ ok: false, field, message })

/**
 * Reads the uncompressed JSON of a part. Strict about each member that it knows; unknown ones are ignored. Untrusted and
 * bounded in bytes, depth, values, ranges, files, hashes and versions; every member is well-formed, and nothing is said yet
 * about whether they fit together. Never throws.
 */
export function readManifest(bytes: Uint8Array): ReadManifest {
  if (bytes.length > manifestBytesMax) return fault('', `a part has at most ${manifestBytesMax} bytes`)
  if (!isWithinShape(bytes, shape)) return fault('', 'the JSON is nested deeper or has more values than a manifest')
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return fault('', 'the bytes are no JSON in UTF-8')
  }
  try {
    return { ok: true, manifest: readMembers(new Members(json, '')) }
  } catch (error) {
    if (error instanceof MemberFault) return fault(error.field, error.message)
    throw error
  }
}

function readMembers(members: Members): Manifest {
  if (members.raw('manifestVersion') !== manifestFormat)
    throw members.fault('manifestVersion', `this program reads version ${manifestFormat}`)
  const part = members.count('part', 1)
  if (part > manifestPartsMax) throw members.fault('part', `at most ${manifestPartsMax}`)
  const manifest: Manifest = {
    awsAccountId: readAccount(members),
    region: readRegion(members, 'region'),
    trailArn: members.text('trailArn', arnCharsMax),
    digestS3Bucket: members.text('digestS3Bucket', bucketCharsMax),
    digestS3Object: members.text('digestS3Object', keyCharsMax),
    digestHashValue: members.match('digestHashValue', sha256Pattern),
    publicKeyFingerprint: members.match('publicKeyFingerprint', /^[0-9a-f]{32}$/),
    part,
    isLast: members.boolean('isLast'),
    isFirst: members.boolean('isFirst'),
    start: readStart(members.object('start')),
    end: readEnd(members.object('end')),
    ...(members.has('lost') && { lost: readSpan(members.object('lost')) }),
    versions: members.list('versions', manifestVersionsMax, readVersion),
    ranges: members.list('ranges', manifestRangesMax, readRange),
  }
  checkTotals(members, manifest)
  return manifest
}

function readAccount(members: Members): AccountId {
  const account = members.raw('awsAccountId')
  if (typeof account !== 'string' || !isAccountId(account)) throw members.fault('awsAccountId', 'no account')
  return account
}

function readStart(members: Members): MerkleFrontier {
  const size = members.count('sequence')
  const nodes = hashesIn(readHashes(members, 'nodes'))
  const expected = [...alignedSpans({ begin: 0, end: size })].length
  if (nodes.length !== expected) throw members.fault('nodes', `${nodes.length} nodes, not ${expected}`)
  return { size, nodes }
}

function readEnd(members: Members): ManifestEnd {
  const sequence = members.count('sequence')
  const root = readHashes(members, 'root')
  if (root.length !== hashBytes) throw members.fault('root', 'no hash')
  const checkpoint = members.raw('checkpoint')
  // What kind of note it is shows when it is opened.
  if (typeof checkpoint !== 'string' || checkpoint.length > noteBytesMax) throw members.fault('checkpoint', 'no note')
  return { sequence, root, checkpoint }
}

function checkTotals(members: Members, { ranges }: Manifest): void {
  const files = ranges.reduce((sum, range) => sum + range.files.length, 0)
  if (files > manifestFilesMax) throw members.fault('ranges', `more than ${manifestFilesMax} files`)
  const hashes = ranges.reduce((sum, range) => sum + range.hidden.length / hashBytes, 0)
  if (hashes > hiddenHashesMax) throw members.fault('ranges', `more than ${hiddenHashesMax} hidden hashes`)
}
