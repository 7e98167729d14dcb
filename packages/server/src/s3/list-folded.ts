import type { ListPage } from '../buckets/index.ts'

/** What is listed: items, and what the delimiter folds together. In the order of their names, which is one order for both. */
export type ListEntry<Item> =
  | { readonly kind: 'item'; readonly name: string; readonly item: Item }
  | { readonly kind: 'prefix'; readonly name: string }

export interface FoldedPage<Item> {
  readonly entries: readonly ListEntry<Item>[]
  /** There are more; the last entry leads there. */
  readonly isTruncated: boolean
}

export interface ListQuestion {
  readonly prefix: string
  /** Empty: nothing is folded. */
  readonly delimiter: string
  /** Only what comes after this name; empty: from the start. */
  readonly after: string
  readonly limit: number
}

/** Asks a store for a page. `last` is the item to go on behind; absent: from where the listing begins. */
export type ReadPage<Item> = (
  from: Pick<ListPage, 'prefix' | 'afterPrefix' | 'limit'> & { readonly last?: Item },
) => Promise<{ readonly items: readonly Item[]; readonly isTruncated: boolean }>

/** The port's page size. */
const pageMax = 1_000
/** Where keys are folded: all of a folder's but the first are read for nothing. Grows while nothing is. */
const foldedPage = 8
const pageGrowth = 4

/**
 * One page of a listing. Each question to the store brings at least one entry or ends the listing, so that a folder of a
 * million objects costs one small question: what is folded is stepped over, not read.
 */
export async function listFolded<Item extends { readonly key: string }>(
  read: ReadPage<Item>,
  question: ListQuestion,
): Promise<FoldedPage<Item>> {
  const { prefix, limit } = question
  const entries: ListEntry<Item>[] = []
  // `after` may be a folded name, of which nothing is to be shown again.
  let afterPrefix = folded(question.after, question) === question.after ? question.after : undefined
  let last: Item | undefined
  let size = question.delimiter === '' ? pageMax : foldedPage
  // One more than wanted tells whether there are more.
  while (entries.length <= limit) {
    const wanted = Math.min(size, limit + 1 - entries.length)
    const page = await read({
      prefix,
      limit: wanted,
      ...(last !== undefined && { last }),
      ...(afterPrefix !== undefined && afterPrefix !== '' && { afterPrefix }),
    })
    for (const item of page.items) {
      const name = folded(item.key, question)
      if (name === undefined) entries.push({ kind: 'item', name: item.key, item })
      else if (entries.at(-1)?.name !== name) entries.push({ kind: 'prefix', name })
    }
    last = page.items.at(-1)
    if (!page.isTruncated || last === undefined) break
    afterPrefix = folded(last.key, question)
    const isFolded = page.items.some(({ key }) => folded(key, question) !== undefined)
    size = isFolded ? foldedPage : Math.min(pageMax, size * pageGrowth)
  }
  return { entries: entries.slice(0, limit), isTruncated: entries.length > limit }
}

/** The part up to the first delimiter behind the prefix. */
function folded(key: string, { prefix, delimiter }: ListQuestion): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}
