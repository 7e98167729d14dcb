import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { digestMetadata } from '@opentrail/core/digest'
import { BucketError, type BucketCaller, type BucketStore } from '../buckets/index.ts'

const pack = promisify(gzip)
const unpack = promisify(gunzip)
/** A compressed digest is smaller than its text, but for what frames it. */
const overheadBytes = 64 * 1024

export interface DigestPut {
  readonly bucket: string
  readonly key: string
  readonly bytes: Uint8Array
  readonly hash: string
  readonly signature: string
  readonly caller: BucketCaller
}

/**
 * Puts a digest. Its key is no secret and follows from its time: where another object has it, that one is replaced, as
 * only CloudTrail may write there, and what is not ours would end the chain. An object that is this digest stays as it is.
 * @throws {BucketError} it is to be tried again.
 */
export async function putDigest(store: BucketStore, digest: DigestPut): Promise<void> {
  const { bucket, key, bytes, signature, caller } = digest
  const object = {
    bucket,
    key,
    body: new Uint8Array(await pack(bytes)),
    caller,
    contentType: 'application/json',
    contentEncoding: 'gzip',
    metadata: digestMetadata(signature),
  }
  const onlyIfAbsent = store.supportsConditionalPut(bucket)
  try {
    await store.put({ ...object, onlyIfAbsent })
  } catch (error) {
    if (!(error instanceof BucketError) || error.code !== 'PreconditionFailed') throw error
    if (await isThere(store, digest)) return
    await store.put(object)
  }
}

async function isThere(store: BucketStore, { bucket, key, bytes, hash, signature }: DigestPut): Promise<boolean> {
  const { body, metadata } = await store.get(bucket, key, { bytesMax: bytes.length + overheadBytes })
  if (metadata?.['signature'] !== signature) return false
  const text = await unpack(body, { maxOutputLength: bytes.length + 1 }).catch(() => undefined)
  return text !== undefined && createHash('sha256').update(text).digest('hex') === hash
}
