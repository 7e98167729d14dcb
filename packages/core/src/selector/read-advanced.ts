import { fieldRules, type FieldRule } from './advanced-fields.ts'
import { refuse, shown } from './selector-fault.ts'
import {
  selectorOperators,
  valueCharsMax,
  type AdvancedEventSelector,
  type AdvancedFieldSelector,
  type SelectorOperator,
} from './selectors.ts'
import type { SentAdvancedSelector } from './wire-shapes.ts'

/** Values of all operators of all selectors of a trail (CloudTrail quota). Each selector has one at least, so it bounds them too. */
const valuesMax = 500
const nameCharsMax = 1_000

/**
 * The rules of AdvancedEventSelector for a trail (CloudTrail API Reference).
 * @throws {SelectorRefusal} `invalid`.
 */
export function readAdvanced(sent: readonly SentAdvancedSelector[]): AdvancedEventSelector[] {
  if (sent.length === 0) refuse('Specify at least one advanced event selector.')
  const selectors = sent.map((selector, index) => readSelector(selector, `AdvancedEventSelectors[${index}]`))
  const values = selectors.flatMap(({ FieldSelectors }) => FieldSelectors).map(valueCount)
  if (values.reduce((sum, count) => sum + count, 0) > valuesMax)
    refuse(`Specify at most ${valuesMax} values for all conditions in all advanced event selectors of your trail.`)
  return selectors
}

function readSelector({ Name, FieldSelectors = [] }: SentAdvancedSelector, at: string): AdvancedEventSelector {
  if (Name !== undefined && Name.length > nameCharsMax) refuse(`${at}: Name has more than ${nameCharsMax} characters.`)
  if (FieldSelectors.length === 0) refuse(`${at}: FieldSelectors must have at least one field selector.`)
  const fields = FieldSelectors.map((field) => readOperators(field, at))
  const names = new Set<string>()
  for (const { Field } of fields) {
    if (names.has(Field)) refuse(`${at}: field ${shown(Field)} is there more than once.`)
    names.add(Field)
  }
  checkFields(fields, at)
  return { ...(Name !== undefined && { Name }), FieldSelectors: fields }
}

/** What holds for each field selector, whatever the field. */
function readOperators({ Field, ...operators }: Partial<AdvancedFieldSelector>, at: string): AdvancedFieldSelector {
  if (Field === undefined || Field === '') return refuse(`${at}: each field selector must name its Field.`)
  const path = `${at}: field ${shown(Field)}`
  const given = selectorOperators.filter((operator) => operators[operator] !== undefined)
  if (given.length === 0) refuse(`${path} must have an operator: ${selectorOperators.join(', ')}.`)
  for (const operator of given) {
    const values = operators[operator] ?? []
    if (values.length === 0) refuse(`${path}: ${operator} must have at least one value.`)
    if (values.some(({ length }) => length === 0 || length > valueCharsMax))
      refuse(`${path}: each value of ${operator} must have 1 to ${valueCharsMax} characters.`)
  }
  return { Field, ...operators }
}

function checkFields(fields: readonly AdvancedFieldSelector[], at: string): void {
  const category = fields.find(({ Field }) => Field === 'eventCategory')
  if (!category) return refuse(`${at}: the field eventCategory is required.`)
  const [name = ''] = category.Equals ?? []
  const rules = fieldRules.get(name)
  if (!rules)
    return refuse(`${at}: eventCategory of a trail takes Equals with one of ${[...fieldRules.keys()].join(', ')}.`)
  for (const [field, { required }] of rules)
    if (required && !fields.some(({ Field }) => Field === field))
      refuse(`${at}: the field ${field} is required where eventCategory is ${name}.`)
  const resourceType = fields.find(({ Field }) => Field === 'resources.type')?.Equals?.[0]
  for (const field of fields) {
    const rule = rules.get(field.Field)
    if (!rule) {
      const allowed = [...rules.keys()].join(', ')
      refuse(`${at}: field ${shown(field.Field)} is not one of those for eventCategory ${name} on a trail: ${allowed}.`)
    } else checkField(field, rule, resourceType, `${at}: field ${field.Field}`)
  }
}

function checkField(
  field: AdvancedFieldSelector,
  rule: FieldRule,
  resourceType: string | undefined,
  path: string,
): void {
  for (const operator of selectorOperators) {
    const values = field[operator]
    if (!values) continue
    if (!rule.operators.includes(operator)) refuse(`${path} takes only ${rule.operators.join(', ')}, not ${operator}.`)
    const wrong = values.find((value) => !takes(rule, value, operator, resourceType))
    if (wrong === undefined) continue
    const expected = rule.values ? `one of ${rule.values.join(', ')}` : (rule.form ?? 'another value')
    refuse(`${path}: value ${shown(wrong)} is invalid for ${operator}; it must be ${expected}.`)
  }
  if (rule.valuesMax !== undefined && valueCount(field) > rule.valuesMax)
    refuse(`${path} takes at most ${rule.valuesMax} value.`)
}

function takes(rule: FieldRule, value: string, operator: SelectorOperator, resourceType: string | undefined): boolean {
  if (rule.values) return rule.values.includes(value)
  return rule.takes?.(value, operator, resourceType) ?? true
}

const valueCount = (field: AdvancedFieldSelector): number =>
  selectorOperators.reduce((count, operator) => count + (field[operator]?.length ?? 0), 0)
