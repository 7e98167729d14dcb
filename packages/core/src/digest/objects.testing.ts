import { createHash } from 'node:crypto'
import { constants, crc32, gzipSync, inflateRawSync } from 'node:zlib'
import type { FetchedDigest, FetchedLogFile, Place } from './fetched.ts'

/** An object as it lies in a bucket: compressed bytes and user metadata. */
export interface StoredObject {
  readonly body: Uint8Array
  readonly metadata: Readonly<Record<string, string>>
}

/** Buckets in memory, by `<bucket>/<key>`. */
export type Objects = Map<string, StoredObject>

export const placeName = ({ bucket, key }: Place): string => `${bucket}/${key}`
export function placeOf(name: string): Place {
  const slash = name.indexOf('/')
  return { bucket: name.slice(0, slash), key: name.slice(slash + 1) }
}

/** @param level of compression; another one makes other bytes of the same content. */
export const zip = (bytes: Uint8Array | string, level: number = constants.Z_DEFAULT_COMPRESSION): Uint8Array =>
  gzipSync(bytes, { level })

const headerBytes = 10
const trailerBytes = 8

/** The first gzip member, of the plain form that `zip` writes, and whether anything follows it. */
export function firstMember(
  body: Uint8Array,
): { readonly content: Uint8Array; readonly hasTrailingData: boolean } | 'not-gzip' | 'cut-short' {
  if (body.length < 2) return 'cut-short'
  if (body[0] !== 0x1f || body[1] !== 0x8b || (body[3] ?? 0) !== 0) return 'not-gzip'
  try {
    const inflated: unknown = inflateRawSync(body.subarray(headerBytes), { info: true })
    const { buffer, engine } = inflated as { buffer: Buffer; engine: { bytesWritten: number } }
    const end = headerBytes + engine.bytesWritten
    const trailer = Buffer.from(body.subarray(end, end + trailerBytes))
    if (trailer.length < trailerBytes) return 'cut-short'
    if (trailer.readUInt32LE(0) !== crc32(buffer)) return 'not-gzip'
    return { content: buffer, hasTrailingData: body.length > end + trailerBytes }
  } catch (error) {
    return error instanceof Error && /unexpected end/.test(error.message) ? 'cut-short' : 'not-gzip'
  }
}

export function fetchDigest(objects: Objects, place: Place): FetchedDigest {
  const object = objects.get(placeName(place))
  if (!object) return { ...place, status: 'not-found' }
  const member = firstMember(object.body)
  if (typeof member === 'string') return { ...place, status: member }
  const { content: bytes, hasTrailingData } = member
  return { ...place, status: 'found', metadata: object.metadata, bytes, hasTrailingData }
}

export function fetchLogFile(objects: Objects, place: Place): FetchedLogFile {
  const object = objects.get(placeName(place))
  if (!object) return { ...place, status: 'not-found' }
  const member = firstMember(object.body)
  if (typeof member === 'string') return { ...place, status: member }
  const sha256 = createHash('sha256').update(member.content).digest('hex')
  return { ...place, status: 'found', sha256, hasTrailingData: member.hasTrailingData }
}
