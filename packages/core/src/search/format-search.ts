import type { PathStep, SearchExpression } from './expression.ts'
import { isKeyword } from './search-reader.ts'
import { attributeAt, wellKnownPath } from './well-known-names.ts'

const always = '""'
const never = 'not ""'

/**
 * Writes a search as text. `parseSearch` reads the same expression from it, if it is one that a text can say; else (a list of nothing, a
 * group of one) one that finds the same events.
 */
export function formatSearch(expression: SearchExpression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return group(expression.kind, expression.of)
    case 'not':
      return negation(expression.of)
    case 'attribute':
    case 'path':
      return comparison(expression)
    case 'exists':
      return `${formatPath(expression.path)} exists`
    default:
      return formatValue(expression.text)
  }
}

function group(kind: 'and' | 'or', of: readonly SearchExpression[]): string {
  const [first] = of
  if (!first) return kind === 'and' ? always : never
  if (of.length === 1) return formatSearch(first)
  // `and` binds closer.
  return of.map((part) => (kind === 'or' && part.kind === 'and' ? formatSearch(part) : operand(part))).join(` ${kind} `)
}

function operand(part: SearchExpression): string {
  const isGroup = part.kind === 'and' || part.kind === 'or' || isSeveral(part)
  return isGroup ? `(${formatSearch(part)})` : formatSearch(part)
}

function negation(of: SearchExpression): string {
  const isEquality = of.kind === 'attribute' || (of.kind === 'path' && of.comparison === '=')
  return isEquality && of.values.length === 1 ? comparison(of, '!=') : `not ${operand(of)}`
}

/** Only `=` has lists. */
const isSeveral = (part: SearchExpression): boolean =>
  part.kind === 'path' && part.comparison !== '=' && part.values.length > 1

type Compared = Extract<SearchExpression, { readonly kind: 'path' | 'attribute' }>

function comparison(condition: Compared, equals: '=' | '!=' = '='): string {
  const isAttribute = condition.kind === 'attribute'
  const place = formatPath(isAttribute ? condition.attribute.split('.') : condition.path)
  const hasPatterns = !isAttribute && condition.comparison === '=' && condition.wildcards
  const values = condition.values.map(hasPatterns ? formatPattern : formatValue)
  if (values.length === 0) return never
  if (!isAttribute && condition.comparison !== '=') {
    const sign = condition.comparison === 'contains' ? '~' : condition.comparison
    return values.map((value) => `${place} ${sign} ${value}`).join(' or ')
  }
  return values.length === 1 ? `${place} ${equals} ${values[0]}` : `${place} in (${values.join(', ')})`
}

const plainValue = /^[\w.:/@%+-]+$/
const plainName = /^[\w$@:/-]+$/

function formatValue(text: string): string {
  return plainValue.test(text) && !isKeyword(text) ? text : JSON.stringify(text)
}

/** A wildcard is one only without quotes. */
function formatPattern(text: string): string {
  return text.includes('*') ? text.replace(/[\s()\\,"'=<>~!]/g, String.raw`\$&`) : formatValue(text)
}

/** A place in a record, as a condition names it. Names that stand for something else, or for nothing but the language, are written in brackets. */
export function formatPath(path: readonly PathStep[]): string {
  const known = path.length === 1 && !attributeAt(path)
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      if (typeof step === 'object') return '[*]'
      const isPlain = plainName.test(step) && !(known && (isKeyword(step) || wellKnownPath(step)))
      return isPlain ? `${i === 0 ? '' : '.'}${step}` : `[${JSON.stringify(step)}]`
    })
    .join('')
}
