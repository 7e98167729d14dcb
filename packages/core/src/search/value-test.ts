import type { Comparison } from './expression.ts'
import { foldCase } from './searched-event.ts'

/** Judges a value of a record: its text, and whether it is a number there. */
export type ValueTest = (text: string, isNumber: boolean) => boolean

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const integer = /^-?\d+$/
/** Longer integers are compared as floating-point numbers are: a record may have a million digits. */
const exactDigitsMax = 64

/** Whether a value compares with one of these. `=` and the order are exact in the case of letters, `contains` is not. */
export function valueTest(comparison: Comparison, values: readonly string[], wildcards: boolean): ValueTest {
  if (comparison === 'contains') {
    const needles = values.map(foldCase)
    return (text) => {
      const folded = foldCase(text)
      return needles.some((needle) => folded.includes(needle))
    }
  }
  const tests = values.map((value) => {
    if (comparison === '=' && wildcards && value.includes('*')) return pattern(value)
    const holds = verdicts[comparison]
    return compared(value, (order) => holds(order))
  })
  return (text, isNumber) => tests.some((test) => test(text, isNumber))
}

const verdicts: Readonly<Record<Exclude<Comparison, 'contains'>, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

/** Numbers as numbers, if both are; else as text, by code units. */
function compared(value: string, holds: (order: number) => boolean): ValueTest {
  const isNumberToo = jsonNumber.test(value)
  return (text, isNumber) =>
    holds(isNumber && isNumberToo ? numberOrder(text, value) : text < value ? -1 : text > value ? 1 : 0)
}

/** Integers are compared exactly beyond 2^53, too. */
function numberOrder(one: string, other: string): number {
  const [x, y] = [Number(one), Number(other)]
  if (x !== y) return x < y ? -1 : 1
  if (Number.isSafeInteger(x) || !isExact(one) || !isExact(other)) return 0
  const [exactX, exactY] = [BigInt(one), BigInt(other)]
  return exactX < exactY ? -1 : exactX > exactY ? 1 : 0
}
const isExact = (text: string): boolean => text.length <= exactDigitsMax && integer.test(text)

/** `*` stands for any characters. The parts between are searched from the left, which is linear. */
function pattern(value: string): ValueTest {
  const [first = '', ...parts] = value.split('*')
  const last = parts.pop() ?? ''
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const part of parts) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= text.length - last.length
  }
}
