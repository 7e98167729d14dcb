import { keyBytesMax, type BucketStore, type ListedObject } from '../buckets/index.ts'

/** What is listed: objects, and what the delimiter folds together. In the order of their names, which is one order for both. */
export type ListEntry =
  | { readonly kind: 'object'; readonly name: string; readonly object: ListedObject }
  | { readonly kind: 'prefix'; readonly name: string }

export interface ListPage {
  readonly entries: readonly ListEntry[]
  /** There are more; the last entry's name, as `after`, leads there. */
  readonly isTruncated: boolean
}

export interface ListQuestion {
  readonly bucket: string
  readonly prefix: string
  /** Empty: nothing is folded. */
  readonly delimiter: string
  /** Only what comes after this name; empty: from the start. */
  readonly after: string
  readonly limit: number
}

/** The port's page size. */
const pageMax = 1_000
/** Where keys are folded: all of a folder's but the first are read for nothing. Grows while nothing is. */
const foldedPage = 8
const pageGrowth = 4
/** Comes after every other character in UTF-8 byte order. */
const lastCharacter = '\u{10ffff}'

/**
 * One page of a listing. Each question to the store brings at least one entry or ends the listing, so that a folder of a
 * million objects costs one small question: what is folded is stepped over, not read.
 */
export async function listObjects(store: BucketStore, question: ListQuestion): Promise<ListPage> {
  const { bucket, prefix, limit } = question
  const entries: ListEntry[] = []
  let after = startAfter(question)
  let size = question.delimiter === '' ? pageMax : foldedPage
  // One more than wanted tells whether there are more.
  while (entries.length <= limit) {
    const wanted = Math.min(size, limit + 1 - entries.length)
    const page = await store.list(bucket, { prefix, limit: wanted, ...(after !== '' && { after }) })
    for (const object of page.objects) {
      const folded = commonPrefix(object.key, question)
      const name = folded ?? object.key
      if (folded !== undefined && (entries.at(-1)?.name === folded || folded === question.after)) continue
      entries.push(folded === undefined ? { kind: 'object', name, object } : { kind: 'prefix', name })
    }
    const lastKey = page.objects.at(-1)?.key
    if (!page.isTruncated || lastKey === undefined) break
    const isFolded = page.objects.some(({ key }) => commonPrefix(key, question) !== undefined)
    size = isFolded ? foldedPage : Math.min(pageMax, size * pageGrowth)
    after = stepOver(lastKey, question)
  }
  return { entries: entries.slice(0, limit), isTruncated: entries.length > limit }
}

/** Behind all that is folded with this key; behind the key itself where it is one that even comes after those. */
function stepOver(key: string, question: ListQuestion): string {
  const folded = commonPrefix(key, question)
  const behind = folded === undefined ? key : behindAll(folded)
  return Buffer.compare(Buffer.from(behind), Buffer.from(key)) < 0 ? key : behind
}

/** `after` may be a folded name, of which nothing is to be shown again. */
function startAfter(question: ListQuestion): string {
  const { after, delimiter } = question
  const isFolded = delimiter !== '' && commonPrefix(after, question) === after
  return isFolded ? behindAll(after) : after
}

/** Longer than a key can be no store takes it; below so long a name there are but a few keys, which are passed one by one. */
function behindAll(folded: string): string {
  const behind = folded + lastCharacter
  return Buffer.byteLength(behind) > keyBytesMax ? folded : behind
}

/** The part up to the first delimiter behind the prefix. */
function commonPrefix(key: string, { prefix, delimiter }: ListQuestion): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}
