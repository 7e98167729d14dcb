import type { JsonOutline } from '../event/index.ts'
import { foldCase, membersOf, type SearchedEvent } from './searched-event.ts'

/** What can stand outside of strings in a JSON text, folded. */
const betweenStrings = /^[-+.:,{}[\]\s\deflrstnua]*$/
const structure = /[:,{}[\]\s]/
/** What JSON may write as a backslash and one more character; control characters it must write so. */
const escapable = /["\\/\p{Cc}]/u

/**
 * Whether a member's name or a value (texts decoded, numbers and literals as written) contains the text, in any case of letters.
 * Nearly every record is told by its raw text, which is what makes this fast; the others are read string by string.
 */
export function textCondition(text: string): (event: SearchedEvent) => boolean {
  const needle = foldCase(text)
  // A needle that the raw text has, too, lies within one string, unless it could be a piece of what stands between strings.
  const isPiece = !/["\\]/.test(needle) && !(structure.test(needle) && betweenStrings.test(needle))
  // Where something is escaped, no more than this of the needle has to be there as it is.
  const literal = longest(needle.split(escapable))
  return (event) => {
    const raw = event.foldedText
    if (!raw.includes('\\')) return raw.includes(needle) && (isPiece || inStrings(event, needle))
    if (raw.includes(String.raw`\u`)) return inStrings(event, needle)
    if (!raw.includes(literal)) return false
    const at = isPiece ? raw.indexOf(needle) : -1
    // Behind a backslash the first character may be half of an escape.
    return (at >= 0 && raw.charAt(at - 1) !== '\\') || inStrings(event, needle)
  }
}

const longest = (parts: readonly string[]): string =>
  parts.reduce((found, part) => (part.length > found.length ? part : found), '')

function inStrings(event: SearchedEvent, needle: string): boolean {
  const outline = membersOf(event)?.outline
  return outline ? containsText(outline, 0, needle) : event.foldedText.includes(needle)
}

/** Whether the entry, or a name or value within it, contains the folded text. */
export function containsText(outline: JsonOutline, entry: number, needle: string): boolean {
  const behind = outline.next[entry]!
  for (let part = entry; part < behind; part++) {
    if (part > entry && outline.keyStart[part]! >= 0 && foldCase(outline.key(part)).includes(needle)) return true
    if (!outline.isObject(part) && !outline.isArray(part) && foldCase(scalarText(outline, part)).includes(needle))
      return true
  }
  return false
}

const scalarText = (outline: JsonOutline, entry: number): string =>
  outline.isString(entry) ? outline.string(entry) : outline.valueText(entry)
