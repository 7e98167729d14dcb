import { digestBytesMax, type FetchedDigest, type FetchedLogFile, type Place } from '@opentrail/core/digest'
import type { ByteBudget } from './byte-budget.ts'
import type { ExaminedRecords, RecordsTask } from './examine-records.ts'
import type { Examiner } from './examiner.ts'
import { inflateAtOnce, inflateFirstMember, type Member } from './gzip-member.ts'
import { SourceError, type GetOptions, type ObjectSource, type StoredObject } from './object-source.ts'

/** What a plain copy of a digest lacks. */
export interface CopiedDigest {
  /** The signature is lost with the metadata; only the digest that follows repeats it. */
  readonly isCopy: boolean
}

/** Of a log file, compressed; CloudTrail's own have some megabytes. */
const storedBytesMax = 256 * 2 ** 20
/** Of a digest, compressed: what deflate cannot make smaller, it makes a thousandth larger. */
const storedDigestBytesMax = digestBytesMax + 2 ** 20
/** Hashed part by part, so it bounds time, not memory: a small file must not keep a verifier busy for ever. */
const logFileBytesMax = 2 ** 30
/** Of a digest that is decompressed in one piece: some milliseconds in which nothing else is done. */
const atOnceBytesMax = 4 * 2 ** 20

/** Never throws what the source says: it is a finding. */
export async function fetchDigest(source: ObjectSource, place: Place): Promise<FetchedDigest & CopiedDigest> {
  const object = await read(source, place, { bytesMax: storedDigestBytesMax })
  const isCopy = 'body' in object && object.metadata === undefined
  if (!('body' in object)) return { ...object, isCopy }
  const { member, content } = inflateAtOnce(object.body, atOnceBytesMax) ?? (await inflateInParts(object.body))
  const fault = faultOf(place, member)
  if (fault) return { ...fault, isCopy }
  const { hasTrailingData } = member as Exclude<Member, string>
  return { ...place, status: 'found', metadata: object.metadata ?? {}, bytes: content, hasTrailingData, isCopy }
}

async function inflateInParts(body: Uint8Array): Promise<{ member: Member; content: Uint8Array }> {
  const parts: Uint8Array[] = []
  const onBytes = (bytes: Uint8Array): void => void parts.push(bytes)
  const member = await inflateFirstMember(body, { bytesMax: digestBytesMax, onBytes })
  return { member, content: Buffer.concat(parts) }
}

/** With what log files are fetched and examined. */
export interface LogFileReader {
  readonly source: ObjectSource
  readonly examiner: Examiner
  /** For the stored bytes that are held. */
  readonly budget: ByteBudget
}

/** A log file, and its records where they were asked for and are some. */
export type ReadLogFile = FetchedLogFile & { readonly records?: ExaminedRecords }

/** Never throws what the source says: it is a finding. */
export async function fetchLogFile(
  { source, examiner, budget }: LogFileReader,
  place: Place,
  task?: RecordsTask,
): Promise<ReadLogFile> {
  let release: (() => void) | undefined
  const admit = async (bytes: number): Promise<void> => {
    release?.()
    release = await budget.take(bytes)
  }
  try {
    const object = await read(source, place, { bytesMax: storedBytesMax, admit })
    if (!('body' in object)) return object
    const options = { bytesMax: logFileBytesMax, ...(task && { records: task }) }
    const { member, sha256, records } = await examiner.examine(object.body, options)
    const fault = faultOf(place, member)
    if (fault) return fault
    const { hasTrailingData } = member as Exclude<Member, string>
    return { ...place, status: 'found', sha256, hasTrailingData, ...(records && { records }) }
  } finally {
    release?.()
  }
}

type Missing = Extract<FetchedDigest, { status: 'not-found' | 'unreadable' | 'not-gzip' | 'cut-short' }>

async function read(source: ObjectSource, place: Place, options: GetOptions): Promise<StoredObject | Missing> {
  try {
    return (await source.get(place, options)) ?? { ...place, status: 'not-found' }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { ...place, status: 'unreadable', reason: error.message }
  }
}

function faultOf(place: Place, member: Member): Missing | undefined {
  if (member === 'too-large') return { ...place, status: 'unreadable', reason: 'it is too large when decompressed' }
  return typeof member === 'string' ? { ...place, status: member } : undefined
}
