import { conditionOperators, nullOperator } from './condition-operators.ts'
import { isConditionKey, patternText, readPattern, type ContextValues } from './pattern.ts'
import {
  named,
  quoted,
  lowerAscii,
  policyConditionsMax,
  PolicyRefusal,
  type PolicyCondition,
} from './policy-document.ts'
import { readMembers, readValues } from './policy-json.ts'

/**
 * Reads a Condition element. Two keys that differ in letter case only are one key to AWS, so one operator may not have both.
 * `variables`: the policy's version knows policy variables.
 * @throws {PolicyRefusal}
 */
export function readConditions(element: unknown, variables: boolean): PolicyCondition[] {
  const conditions: PolicyCondition[] = []
  for (const [name, keys] of readMembers(element, 'Condition')) {
    const operator = readOperator(name)
    const seen = new Set<string>()
    const members = readMembers(keys, name)
    if (members.size === 0) throw new PolicyRefusal(`Condition ${name} must name a condition key`)
    for (const [writtenKey, values] of members) {
      const key = lowerAscii(writtenKey)
      if (!isConditionKey(writtenKey))
        throw new PolicyRefusal(`Policy has an invalid condition key: ${quoted(writtenKey)}`)
      if (seen.has(key)) throw new PolicyRefusal(`Condition ${name} has the key ${quoted(key)} twice`)
      seen.add(key)
      conditions.push({
        ...operator,
        key,
        values: readConditionValues(values, operator.operator, writtenKey, variables),
      })
      if (conditions.length > policyConditionsMax)
        throw new PolicyRefusal(`A statement may have at most ${policyConditionsMax} condition keys`)
    }
  }
  return conditions
}

const setPrefixes = { 'ForAnyValue:': 'any', 'ForAllValues:': 'all' } as const
const ifExistsSuffix = 'IfExists'

/** Splits `ForAnyValue:StringLikeIfExists` into its parts. */
function readOperator(name: string): Pick<PolicyCondition, 'operator' | 'set' | 'ifExists'> {
  const prefix = (['ForAnyValue:', 'ForAllValues:'] as const).find((text) => name.startsWith(text))
  const rest = name.slice(prefix?.length ?? 0)
  const ifExists = rest.endsWith(ifExistsSuffix)
  const operator = ifExists ? rest.slice(0, -ifExistsSuffix.length) : rest
  const plainOnly = operator === nullOperator && operator !== name
  if (!conditionOperators.has(operator) || plainOnly) throw new PolicyRefusal(`Invalid Condition type : ${named(name)}`)
  return { operator, ifExists, ...(prefix && { set: setPrefixes[prefix] }) }
}

function readConditionValues(
  element: unknown,
  name: string,
  key: string,
  variables: boolean,
): PolicyCondition['values'] {
  const { form, accepts } = conditionOperators.get(name)!
  return readValues(element, `Condition ${named(key)}`, 'scalars').map((value) => {
    if (!accepts(value)) throw new PolicyRefusal(`Policy has an invalid value for ${name}: ${quoted(value)}`)
    return readPattern(value, { ...form, variables: form.variables && variables })
  })
}

/**
 * Whether the request meets one condition. Values are alternatives; a negated operator holds if none of them matches.
 *
 * - A key that the request does not have: negated operators, `IfExists` and `ForAllValues` hold, all else fails;
 *   `ForAnyValue` without `IfExists` fails even for negated operators.
 * - `ForAllValues` holds for keys with nothing but empty values.
 * - Several values without a set prefix: one that matches is enough; a negated operator is the exact opposite.
 * - A negated comparison with a variable that has no value can be told by nobody: it stops Allow and lets Deny apply.
 *
 * Source: IAM User Guide, "Condition operators" and "Multivalued context keys".
 */
export function conditionHolds(condition: PolicyCondition, context: ContextValues, effect: 'allow' | 'deny'): boolean {
  const given = context.get(condition.key)
  if (condition.operator === nullOperator)
    return condition.values.some((value) => (patternText(value).toLowerCase() === 'true') === (given === undefined))
  const operator = conditionOperators.get(condition.operator)
  // Cannot be in a policy that was read here, and what cannot be judged must not allow.
  if (!operator) return effect === 'deny'
  const { negated, prepare } = operator
  if (!given) return condition.ifExists || condition.set === 'all' || (negated && condition.set !== 'any')
  const { matchAny, unresolved } = prepare(condition.values, context)
  if (negated && unresolved) return effect === 'deny'
  const holds = (value: string): boolean => matchAny(value) !== negated
  if (condition.set === 'all') return given.every((value) => value === '') || given.every(holds)
  return condition.set === 'any' || !negated ? given.some(holds) : given.every(holds)
}
