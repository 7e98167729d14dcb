import {
  negativeOperators,
  positiveOperators,
  type AdvancedEventSelector,
  type AdvancedFieldSelector,
} from './selectors.ts'

/**
 * The same selection with fewer selectors: those that differ only in the ARNs they ask for become one that asks for any of
 * these. A trail with a selector per bucket then costs what one with a selector for all of them costs; records with
 * thousands of resources make that more than a matter of speed.
 */
export function mergeSelectors(selectors: readonly AdvancedEventSelector[]): AdvancedEventSelector[] {
  const merged = new Map<string, AdvancedEventSelector>()
  for (const { FieldSelectors } of selectors) {
    const arn = FieldSelectors.find(asksForArns)
    const others = FieldSelectors.filter((field) => field !== arn)
    const key = JSON.stringify([arn === undefined, others.toSorted((one, other) => (one.Field < other.Field ? -1 : 1))])
    const known = merged.get(key)?.FieldSelectors.find(asksForArns)
    merged.set(key, { FieldSelectors: arn ? [...others, known ? union(known, arn) : arn] : others })
  }
  return [...merged.values()]
}

/** Negative conditions do not add up: what one selector keeps out another may let in. */
const asksForArns = (field: AdvancedFieldSelector): boolean =>
  field.Field === 'resources.ARN' && negativeOperators.every((operator) => field[operator] === undefined)

function union(one: AdvancedFieldSelector, other: AdvancedFieldSelector): AdvancedFieldSelector {
  const values = positiveOperators.flatMap((operator) => {
    const both = [...(one[operator] ?? []), ...(other[operator] ?? [])]
    return both.length > 0 ? [[operator, both] as const] : []
  })
  return { Field: one.Field, ...Object.fromEntries(values) }
}
