import { BlockList, isIP } from 'node:net'

/*
 * Reads what a subscription's FilterPolicy asks of messages. Source: Amazon SNS Developer Guide, "Amazon SNS subscription filter
 * policies". Whatever is not known here is refused: a subscriber that asked for a part of the messages must not get another one.
 */

/** Decides about one value of a message. */
type Rule = (value: unknown) => boolean

/** What is asked of one property: any of the rules, of any of its values. */
export interface FilterLeaf {
  readonly kind: 'leaf'
  readonly rules: readonly Rule[]
  /** A message without the property will do: `{"exists": false}`. */
  readonly takesAbsent: boolean
}

/** What is asked of an object: of each of these properties, and one of each list of alternatives (`$or`). */
export interface FilterNode {
  readonly kind: 'node'
  readonly properties: readonly (readonly [name: string, wanted: FilterLeaf | FilterNode])[]
  readonly alternatives: readonly (readonly FilterNode[])[]
}

/** Why a policy is not taken, for the caller. */
export class FilterFault extends Error {
  override readonly name = 'FilterFault'
}

/** Read at each message of the topic, so less than AWS's 256 KiB. */
export const filterPolicyBytesMax = 16_384
/** As SNS. */
const keysMax = 5
/** As SNS: the numbers of values of all properties, multiplied. */
const combinationsMax = 150
/** Deeper than any message is made; keeps the reading and the matching from running out of stack. */
const depthMax = 16

interface Counted {
  combinations: number
}

/** @throws {FilterFault} */
export function readFilterPolicy(text: string): FilterNode {
  if (Buffer.byteLength(text) > filterPolicyBytesMax)
    throw new FilterFault(`a filter policy has at most ${filterPolicyBytesMax} bytes`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new FilterFault('failed to parse JSON', { cause })
  }
  if (!isObject(value)) throw new FilterFault('Filter policy must be a JSON object')
  if (Object.keys(value).length > keysMax) throw new FilterFault(`Filter policy can not have more than ${keysMax} keys`)
  return readNode(value, 1, { combinations: 1 })
}

/** Whether something is asked of what is inside of a property, as attributes of messages cannot have it. */
export const isNested = ({ properties, alternatives }: FilterNode): boolean =>
  properties.some(([, wanted]) => wanted.kind === 'node') || alternatives.flat().some(isNested)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function readNode(value: Readonly<Record<string, unknown>>, depth: number, counted: Counted): FilterNode {
  if (depth > depthMax) throw new FilterFault(`Filter policy can not be nested deeper than ${depthMax}`)
  const entries = Object.entries(value)
  if (entries.length === 0) throw new FilterFault('an object of a filter policy has at least one key')
  const alternatives: FilterNode[][] = []
  const properties: [string, FilterLeaf | FilterNode][] = []
  for (const [name, wanted] of entries) {
    if (name === '$or' && Array.isArray(wanted)) alternatives.push(readAlternatives(wanted, depth, counted))
    else if (Array.isArray(wanted)) properties.push([name, readLeaf(name, wanted, depth, counted)])
    else if (isObject(wanted)) properties.push([name, readNode(wanted, depth + 1, counted)])
    else throw new FilterFault(`${quoted(name)} must be an object or an array`)
  }
  return { kind: 'node', properties, alternatives }
}

function readAlternatives(list: readonly unknown[], depth: number, counted: Counted): FilterNode[] {
  if (list.length < 2 || !list.every(isObject)) throw new FilterFault('"$or" must be an array of two or more objects')
  multiply(counted, list.length)
  return list.map((each) => readNode(each, depth + 1, counted))
}

function readLeaf(name: string, list: readonly unknown[], depth: number, counted: Counted): FilterLeaf {
  if (list.length === 0) throw new FilterFault(`Empty arrays are not allowed: ${quoted(name)}`)
  // As SNS: what is nested counts once for each level.
  multiply(counted, list.length * depth)
  const takesAbsent = list.some((each) => isObject(each) && each['exists'] === false)
  return { kind: 'leaf', rules: list.map((each) => readRule(name, each)), takesAbsent }
}

function multiply(counted: Counted, by: number): void {
  counted.combinations *= by
  if (counted.combinations > combinationsMax)
    throw new FilterFault(`Filter policy is too complex: its values have more than ${combinationsMax} combinations`)
}

function readRule(name: string, value: unknown): Rule {
  if (!isObject(value)) return equal(name, value)
  const [operator, ...more] = Object.keys(value)
  const read = operator !== undefined && Object.hasOwn(operators, operator) ? operators[operator] : undefined
  if (!read || more.length > 0)
    throw new FilterFault(`Unrecognized match type ${quoted(operator ?? '{}')} of ${quoted(name)}`)
  return read(value[operator!], name)
}

