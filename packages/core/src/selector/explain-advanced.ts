import { resourceAs } from './data-values.ts'
import { envelopeFields, recordFields } from './event-fields.ts'
import type { SelectorCheck } from './explanation.ts'
import type { EventDetailResource, SelectableEvent } from './selectable-event.ts'
import { shown } from './selector-fault.ts'
import {
  negativeOperators,
  positiveOperators,
  type AdvancedEventSelector,
  type AdvancedFieldSelector,
  type SelectorOperator,
} from './selectors.ts'

const matches: Readonly<Record<SelectorOperator, (actual: string, value: string) => boolean>> = {
  Equals: (actual, value) => actual === value,
  NotEquals: (actual, value) => actual === value,
  StartsWith: (actual, value) => actual.startsWith(value),
  NotStartsWith: (actual, value) => actual.startsWith(value),
  EndsWith: (actual, value) => actual.endsWith(value),
  NotEndsWith: (actual, value) => actual.endsWith(value),
}
const verbs: Readonly<Record<SelectorOperator, string>> = {
  Equals: 'is',
  NotEquals: 'is',
  StartsWith: 'starts with',
  NotStartsWith: 'starts with',
  EndsWith: 'ends with',
  NotEndsWith: 'ends with',
}

/** What each field of an advanced selector says to the event, in the selector's order. */
export function explainAdvanced(selector: AdvancedEventSelector, event: SelectableEvent): SelectorCheck[] {
  const category = selector.FieldSelectors.find(({ Field }) => Field === 'eventCategory')
  const categoryChecks = category ? [checkField(category, event.category)] : []
  // To an event of another category the other fields mean nothing.
  if (categoryChecks.some(({ passed }) => !passed)) return categoryChecks
  const fields = selector.FieldSelectors.filter(
    ({ Field }) => Field !== 'eventCategory' && !Field.startsWith('resources.'),
  )
  return [
    ...categoryChecks,
    ...resourceChecks(selector, event),
    ...fields.map((field) => checkField(field, valueOf(field.Field, event))),
  ]
}

const valueOf = (field: string, event: SelectableEvent): string | undefined => {
  const read = envelopeFields.get(field)
  return read ? read(event) : recordFields.get(field)?.(event.details())
}

/** Type and ARN are judged on one resource: one that passes, or else the first of the type. */
function resourceChecks({ FieldSelectors }: AdvancedEventSelector, event: SelectableEvent): SelectorCheck[] {
  const type = FieldSelectors.find(({ Field }) => Field === 'resources.type')
  const arn = FieldSelectors.find(({ Field }) => Field === 'resources.ARN')
  const [wanted] = type?.Equals ?? []
  if (!type || wanted === undefined) return []
  const { resources } = event.details()
  const judged = resources.flatMap((resource) => resourceAs(wanted, resource) ?? [])
  if (judged.length === 0) return [typeFailure(wanted, resources)]
  const typeCheck = checkField(type, wanted)
  if (!arn) return [typeCheck]
  const decisive = judged.find((resource) => decide(arn, resource.arn).passed) ?? judged[0]
  return [typeCheck, checkField(arn, decisive?.arn)]
}

function typeFailure(wanted: string, resources: readonly EventDetailResource[]): SelectorCheck {
  const actual = resources.find(({ type }) => type !== undefined)?.type
  return {
    field: 'resources.type',
    passed: false,
    ...(actual !== undefined && { actual }),
    operator: 'Equals',
    text: `the event has no resource of type ${wanted}`,
  }
}

type Decision = Pick<SelectorCheck, 'passed' | 'operator' | 'value'>

/** A value that keeps the event out decides first, then one that lets it in. */
function decide(field: AdvancedFieldSelector, actual: string | undefined): Decision {
  const out = find(field, negativeOperators, actual)
  if (out) return { passed: false, ...out }
  const match = find(field, positiveOperators, actual)
  if (match) return { passed: true, ...match }
  const positive = positiveOperators.find((operator) => field[operator])
  const operator = positive ?? negativeOperators.find((negative) => field[negative])
  return { passed: positive === undefined, ...(operator && { operator }) }
}

function find(
  field: AdvancedFieldSelector,
  operators: readonly SelectorOperator[],
  actual: string | undefined,
): { readonly operator: SelectorOperator; readonly value: string } | undefined {
  if (actual === undefined) return undefined
  for (const operator of operators) {
    const value = field[operator]?.find((candidate) => matches[operator](actual, candidate))
    if (value !== undefined) return { operator, value }
  }
  return undefined
}

function checkField(field: AdvancedFieldSelector, actual: string | undefined): SelectorCheck {
  const decision = decide(field, actual)
  const text = textOf(field, actual, decision)
  return { field: field.Field, ...(actual !== undefined && { actual }), ...decision, text }
}

function textOf(
  field: AdvancedFieldSelector,
  actual: string | undefined,
  { passed, operator, value }: Decision,
): string {
  if (actual === undefined)
    return `the event has no ${field.Field}${passed ? ' to keep it out by' : ', and the selector asks for one'}`
  const named = `${field.Field} ${shown(actual)}`
  if (operator && value !== undefined) {
    const matched = `${named} ${verbs[operator]} ${shown(value)}`
    return passed ? matched : `${matched}, which ${operator} keeps out`
  }
  return passed ? `${named} is kept out by no value` : `${named} matches no ${wantedBy(field)}`
}

/** The positive conditions in short: `value of Equals (GetObject and 3 more)`. */
function wantedBy(field: AdvancedFieldSelector): string {
  const parts = positiveOperators.flatMap((operator) => {
    const [first, ...others] = field[operator] ?? []
    if (first === undefined) return []
    return `value of ${operator} (${shown(first)}${others.length > 0 ? ` and ${others.length} more` : ''})`
  })
  return parts.join(' nor ')
}
