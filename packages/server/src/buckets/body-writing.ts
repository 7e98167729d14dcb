import { createBodyDigests } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { looseKey, type ObjectRecord } from './directory-records.ts'
import type { IndexTransaction } from './object-index.ts'
import { putBytesMax } from './object-limits.ts'
import type { PutRequest } from './object-store.ts'
import { writeSealed } from './sealed-content.ts'
import type { StoreContext } from './store-context.ts'

/** Bytes that are written and belong to nobody yet. */
export interface WrittenBody extends Pick<ObjectRecord, 'size' | 'etag' | 'checksum'> {
  readonly id: string
}

/** Writes the body of a put, or a part, to a content of its own that is on the list of loose ones; a failure leaves it there. */
export async function writeBody(
  { files, loose }: StoreContext,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  expected: PutRequest['expected'],
): Promise<WrittenBody> {
  const digests = createBodyDigests(expected ?? {}, putBytesMax)
  const id = await loose.take()
  try {
    await writeSealed(files, id, dataKey, body, digests)
    const { md5, size, checksum } = digests.finish()
    return { id, size, etag: md5.toString('hex'), ...(checksum && { checksum }) }
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