/** Numbers as SNS tells them apart: five digits behind the point. */
const numbersMax = 1e9
const rounded = (value: number): number => Math.round(value * 1e5)

function readNumber(value: unknown, name: string): number {
  if (typeof value !== 'number' || Math.abs(value) > numbersMax)
    throw new FilterFault(`${quoted(name)} has a number that is none from -10^9 to 10^9`)
  return value
}

function readText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new FilterFault(`${quoted(name)} has an operator without a text`)
  return value
}

function equal(name: string, wanted: unknown): Rule {
  if (typeof wanted === 'number') {
    const number = rounded(readNumber(wanted, name))
    return (value) => typeof value === 'number' && rounded(value) === number
  }
  if (typeof wanted !== 'string' && typeof wanted !== 'boolean' && wanted !== null)
    throw new FilterFault(`${quoted(name)} has a value that is no string, number, boolean, null or operator`)
  return (value) => value === wanted
}

const onTexts =
  (test: (text: string) => boolean): Rule =>
  (value) =>
    typeof value === 'string' && test(value)

const operators: Readonly<Record<string, (operand: unknown, name: string) => Rule>> = {
  prefix(operand, name) {
    const prefix = readText(operand, name)
    return onTexts((text) => text.startsWith(prefix))
  },
  suffix(operand, name) {
    const suffix = readText(operand, name)
    return onTexts((text) => text.endsWith(suffix))
  },
  'equals-ignore-case'(operand, name) {
    const wanted = readText(operand, name).toLowerCase()
    return onTexts((text) => text.toLowerCase() === wanted)
  },
  cidr(operand, name) {
    const range = readRange(readText(operand, name), name)
    return onTexts((text) => isIP(text) !== 0 && range.check(text, isIP(text) === 6 ? 'ipv6' : 'ipv4'))
  },
  exists(operand, name) {
    if (typeof operand !== 'boolean') throw new FilterFault(`exists of ${quoted(name)} must be true or false`)
    return () => operand
  },
  numeric: readNumeric,
  'anything-but': readAnythingBut,
}

function readRange(text: string, name: string): BlockList {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const bitsMax = isIP(address) === 6 ? 128 : 32
  if (isIP(address) === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bitsMax)
    throw new FilterFault(`cidr of ${quoted(name)} is no range of addresses`)
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), bitsMax === 128 ? 'ipv6' : 'ipv4')
  return list
}

const comparisons: Readonly<Record<string, (value: number, than: number) => boolean>> = {
  '=': (value, than) => value === than,
  '<': (value, than) => value < than,
  '<=': (value, than) => value <= than,
  '>': (value, than) => value > than,
  '>=': (value, than) => value >= than,
}

/** `["=", 1]`, `[">", 0]`, `[">", 0, "<=", 150]`. */
function readNumeric(operand: unknown, name: string): Rule {
  const fault = new FilterFault(`numeric of ${quoted(name)} takes one comparison, or a lower and an upper bound`)
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw fault
  const words: unknown[] = operand.filter((_, at) => at % 2 === 0)
  const form = words.map((word) => String(word)[0]).join('')
  if (!(operand.length === 2 ? /^[=<>]$/ : /^><$/).test(form)) throw fault
  const bounds = words.map((word, at) => {
    const compare = typeof word === 'string' && Object.hasOwn(comparisons, word) ? comparisons[word] : undefined
    if (!compare) throw fault
    return { compare, than: rounded(readNumber(operand[2 * at + 1], name)) }
  })
  return (value) => typeof value === 'number' && bounds.every(({ compare, than }) => compare(rounded(value), than))
}

/** A value, a list of them, or a prefix or suffix. */
function readAnythingBut(operand: unknown, name: string): Rule {
  if (isObject(operand)) {
    const [operator] = Object.keys(operand)
    if (operator !== 'prefix' && operator !== 'suffix')
      throw new FilterFault(`anything-but of ${quoted(name)} takes values, prefix or suffix`)
    const but = readRule(name, operand)
    return (value) => typeof value === 'string' && !but(value)
  }
  const list: unknown[] = Array.isArray(operand) ? operand : [operand]
  if (list.length === 0 || !list.every((each) => typeof each === 'string' || typeof each === 'number'))
    throw new FilterFault(`anything-but of ${quoted(name)} takes strings and numbers`)
  const rules = list.map((each) => equal(name, each))
  return (value) => rules.every((isSame) => !isSame(value))
}

const nameCharsShown = 64
const quoted = (name: string): string => JSON.stringify(name.slice(0, nameCharsShown))
