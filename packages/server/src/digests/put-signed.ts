import { digestMetadata } from '@opentrail/core/digest'
import { BucketError, type BucketCaller, type BucketStore, type NewObject } from '../buckets/index.ts'
import type { Gzip } from './gzip.ts'

/** What is compressed is smaller than its text, but for what frames it. */
const overheadBytes = 64 * 1024

export interface SignedObject {
  readonly bucket: string
  readonly key: string
  readonly bytes: Uint8Array
  readonly signature: string
  readonly caller: BucketCaller
  /** Absent: as the bucket says. */
  readonly encryption?: NewObject['encryption']
  /** Of a backfill digest, ms. */
  readonly generatedAt?: number
}

/**
 * Puts a digest, or a part of a manifest. Its key is no secret and follows from its time: where another object has it, that
 * one is replaced, as only CloudTrail may write there, and what is not ours would end the chain. An object that is seen to be
 * this one stays as it is.
 * @throws {BucketError} it is to be tried again.
 */
export async function putSigned(store: BucketStore, gzip: Gzip, signed: SignedObject): Promise<void> {
  const { bucket, key, bytes, signature, caller, encryption } = signed
  const object = {
    bucket,
    key,
    body: await gzip.pack(bytes),
    caller,
    ...(encryption && { encryption }),
    contentType: 'application/json',
    contentEncoding: 'gzip',
    metadata: digestMetadata(signature, signed.generatedAt),
  }
  const onlyIfAbsent = store.supportsConditionalPut(bucket)
  try {
    await store.put({ ...object, onlyIfAbsent })
  } catch (error) {
    if (!(error instanceof BucketError) || error.code !== 'PreconditionFailed') throw error
    if (await isThere(store, gzip, signed)) return
    await store.put(object)
  }
}

/**
 * False where it cannot be seen, too: another's object may be of any size, credentials may only put, and the key that encrypted
 * what an earlier attempt has put may be disabled. Then it is put again: at worst there is one version more of it.
 */
async function isThere(
  store: BucketStore,
  gzip: Gzip,
  { bucket, key, bytes, signature }: SignedObject,
): Promise<boolean> {
  const found = await store.get(bucket, key, { bytesMax: bytes.length + overheadBytes }).catch((error: unknown) => {
    if (error instanceof BucketError) return undefined
    throw error
  })
  if (found?.metadata?.['signature'] !== signature) return false
  const text = await gzip.unpack(found.body, bytes.length + 1)
  return text !== undefined && Buffer.compare(text, bytes) === 0
}
