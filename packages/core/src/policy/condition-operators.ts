import { arnTest } from './arn-pattern.ts'
import { inIpRange, isAddress, parseIpRange } from './ip-range.ts'
import { patternTest } from './pattern-match.ts'
import { patternText, resolvePattern, type ContextValues, type PatternForm } from './pattern.ts'
import type { Pattern } from './policy-document.ts'
import { parsePolicyBinary, parsePolicyBoolean, parsePolicyDate, parsePolicyNumber } from './policy-scalars.ts'

/** A condition's values, ready to be compared with the request's. */
export interface PreparedValues {
  readonly matchAny: (given: string) => boolean
  /** A variable in one of the values has no value; that one matches nothing. */
  readonly unresolved: boolean
}

/** How one condition operator reads the policy's values and compares the request's with them. */
export interface ConditionOperator {
  /** Holds if none of the values matches, and when the request does not have the key. */
  readonly negated: boolean
  /** Policy variables and wildcards exist in strings and ARNs only. */
  readonly form: PatternForm
  /** Whether the policy may write this value. */
  readonly accepts: (value: string) => boolean
  readonly prepare: (values: readonly Pattern[], context: ContextValues) => PreparedValues
}

type Comparison = Omit<ConditionOperator, 'negated'>

const asWritten: PatternForm = { wildcards: false, variables: false }
const withVariables: PatternForm = { wildcards: false, variables: true }
const withWildcards: PatternForm = { wildcards: true, variables: true }

/**
 * Compares by a test per value of the policy, undefined if a variable has none. `read` is what the tests see of a value of
 * the request, once for all of them; undefined matches nothing.
 */
const comparison = <T>(
  read: (given: string) => T | undefined,
  testOf: (value: Pattern, context: ContextValues) => ((given: T) => boolean) | undefined,
): Comparison['prepare'] => {
  return (values, context) => {
    const tests = values.map((value) => testOf(value, context))
    return {
      unresolved: tests.includes(undefined),
      matchAny(text) {
        const given = read(text)
        return given !== undefined && tests.some((test) => test?.(given))
      },
    }
  }
}

const asGiven = (text: string): string => text

const equality = (fold: (text: string) => string): Comparison => ({
  form: withVariables,
  accepts: () => true,
  prepare: comparison(fold, (value, context) => {
    const resolved = resolvePattern(value, context)
    if (!resolved) return undefined
    const wanted = fold(patternText(resolved))
    return (given) => given === wanted
  }),
})

const like: Comparison = {
  form: withWildcards,
  accepts: () => true,
  prepare: comparison(asGiven, (value, context) => {
    const resolved = resolvePattern(value, context)
    return resolved && patternTest(resolved)
  }),
}

/** ArnEquals and ArnLike are the same to AWS. */
const arn: Comparison = {
  form: withWildcards,
  accepts: () => true,
  prepare: comparison(asGiven, (value, context) => arnTest(value, context, false)),
}

/** Compares what `parse` makes of both values; what it makes nothing of matches nothing. */
const scalar = <T>(parse: (text: string) => T | undefined, compare: (given: T, wanted: T) => boolean): Comparison => ({
  form: asWritten,
  accepts: (value) => parse(value) !== undefined,
  prepare: comparison(parse, (value) => {
    const wanted = parse(patternText(value))
    return (given) => wanted !== undefined && compare(given, wanted)
  }),
})

const equal = <T>(given: T, wanted: T): boolean => given === wanted
const single = (name: string, operator: Comparison) => [name, { ...operator, negated: false }] as const
/** The operator and its opposite. */
const pair = (name: string, opposite: string, operator: Comparison) =>
  [single(name, operator), [opposite, { ...operator, negated: true }]] as const

const ordered = (name: string, parse: (text: string) => number | undefined) => [
  ...pair(`${name}Equals`, `${name}NotEquals`, scalar(parse, equal)),
  single(
    `${name}LessThan`,
    scalar(parse, (given, wanted) => given < wanted),
  ),
  single(
    `${name}LessThanEquals`,
    scalar(parse, (given, wanted) => given <= wanted),
  ),
  single(
    `${name}GreaterThan`,
    scalar(parse, (given, wanted) => given > wanted),
  ),
  single(
    `${name}GreaterThanEquals`,
    scalar(parse, (given, wanted) => given >= wanted),
  ),
]

/** The operator that asks for a key's presence; it has neither set prefixes nor `IfExists`. */
export const nullOperator = 'Null'

/** Every condition operator by its name. Source: IAM User Guide, "Condition operators". */
export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map<string, ConditionOperator>([
  ...pair(
    'StringEquals',
    'StringNotEquals',
    equality((text) => text),
  ),
  ...pair(
    'StringEqualsIgnoreCase',
    'StringNotEqualsIgnoreCase',
    equality((text) => text.toLowerCase()),
  ),
  ...pair('StringLike', 'StringNotLike', like),
  ...pair('ArnEquals', 'ArnNotEquals', arn),
  ...pair('ArnLike', 'ArnNotLike', arn),
  ...ordered('Numeric', parsePolicyNumber),
  ...ordered('Date', parsePolicyDate),
  ...pair(
    'IpAddress',
    'NotIpAddress',
    scalar(parseIpRange, (given, wanted) => isAddress(given) && inIpRange(given, wanted)),
  ),
  single('Bool', scalar(parsePolicyBoolean, equal)),
  single('BinaryEquals', scalar(parsePolicyBinary, equal)),
  // The request's values are not compared: see `conditionHolds`.
  single(nullOperator, scalar(parsePolicyBoolean, equal)),
])
