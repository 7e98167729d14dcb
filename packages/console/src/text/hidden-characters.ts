/**
 * What is there and cannot be seen, or turns the reading direction: with it a name can look like another one. Control characters, zero-width
 * and direction marks, tags, and what stands for nothing.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\u00a0\u115f\u1160\u3164\uffa0]|\p{Cs}/gu

export type TextPart = { readonly kind: 'text' | 'hidden'; readonly text: string }

/** The text in parts; a hidden character is named: `U+202E`. Line ends and tabs are hidden, too: values have one line. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(hidden)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push({ kind: 'hidden', text: codePointName(match[0]) })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

/** Where text only can stand, as in a title: hidden characters by name, at most `max` characters. */
export const visibleText = (text: string, max = 200): string =>
  partsOf(text.length > max ? `${text.slice(0, max)}…` : text)
    .map((part) => part.text)
    .join('')

const codePointName = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
