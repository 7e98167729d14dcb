import type { PathStep } from './expression.ts'

/** One place at which two JSON values differ. Absent: there was, or is, nothing. Both are compact JSON text. */
export interface ParameterChange {
  readonly path: readonly PathStep[]
  readonly before?: string
  readonly after?: string
}

/** JSON with its numbers as they were written: a parser would change 2.0 and what has more than 53 bits. */
type Json = string | boolean | null | WrittenNumber | readonly Json[] | { readonly [name: string]: Json }

class WrittenNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Changes that are told of one event; more is another thing altogether, and one change of the whole. */
const changesMax = 200

/**
 * Where `after` differs from `before`: members that both have are looked into, elements of lists by their place; what only one has
 * is one change. Ordered by `after`'s members, then those that are gone. `base`: the path of the two values themselves. Texts that are
 * no JSON, and values with more than 200 differences, are one change of the whole.
 */
export function parameterChanges(
  before: string | undefined,
  after: string | undefined,
  base: readonly PathStep[] = [],
): ParameterChange[] {
  const older = read(before)
  const newer = read(after)
  if (older === unreadable || newer === unreadable) return before === after ? [] : [change(base, before, after)]
  const found: ParameterChange[] = []
  collect(older, newer, base, found)
  return found.length > changesMax ? [change(base, textOf(older), textOf(newer))] : found
}

const unreadable = Symbol('no JSON')

function read(text: string | undefined): Json | undefined | typeof unreadable {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text, keepNumber) as Json
  } catch {
    return unreadable
  }
}

const keepNumber = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value

function collect(before: Json | undefined, after: Json | undefined, path: readonly PathStep[], to: ParameterChange[]) {
  if (isList(before) && isList(after)) {
    for (let at = 0; at < Math.max(before.length, after.length); at++) collect(before[at], after[at], [...path, at], to)
    return
  }
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(after), ...Object.keys(before)])
    for (const name of names) collect(member(before, name), member(after, name), [...path, name], to)
    return
  }
  const [older, newer] = [textOf(before), textOf(after)]
  if (older !== newer) to.push(change(path, older, newer))
}

const change = (path: readonly PathStep[], before: string | undefined, after: string | undefined): ParameterChange => ({
  path,
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
})

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)
const member = (object: { readonly [name: string]: Json }, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined
  if (value instanceof WrittenNumber) return value.text
  if (isList(value)) return `[${value.map(textOf).join(',')}]`
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}:${textOf(inner)}`)
      .join(',')}}`
  return JSON.stringify(value)
}
