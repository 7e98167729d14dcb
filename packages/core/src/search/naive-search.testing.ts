import { attributeValues } from './attribute-values.ts'
import type { PathStep, SearchExpression } from './expression.ts'
import type { SearchedEvent } from './searched-event.ts'
import { attributeAt } from './well-known-names.ts'

/** What docs/reference/search.md says, in the plainest way: for numbers that JavaScript has exactly. */
export function naiveMatch(search: SearchExpression, event: SearchedEvent): boolean {
  const json: unknown = JSON.parse(Buffer.from(event.record).toString())
  switch (search.kind) {
    case 'and':
      return search.of.every((part) => naiveMatch(part, event))
    case 'or':
      return search.of.some((part) => naiveMatch(part, event))
    case 'not':
      return !naiveMatch(search.of, event)
    case 'attribute':
      return search.values.some((value) => attributeValues(event, search.attribute).includes(cut(value)))
    case 'text':
      return allTexts(json).some((text) => fold(text).includes(fold(search.text)))
    case 'exists':
      return found(event, json, search.path).some((value) => value !== null)
    case 'path':
      return found(event, json, search.path)
        .flatMap((value) => (Array.isArray(value) ? (value.flat(64) as unknown[]) : [value]))
        .some((value) => search.values.some((wanted) => compares(value, wanted, search)))
  }
  return false
}

const fold = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ')
const cut = (text: string): string =>
  text.length <= 2_000 ? text : text.slice(0, /[\ud800-\udbff]/.test(text.charAt(1_999)) ? 1_999 : 2_000)

const found = (event: SearchedEvent, json: unknown, path: readonly PathStep[]): readonly unknown[] => {
  const attribute = attributeAt(path)
  return attribute ? attributeValues(event, attribute) : path.reduce<readonly unknown[]>(follow, [json])
}

function follow(values: readonly unknown[], step: PathStep): readonly unknown[] {
  return values.flatMap((value): readonly unknown[] => {
    if (Array.isArray(value)) {
      const list = value as unknown[]
      if (typeof step === 'string') return follow(list, step)
      if (typeof step === 'object') return list
      return step < list.length ? [list[step]] : []
    }
    if (typeof value !== 'object' || value === null || typeof step !== 'string') return []
    return Object.entries(value).flatMap(([name, member]) => (name === step ? [member as unknown] : []))
  })
}

function allTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(allTexts)
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, member]) => [name, ...allTexts(member)])
  return [String(value)]
}

function compares(
  value: unknown,
  wanted: string,
  { comparison, wildcards }: Extract<SearchExpression, { readonly kind: 'path' }>,
): boolean {
  if (comparison === 'contains')
    return value !== null && allTexts(value).some((text) => fold(text).includes(fold(wanted)))
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false
  const text = String(value)
  if (wildcards && wanted.includes('*'))
    return new RegExp(
      `^${wanted
        .split('*')
        .map((part) => part.replace(/[^a-z0-9]/giu, (odd) => `\\u{${odd.codePointAt(0)?.toString(16)}}`))
        .join('.*')}$`,
      'su',
    ).test(text)
  const isNumeric = typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(wanted)
  const [left, right] = isNumeric ? [value, Number(wanted)] : [text, wanted]
  if (comparison === '=') return left === right
  return comparison.startsWith('<')
    ? left < right || (comparison === '<=' && left === right)
    : left > right || (comparison === '>=' && left === right)
}
