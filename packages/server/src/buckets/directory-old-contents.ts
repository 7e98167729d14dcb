import { publishing, writeBody } from './body-writing.ts'
import { CallerFailure } from './caller-failure.ts'
import { readBucket } from './directory-buckets.ts'
import { listGarbage, type Garbage } from './directory-garbage.ts'
import { decodeObject, keyOfVersion, oldKey, type ObjectRecord } from './directory-records.ts'
import { findVersion, putVersion, versionIdOf, type ObjectPlace } from './directory-versions.ts'
import { readContent } from './sealed-content.ts'
import type { StoreContext } from './store-context.ts'
import { keyedObject, ownerAs } from './version-head.ts'

const currentKind = Buffer.from('o')
const kinds = [currentKind, Buffer.from('v')]
/** Records looked at between two turns of everybody else. */
const pageSize = 100

/**
 * Seals what format 1 wrote, content by content, while the store is in use: each is written anew and then exchanged in one
 * transaction, so a process that dies leaves the old one or the new one. An object that cannot be read is passed over, told
 * of, and tried again at the next opening. Resolves when all are done, or `signal` came.
 */
export async function sealOldContents(
  context: StoreContext,
  options: { readonly signal: AbortSignal; readonly onFailure: (error: unknown) => void },
): Promise<void> {
  const { index } = context
  const { signal, onFailure } = options
  if (!index.get(oldKey)) return
  let isComplete = true
  for (const kind of kinds)
    for (let after: Buffer | undefined; ;) {
      const page = index.range(kind, after, pageSize)
      for (const { key, value } of page) {
        if (signal.aborted) return
        const record = decodeObject(value)
        if (record.id === undefined || record.dataKey) continue
        try {
          await sealOne(context, placeOf(kind, key), record)
        } catch (error) {
          isComplete = false
          onFailure(error instanceof CallerFailure ? error.cause : error)
        }
      }
      if (page.length < pageSize) break
      after = page.at(-1)!.key
      // Records that are sealed already cost no waiting: others get their turn here.
      await new Promise((resolve) => setImmediate(resolve))
    }
  if (isComplete) await index.transact((transaction) => transaction.remove(oldKey))
}

function placeOf(kind: Buffer, key: Buffer): ObjectPlace {
  const name = key.indexOf(0) + 1
  return {
    bucket: key.toString('utf8', kind.length, name - 1),
    key: kind === currentKind ? key.toString('utf8', name) : keyOfVersion(key, name),
  }
}

async function sealOne(context: StoreContext, place: ObjectPlace, old: ObjectRecord): Promise<void> {
  const { index, files, loose, keys } = context
  const { id = '', size, sha256 = '' } = old
  const bucket = readBucket(index, place.bucket)
  const unpin = loose.pin(id)
  const { plaintext, wrapped } = await keys.create(keyedObject(bucket, place), { kind: 'AES256' }, ownerAs(bucket))
  try {
    const body = readContent(files, { id, size, sha256 }, undefined, { from: 0, to: size })
    const written = await writeBody(context, plaintext, body, { size })
    const left = await publishing(context, written.id, (transaction) => {
      const found = findVersion(transaction, place, versionIdOf(old))
      // Replaced or deleted meanwhile: then it is the new content that nobody needs.
      const isThere = found?.record.id === id
      if (isThere) {
        const { sha256: _, ...record } = found.record
        putVersion(transaction, place, { ...found, record: { ...record, id: written.id, dataKey: wrapped } })
      }
      const garbage: Garbage = { kind: 'content', id: isThere ? id : written.id }
      listGarbage(transaction, garbage)
      return garbage
    })
    loose.discard(left)
  } finally {
    plaintext.fill(0)
    unpin()
  }
}
