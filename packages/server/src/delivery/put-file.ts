import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { BucketError, type BucketCaller, type BucketStore, type NewObject } from '../buckets/index.ts'
import type { PlannedFile } from './lane-document.ts'

/** What CloudTrail's log files carry (formats, "Object attributes"). */
const contentType = 'application/json'
const contentEncoding = 'gzip'
/** Compressed JSON is never larger than this beside its text; a larger object is not ours. */
const overheadBytes = 64 * 1024
/** Unzipped here: that takes less than a tenth of a millisecond, about what handing over to another thread does. */
const inPlaceBytesMax = 64 * 1024

const unzip = promisify(gunzip)

export interface FilePut {
  readonly bucket: string
  readonly file: PlannedFile
  readonly body: Uint8Array
  readonly caller: BucketCaller
  /** Absent: as the bucket says. */
  readonly encryption?: NewObject['encryption']
  /** An earlier attempt may have stored it: where the store takes no condition, it is read back first. */
  readonly isRepeated: boolean
}

/** Of an object that a trail puts: under its key, where it has one. */
export const encryptedUnder = (keyId: string | undefined): Pick<NewObject, 'encryption'> =>
  keyId === undefined ? {} : { encryption: { kind: 'aws:kms', keyId } }

/**
 * Puts one planned file so that it is there once. `taken`: the key has another object. Where the store takes
 * `If-None-Match: *` a repetition is refused by the store and compared; where it does not, an attempt that is still on its
 * way when it is repeated may be stored twice, with the same content under the same key.
 * @throws {BucketError} it may have to be tried again.
 */
export async function putFile(store: BucketStore, put: FilePut): Promise<'stored' | 'taken'> {
  const { bucket, file, body, caller, encryption, isRepeated } = put
  const onlyIfAbsent = store.supportsConditionalPut(bucket)
  if (isRepeated && !onlyIfAbsent) {
    const found = await readIfAllowed(store, bucket, file)
    if (found !== 'absent' && found !== 'hidden') return found === 'same' ? 'stored' : 'taken'
  }
  try {
    const object = { bucket, key: file.key, body, contentType, contentEncoding, caller, onlyIfAbsent }
    await store.put({ ...object, ...(encryption && { encryption }) })
    return 'stored'
  } catch (error) {
    if (!(error instanceof BucketError) || error.code !== 'PreconditionFailed') throw error
    const found = await readIfAllowed(store, bucket, file)
    if (found === 'absent') throw error
    // Nobody else can know the key, 16 random letters, before it is put: what has it is ours.
    return found === 'other' ? 'taken' : 'stored'
  }
}

/** Credentials that may only put, as CloudTrail's own policy has it, cannot look: `hidden`. */
const readIfAllowed = (store: BucketStore, bucket: string, file: PlannedFile) =>
  readBack(store, bucket, file).catch((error: unknown) => {
    if (error instanceof BucketError && error.code === 'AccessDenied') return 'hidden' as const
    throw error
  })

/**
 * Whether the planned object is in the bucket, judged by its content. That it is another one is believed only when two
 * readings agree: one garbled answer would have the file delivered a second time. @throws {BucketError} it cannot be told.
 */
export async function readBack(
  store: BucketStore,
  bucket: string,
  file: PlannedFile,
): Promise<'same' | 'other' | 'absent'> {
  const first = await readOnce(store, bucket, file)
  if (typeof first === 'string') return first
  const second = await readOnce(store, bucket, file)
  if (typeof second === 'string') return second
  if (Buffer.compare(first, second) === 0) return 'other'
  throw new BucketError('InvalidResponse', `${bucket} shows ${file.key} differently each time`)
}

/** Bytes: of another object, as it was shown. */
async function readOnce(
  store: BucketStore,
  bucket: string,
  { key, bytes, sha256 }: PlannedFile,
): Promise<'same' | 'other' | 'absent' | Uint8Array> {
  let body: Uint8Array
  try {
    ;({ body } = await store.get(bucket, key, { bytesMax: bytes + overheadBytes }))
  } catch (error) {
    if (error instanceof BucketError && error.code === 'NoSuchKey') return 'absent'
    if (error instanceof BucketError && error.code === 'EntityTooLarge') return 'other'
    throw error
  }
  const text = await unzipped(body, bytes)
  return text && createHash('sha256').update(text).digest('hex') === sha256 ? 'same' : body
}

/** Undefined: it is no gzip member of at most `bytes`. */
async function unzipped(body: Uint8Array, bytes: number): Promise<Uint8Array | undefined> {
  const options = { maxOutputLength: bytes + 1 }
  try {
    return bytes <= inPlaceBytesMax ? gunzipSync(body, options) : await unzip(body, options)
  } catch {
    return undefined
  }
}
