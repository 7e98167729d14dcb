import { createHash } from 'node:crypto'
import { digestBytesMax, type FetchedDigest, type FetchedLogFile, type Place } from '@opentrail/core/digest'
import { inflateFirstMember, type Member } from './gzip-member.ts'
import { SourceError, type ObjectSource, type StoredObject } from './object-source.ts'

/** What a plain copy of a digest lacks. */
export interface CopiedDigest {
  /** The signature is lost with the metadata; only the digest that follows repeats it. */
  readonly isCopy: boolean
}

/** Compressed; CloudTrail's own have some megabytes. */
const storedBytesMax = 256 * 2 ** 20
/** Hashed part by part, so it bounds time, not memory: a small file must not keep a verifier busy for ever. */
const logFileBytesMax = 2 ** 30

/** Never throws what the source says: it is a finding. */
export async function fetchDigest(source: ObjectSource, place: Place): Promise<FetchedDigest & CopiedDigest> {
  const object = await read(source, place)
  const isCopy = 'body' in object && object.metadata === undefined
  if (!('body' in object)) return { ...object, isCopy }
  const parts: Uint8Array[] = []
  const member = await inflateFirstMember(object.body, {
    bytesMax: digestBytesMax,
    onBytes: (bytes) => parts.push(bytes),
  })
  const fault = faultOf(place, member)
  if (fault) return { ...fault, isCopy }
  const { hasTrailingData } = member as Exclude<Member, string>
  return {
    ...place,
    status: 'found',
    metadata: object.metadata ?? {},
    bytes: Buffer.concat(parts),
    hasTrailingData,
    isCopy,
  }
}

/** Never throws what the source says: it is a finding. */
export async function fetchLogFile(source: ObjectSource, place: Place): Promise<FetchedLogFile> {
  const object = await read(source, place)
  if (!('body' in object)) return object
  const hash = createHash('sha256')
  const member = await inflateFirstMember(object.body, {
    bytesMax: logFileBytesMax,
    onBytes: (bytes) => hash.update(bytes),
  })
  const fault = faultOf(place, member)
  if (fault) return fault
  const { hasTrailingData } = member as Exclude<Member, string>
  return { ...place, status: 'found', sha256: hash.digest('hex'), hasTrailingData }
}

type Missing = Extract<FetchedDigest, { status: 'not-found' | 'unreadable' | 'not-gzip' | 'cut-short' }>

async function read(source: ObjectSource, place: Place): Promise<StoredObject | Missing> {
  try {
    return (await source.get(place, storedBytesMax)) ?? { ...place, status: 'not-found' }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { ...place, status: 'unreadable', reason: error.message }
  }
}

function faultOf(place: Place, member: Member): Missing | undefined {
  if (member === 'too-large') return { ...place, status: 'unreadable', reason: 'it is too large when decompressed' }
  return typeof member === 'string' ? { ...place, status: member } : undefined
}
