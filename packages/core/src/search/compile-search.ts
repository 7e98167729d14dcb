import { lookupValue } from '../event/index.ts'
import { attributeValues } from './attribute-values.ts'
import type { SearchAttribute, SearchExpression } from './expression.ts'
import { existsCondition, pathCondition } from './path-condition.ts'
import type { SearchedEvent } from './searched-event.ts'
import { textCondition } from './text-condition.ts'

export type SearchTest = (event: SearchedEvent) => boolean

/**
 * The search as a function, for many records. It is what every answer is judged by. Never throws, whatever the record's bytes: one that
 * is no JSON object has no members.
 */
export function compileSearch(expression: SearchExpression): SearchTest {
  switch (expression.kind) {
    case 'and': {
      const tests = expression.of.map(compileSearch)
      return (event) => tests.every((test) => test(event))
    }
    case 'or': {
      const tests = expression.of.map(compileSearch)
      return (event) => tests.some((test) => test(event))
    }
    case 'not': {
      const test = compileSearch(expression.of)
      return (event) => !test(event)
    }
    case 'attribute':
      return attributeCondition(expression.attribute, expression.values)
    case 'path':
      return pathCondition(expression)
    case 'exists':
      return existsCondition(expression.path)
    default:
      return textCondition(expression.text)
  }
}

/** For one event; `compileSearch` is for many. */
export const matchesSearch = (expression: SearchExpression, event: SearchedEvent): boolean =>
  compileSearch(expression)(event)

/** Values of both sides are cut alike, as the index cuts them. */
function attributeCondition(attribute: SearchAttribute, values: readonly string[]): SearchTest {
  const wanted = new Set(values.map(lookupValue))
  return (event) => attributeValues(event, attribute).some((value) => wanted.has(value))
}
