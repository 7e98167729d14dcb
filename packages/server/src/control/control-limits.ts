import { ControlLimitError, type ControlWrite } from './control-store.ts'

/** LMDB takes 1,978 and PostgreSQL's index 2,704; 500 leaves room for a prefix in either. */
export const keyBytesMax = 500
/** Small documents only: what is larger belongs into a bucket. */
export const valueBytesMax = 1024 * 1024
/** Enough to touch one document of each of 10,000 accounts at once (a new root key); more is a mistake of the caller. */
export const writesMax = 20_000
/** A transaction is held in memory whole, here and in the store. */
export const transactionBytesMax = 64 * 1024 * 1024
export const listLimitDefault = 1_000
/** One page is held in memory whole. */
export const listLimitMax = 10_000

/** A write as the adapters store it. `json: undefined` deletes. */
export interface EncodedWrite {
  readonly key: string
  readonly json: string | undefined
  readonly ifVersion: number | undefined
}

/** Checks what every adapter refuses, before anything is written. @throws {ControlLimitError} */
export function encodeWrites(writes: readonly ControlWrite[]): EncodedWrite[] {
  if (writes.length > writesMax)
    throw new ControlLimitError(`a transaction has ${writes.length} writes; at most ${writesMax} are taken`)
  const keys = new Set<string>()
  let bytes = 0
  const encoded = writes.map(({ key, value, ifVersion }) => {
    checkKey(key)
    if (keys.has(key)) throw new ControlLimitError(`a transaction writes "${key}" twice`)
    keys.add(key)
    if (ifVersion !== undefined && !(Number.isSafeInteger(ifVersion) && ifVersion >= 0))
      throw new ControlLimitError(`ifVersion of "${key}" is ${ifVersion}, not a version`)
    const json = encodeValue(key, value)
    bytes += key.length + (json?.length ?? 0)
    return { key, json, ifVersion }
  })
  if (bytes > transactionBytesMax)
    throw new ControlLimitError(`a transaction has ${bytes} bytes; at most ${transactionBytesMax} are taken`)
  return encoded
}

function encodeValue(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const json: unknown = JSON.stringify(value)
  if (typeof json !== 'string') throw new ControlLimitError(`the value of "${key}" is not JSON`)
  const bytes = Buffer.byteLength(json)
  if (bytes > valueBytesMax)
    throw new ControlLimitError(`the value of "${key}" has ${bytes} bytes; at most ${valueBytesMax} are taken`)
  return json
}

/** @throws {ControlLimitError} empty, too long, with control characters, or not well-formed Unicode. */
export function checkKey(key: string): void {
  const shown = JSON.stringify(key.slice(0, 100))
  if (key === '') throw new ControlLimitError('a key is empty')
  const bytes = Buffer.byteLength(key)
  if (bytes > keyBytesMax) throw new ControlLimitError(`key ${shown}... has ${bytes} bytes; at most ${keyBytesMax}`)
  // A NUL ends a text in PostgreSQL, and a lone surrogate becomes another character on its way to bytes.
  if (/\p{Cc}/u.test(key) || !key.isWellFormed())
    throw new ControlLimitError(`key ${shown} has control characters or is not well-formed Unicode`)
}

/** The number of documents a page has at most. @throws {ControlLimitError} */
export function checkListLimit(limit: number | undefined): number {
  if (limit === undefined) return listLimitDefault
  if (!Number.isInteger(limit) || limit < 1 || limit > listLimitMax)
    throw new ControlLimitError(`a page of ${limit} documents was asked for; 1 to ${listLimitMax} are possible`)
  return limit
}
