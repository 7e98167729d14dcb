import { readPositions } from '../delivery/index.ts'
import { hashBytes } from '../merkle/index.ts'
import { rangeFilesMax, type ManifestFile, type ManifestRange, type SequenceRange } from './manifest.ts'
import { Members } from './members.ts'

export const bucketCharsMax = 255
export const keyCharsMax = 1024
export const sha256Pattern = /^[0-9a-f]{64}$/
/** Our reasons are single words. */
const reasonCharsMax = 64

/** @throws {MemberFault} It begins after it ends, or holds nothing. */
export function readSpan(members: Members): SequenceRange {
  const from = members.count('from')
  return { from, to: members.count('to', from + 1) }
}

/** A range by itself. Whether its files and hidden hashes fit together is found when it is folded. @throws {MemberFault} */
export function readRange(json: unknown, path: string): ManifestRange {
  const members = new Members(json, path)
  const span = readSpan(members)
  const entries = span.to - span.from
  const files = members.list('files', rangeFilesMax, (file, at) => readFile(file, at, entries))
  const hidden = readHashes(members, 'hidden')
  if (!members.has('abandoned')) return { ...span, files, hidden }
  if (files.length > 0) throw members.fault('abandoned', 'a range that was given up has no files')
  const abandoned = members.object('abandoned')
  const reason = abandoned.text('reason', reasonCharsMax)
  return { ...span, files, hidden, abandoned: { reason, count: abandoned.count('count') } }
}

function readFile(json: unknown, path: string, entries: number): ManifestFile {
  const members = new Members(json, path)
  const positions = members.base64('positions')
  const read = readPositions(positions, { entries })
  if (!read.ok) throw members.fault('positions', read.message)
  return {
    s3Bucket: members.text('s3Bucket', bucketCharsMax),
    s3Object: members.text('s3Object', keyCharsMax),
    hashValue: members.match('hashValue', sha256Pattern),
    count: members.count('count', 1),
    positions,
  }
}

/** Hashes one after the other. @throws {MemberFault} */
export function readHashes(members: Members, name: string): Uint8Array {
  const bytes = members.base64(name)
  if (bytes.length % hashBytes !== 0) throw members.fault(name, `not hashes of ${hashBytes} bytes each`)
  return bytes
}

export const hashesIn = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / hashBytes }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes))
