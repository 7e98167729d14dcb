import {
  quoted,
  lowerAscii,
  PolicyRefusal,
  policyValueCharsMax,
  type Pattern,
  type PatternPiece,
} from './policy-document.ts'

/** What of a value is more than text. Without `wildcards`, `*` and `?` mean themselves; without `variables`, `${` does. */
export interface PatternForm {
  readonly wildcards: boolean
  readonly variables: boolean
}

/** `${*}`, `${?}` and `${$}` write the characters that would otherwise mean something. */
const writtenCharacters = new Set(['*', '?', '$'])
const any: PatternPiece = { kind: 'any' }
const one: PatternPiece = { kind: 'one' }

/**
 * Reads a value of a policy. Variables are `${key}` or `${key, 'default'}`.
 * @throws {PolicyRefusal} a variable that is not closed or has no key.
 */
export function readPattern(text: string, { wildcards, variables }: PatternForm): Pattern {
  const pieces: PatternPiece[] = []
  let plain = ''
  const add = (piece: PatternPiece): void => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain })
    plain = ''
    pieces.push(piece)
  }
  for (let at = 0; at < text.length;) {
    const char = text[at]!
    if (variables && char === '$' && text[at + 1] === '{') {
      const variable = readVariable(text, at)
      if (variable.piece.kind === 'text') plain += variable.piece.text
      else add(variable.piece)
      at = variable.end
      continue
    }
    if (wildcards && char === '*') add(any)
    else if (wildcards && char === '?') add(one)
    else plain += char
    at++
  }
  if (plain !== '') pieces.push({ kind: 'text', text: plain })
  return pieces
}

/** The variable at `start`; `end` is the offset behind its closing brace. */
function readVariable(text: string, start: number): { readonly piece: PatternPiece; readonly end: number } {
  const invalid = (): PolicyRefusal => new PolicyRefusal(`Policy has invalid variable: ${quoted(text.slice(start))}`)
  const close = text.indexOf('}', start)
  if (close < 0) throw invalid()
  const comma = text.indexOf(',', start)
  const bare = comma < 0 || comma > close
  const key = text.slice(start + 2, bare ? close : comma).trim()
  if (bare && writtenCharacters.has(key)) return { piece: { kind: 'text', text: key }, end: close + 1 }
  if (!isConditionKey(key) || key.includes('${')) throw invalid()
  if (bare) return { piece: { kind: 'variable', key: lowerAscii(key) }, end: close + 1 }
  const opening = skipSpaces(text, comma + 1)
  const closing = text.indexOf("'", opening + 1)
  if (text[opening] !== "'" || closing < 0) throw invalid()
  const end = skipSpaces(text, closing + 1)
  if (text[end] !== '}') throw invalid()
  const fallback = text.slice(opening + 1, closing)
  return { piece: { kind: 'variable', key: lowerAscii(key), fallback }, end: end + 1 }
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}

/** Longest condition key, with the tag key that may follow it. Characters. */
const conditionKeyCharsMax = 512

/** `prefix:name`, where the name may hold nearly anything: tag keys and encryption contexts are part of it. */
export function isConditionKey(key: string): boolean {
  const colon = key.indexOf(':')
  if (colon < 1 || colon === key.length - 1 || key.length > conditionKeyCharsMax) return false
  return /^[A-Za-z0-9][\w./-]*$/.test(key.slice(0, colon)) && !hasControlCharacters(key)
}

export function hasControlCharacters(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/** What the request says under a condition key (lower case): undefined when it says nothing. */
export type ContextValues = ReadonlyMap<string, readonly string[]>

/**
 * Puts the request's values for variables, as plain text. Undefined if a variable has neither a value nor a default, or has
 * several values, or if the result is longer than a policy could write it: then nobody can say what the pattern means.
 */
export function resolvePattern(pattern: Pattern, context: ContextValues): Pattern | undefined {
  if (!pattern.some((piece) => piece.kind === 'variable')) return pattern
  const resolved: PatternPiece[] = []
  let length = 0
  for (const piece of pattern) {
    const known = piece.kind === 'variable' ? valueOf(piece, context) : piece
    if (!known) return undefined
    length += known.kind === 'text' ? known.text.length : 1
    if (length > policyValueCharsMax) return undefined
    resolved.push(known)
  }
  return resolved
}

function valueOf(
  variable: PatternPiece & { readonly kind: 'variable' },
  context: ContextValues,
): PatternPiece | undefined {
  const values = context.get(variable.key)
  const text = values === undefined ? variable.fallback : values.length === 1 ? values[0] : undefined
  return text === undefined ? undefined : { kind: 'text', text }
}

/** The text of a pattern without wildcards. */
export const patternText = (pattern: Pattern): string =>
  pattern.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
