import type { ContextValues } from './pattern.ts'
import { lowerAscii } from './policy-document.ts'

/** Keys of one request's context; AWS services set some 60 at most. */
export const contextKeysMax = 200
/** Characters of all values of one request's context, which bounds what one evaluation can cost. */
export const contextCharsMax = 16_384
/** Values of all keys of one request's context. */
export const contextValuesMax = 500
/** Characters of an action or a resource; ARNs are at most 2,048 long, and object keys 1,024 bytes. */
export const requestTextCharsMax = 4_096

/**
 * The context by keys in lower case; lists without a value count as missing. Undefined if it is too large, or if two keys
 * differ in letter case only: nobody could say which of them a policy means.
 */
export function readContext(
  context: Readonly<Record<string, string | readonly string[] | undefined>>,
): ContextValues | undefined {
  const read = new Map<string, readonly string[]>()
  let chars = 0
  let count = 0
  for (const [writtenKey, value] of Object.entries(context)) {
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value
    if (values.length === 0) continue
    const key = lowerAscii(writtenKey)
    if (read.has(key) || read.size === contextKeysMax) return undefined
    read.set(key, values)
    count += values.length
    if (count > contextValuesMax) return undefined
    for (const text of values) chars += text.length
    if (chars > contextCharsMax) return undefined
  }
  return read
}
