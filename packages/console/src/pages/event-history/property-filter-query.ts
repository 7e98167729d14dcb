import type { PropertyFilterProps } from '@cloudscape-design/components/property-filter'
import { searchAttributes, type SearchAttribute, type SearchExpression } from '@opentrail/core/search'

type Query = PropertyFilterProps.Query
type Token = PropertyFilterProps.Token

const isAttribute = (name: string): name is SearchAttribute => (searchAttributes as readonly string[]).includes(name)

/** What the filter's tokens say, as a search; undefined where there are none. */
export function expressionOf({ tokens, operation }: Query): SearchExpression | undefined {
  const of = tokens.map(conditionOf)
  const [first] = of
  return of.length > 1 ? { kind: operation, of } : first
}

function conditionOf({ propertyKey, operator, value }: Token): SearchExpression {
  const values: string[] = Array.isArray(value) ? value.map(String) : [String(value)]
  const isNegated = operator.startsWith('!')
  const condition =
    propertyKey === undefined ? textOf(values) : propertyOf(propertyKey, operator.replace('!', ''), values)
  return isNegated ? { kind: 'not', of: condition } : condition
}

function textOf(values: readonly string[]): SearchExpression {
  const of = values.map((text): SearchExpression => ({ kind: 'text', text }))
  return of.length === 1 && of[0] ? of[0] : { kind: 'or', of }
}

function propertyOf(name: string, operator: string, values: readonly string[]): SearchExpression {
  const path = name.split('.')
  if (operator === '=')
    return isAttribute(name)
      ? { kind: 'attribute', attribute: name, values }
      : { kind: 'path', path, comparison: '=', values, wildcards: false }
  if (operator === '^')
    return { kind: 'path', path, comparison: '=', values: values.map((value) => `${value}*`), wildcards: true }
  return { kind: 'path', path, comparison: 'contains', values, wildcards: false }
}

/** The tokens that say the same as a search; undefined where tokens cannot say it. */
export function queryOf(expression: SearchExpression | undefined): Query | undefined {
  if (!expression) return { tokens: [], operation: 'and' }
  const isGroup = expression.kind === 'and' || expression.kind === 'or'
  const tokens = (isGroup ? expression.of : [expression]).map(tokenOf)
  const known = tokens.filter((token) => token !== undefined)
  return known.length === tokens.length ? { tokens: known, operation: isGroup ? expression.kind : 'and' } : undefined
}

function tokenOf(expression: SearchExpression): Token | undefined {
  if (expression.kind !== 'not') return plainToken(expression)
  const token = plainToken(expression.of)
  return token && { ...token, operator: `!${token.operator}` }
}

function plainToken(expression: SearchExpression): Token | undefined {
  if (expression.kind === 'text') return { operator: ':', value: expression.text }
  if (expression.kind === 'attribute') return token(expression.attribute, '=', expression.values)
  if (expression.kind !== 'path') return undefined
  const { comparison, values, wildcards } = expression
  const steps = expression.path.filter((step) => typeof step === 'string')
  if (steps.length < expression.path.length || steps.some((step) => step.includes('.'))) return undefined
  const name = steps.join('.')
  if (comparison === 'contains') return token(name, ':', values)
  if (comparison !== '=') return undefined
  if (!wildcards) return token(name, '=', values)
  const starts = values.map((value) => /^([^*]+)\*$/.exec(value)?.[1])
  return starts.every((start) => start !== undefined) ? token(name, '^', starts) : undefined
}

/** Only equality has lists, which tokens write as several values. */
const token = (propertyKey: string, operator: Token['operator'], values: readonly string[]): Token | undefined =>
  values.length === 1
    ? { propertyKey, operator, value: values[0] }
    : operator === '='
      ? { propertyKey, operator, value: values }
      : undefined
