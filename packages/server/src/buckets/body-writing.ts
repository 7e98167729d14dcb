import { systemRandom } from '../clock/index.ts'
import { createBodyDigests, type BodyDigests } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { inlineKey, looseKey, type ObjectRecord, type PartRecord } from './directory-records.ts'
import type { IndexTransaction } from './object-index.ts'
import { putBytesMax } from './object-limits.ts'
import type { ExpectedBody } from './object-store.ts'
import { sealWhole, writeSealed } from './sealed-content.ts'
import type { StoreContext } from './store-context.ts'

/** Bytes that are written and belong to nobody yet. */
export interface WrittenBody extends Pick<PartRecord, 'size' | 'etag' | 'checksum' | 'crc64'> {
  readonly id: string
}

/** Writes the body of a put, or a part, to a content of its own that is on the list of loose ones; a failure leaves it there. */
export async function writeBody(
  { files, loose }: StoreContext,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  expected: ExpectedBody,
  options: { readonly withCrc64?: boolean } = {},
): Promise<WrittenBody> {
  const digests = createBodyDigests(expected, putBytesMax, options)
  const id = await loose.take()
  try {
    await writeSealed(files, id, dataKey, body, digests)
    return { id, ...finished(digests) }
  } catch (error) {
    loose.discard({ kind: 'content', id })
    throw error
  }
}

function finished(digests: BodyDigests): Omit<WrittenBody, 'id'> {
  const { md5, size, checksum, crc64 } = digests.finish()
  return { size, etag: md5.toString('hex'), ...(checksum && { checksum }), ...(crc64 !== undefined && { crc64 }) }
}

/**
 * Contents up to this many bytes are kept in the index: about a page of LMDB, where a file costs a folder's entry, an inode and
 * a block, and two syncs. Beyond it, the index, which never shrinks, would grow by what lasts for a day.
 */
const inlineBytesMax = 4_096

/** What a put has written so far, and the transaction that makes it somebody's. */
export interface WrittenObject {
  readonly content: WrittenBody & Pick<ObjectRecord, 'isInline'>
  publish<T>(change: (transaction: IndexTransaction) => T): Promise<T>
}

/** The body of an object: into a file, or where it is announced as small, into the transaction itself. */
export async function writeObject(
  context: StoreContext,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  expected: ExpectedBody,
): Promise<WrittenObject> {
  if (expected.size === undefined || expected.size > inlineBytesMax) {
    const content = await writeBody(context, dataKey, body, expected)
    return { content, publish: (change) => publishing(context, content.id, change) }
  }
  const id = Buffer.from(systemRandom.bytes(idBytes)).toString('hex')
  const digests = createBodyDigests(expected, putBytesMax)
  const sealed = await sealWhole(id, dataKey, body, digests, inlineBytesMax)
  return {
    content: { id, isInline: true, ...finished(digests) },
    publish: (change) =>
      context.index.transact((transaction) => {
        transaction.put(inlineKey(id), sealed)
        return change(transaction)
      }),
  }
}
const idBytes = 16

/** Runs a transaction that gives a written content to somebody; if it does not, the content is garbage. */
export async function publishing<T>(
  { index, loose }: StoreContext,
  id: string,
  change: (transaction: IndexTransaction) => T,
): Promise<T> {
  try {
    return await index.transact((transaction) => {
      transaction.remove(looseKey(id))
      return change(transaction)
    })
  } catch (error) {
    // Of an unknown outcome, the file may be the object's: the index decides at the next opening.
    if (!(error instanceof BucketError && error.isOutcomeUnknown)) loose.discard({ kind: 'content', id })
    throw error
  }
}
