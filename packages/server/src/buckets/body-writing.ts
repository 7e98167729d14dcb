import { createBodyDigests } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { looseKey, type PartRecord } from './directory-records.ts'
import type { IndexTransaction } from './object-index.ts'
import { putBytesMax } from './object-limits.ts'
import type { ExpectedBody } from './object-store.ts'
import { writeSealed } from './sealed-content.ts'
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
    const { md5, size, checksum, crc64 } = digests.finish()
    return { id, size, etag: md5.toString('hex'), ...(checksum && { checksum }), ...(crc64 !== undefined && { crc64 }) }
  } catch (error) {
    loose.discard({ kind: 'content', id })
    throw error
  }
}

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
