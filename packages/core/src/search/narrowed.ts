import { lookupValue } from '../event/index.ts'
import type { SearchAttribute, SearchExpression } from './expression.ts'

/** One of the event's values of the attribute equals one of these: at least one, none empty, cut as the index cuts them. */
export interface AttributeCondition {
  readonly kind: 'attribute'
  readonly attribute: SearchAttribute
  readonly values: readonly string[]
}

/** What the index alone can tell. `and` of nothing is true, `or` of nothing false. */
export type SearchCondition =
  | AttributeCondition
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchCondition[] }
  | { readonly kind: 'not'; readonly of: AttributeCondition }

export interface NarrowedSearch {
  /** Absent: every event may match. */
  readonly condition: SearchCondition | undefined
  /** The condition holds for the events that the search finds and for no others. */
  readonly exact: boolean
}

/**
 * The part of a search that the index can tell. It loses no match: negations are pushed down to the conditions first, then those that
 * the index cannot tell (paths, texts, existence), negated or not, count as true.
 */
export const narrowed = (expression: SearchExpression): NarrowedSearch => narrow(expression, false)

function narrow(expression: SearchExpression, negated: boolean): NarrowedSearch {
  switch (expression.kind) {
    case 'not':
      return narrow(expression.of, !negated)
    case 'attribute':
      return attributeIs(expression.attribute, expression.values, negated)
    case 'and':
    case 'or': {
      const parts = expression.of.map((part) => narrow(part, negated))
      return (expression.kind === 'and') === negated ? either(parts) : all(parts)
    }
    default:
      return { condition: undefined, exact: false }
  }
}

/** No event has an empty value. */
function attributeIs(attribute: SearchAttribute, given: readonly string[], negated: boolean): NarrowedSearch {
  const values = given.filter((value) => value !== '').map(lookupValue)
  if (values.length === 0) return { condition: negated ? undefined : { kind: 'or', of: [] }, exact: true }
  const leaf: AttributeCondition = { kind: 'attribute', attribute, values }
  return { condition: negated ? { kind: 'not', of: leaf } : leaf, exact: true }
}

function all(parts: readonly NarrowedSearch[]): NarrowedSearch {
  const of = parts.flatMap(({ condition }) => condition ?? [])
  const exact = parts.every((part) => part.exact)
  return { condition: of.length > 1 ? { kind: 'and', of } : of[0], exact }
}

/** One part that may be true makes the whole so. */
function either(parts: readonly NarrowedSearch[]): NarrowedSearch {
  const exact = parts.every((part) => part.exact)
  const of = parts.flatMap(({ condition }) => condition ?? [])
  if (of.length < parts.length) return { condition: undefined, exact }
  return { condition: of.length === 1 ? of[0] : { kind: 'or', of }, exact }
}
