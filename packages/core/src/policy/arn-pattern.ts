import { patternTest } from './pattern-match.ts'
import { resolvePattern, type ContextValues } from './pattern.ts'
import type { Pattern, PatternPiece } from './policy-document.ts'

/** arn:partition:service:region:account:resource; the resource may hold more colons. */
const arnParts = 6

/**
 * Tells of an ARN whether it is as the pattern says, part by part: a wildcard does not reach beyond its part. `*` alone
 * matches every text. With `completed`, parts missing at the pattern's end match anything, as AWS has it for Resource
 * elements. Undefined as in `resolvePattern`.
 *
 * Where the policy itself writes all parts, colons in the values of variables do not make new ones: whoever chooses a tag
 * must not choose the account too.
 */
export function arnTest(
  pattern: Pattern,
  context: ContextValues,
  completed: boolean,
): ((text: string) => boolean) | undefined {
  if (pattern.length > 0 && pattern.every((piece) => piece.kind === 'any')) return () => true
  const parts = resolveParts(pattern, context)
  if (!parts) return undefined
  const tests = parts.map(patternTest)
  return (text) => {
    const given = splitText(text)
    if (given.length < arnParts || (tests.length < arnParts && !completed)) return false
    return tests.every((test, index) => test(given[index]!))
  }
}

function resolveParts(pattern: Pattern, context: ContextValues): readonly Pattern[] | undefined {
  const written = splitPattern(pattern)
  if (written.length < arnParts) {
    const resolved = resolvePattern(pattern, context)
    return resolved && splitPattern(resolved)
  }
  const parts: Pattern[] = []
  for (const part of written) {
    const resolved = resolvePattern(part, context)
    if (!resolved) return undefined
    parts.push(resolved)
  }
  return parts
}

function splitText(text: string): string[] {
  const parts: string[] = []
  let start = 0
  while (parts.length < arnParts - 1) {
    const colon = text.indexOf(':', start)
    if (colon < 0) break
    parts.push(text.slice(start, colon))
    start = colon + 1
  }
  return [...parts, text.slice(start)]
}

function splitPattern(pattern: Pattern): Pattern[] {
  const parts: PatternPiece[][] = [[]]
  for (const piece of pattern) {
    if (piece.kind !== 'text') {
      parts.at(-1)!.push(piece)
      continue
    }
    let { text } = piece
    while (parts.length < arnParts && text.includes(':')) {
      const colon = text.indexOf(':')
      if (colon > 0) parts.at(-1)!.push({ kind: 'text', text: text.slice(0, colon) })
      parts.push([])
      text = text.slice(colon + 1)
    }
    if (text !== '') parts.at(-1)!.push({ kind: 'text', text })
  }
  return parts
}
