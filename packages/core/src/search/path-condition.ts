import { lookupValue, type JsonOutline } from '../event/index.ts'
import { attributeValues } from './attribute-values.ts'
import type { PathStep, SearchExpression } from './expression.ts'
import { foldCase, membersOf, type SearchedEvent } from './searched-event.ts'
import { containsText } from './text-condition.ts'
import { valueTest } from './value-test.ts'
import { attributeAt } from './well-known-names.ts'

type PathExpression = Extract<SearchExpression, { readonly kind: 'path' }>
/** Judges what is at the end of a path. */
type EntryTest = (outline: JsonOutline, entry: number) => boolean

/** Paths of attributes mean the attribute's values, so that `=`, `~` and the index never disagree. */
export function pathCondition({
  path,
  comparison,
  values,
  wildcards,
}: PathExpression): (event: SearchedEvent) => boolean {
  const attribute = attributeAt(path)
  if (attribute) {
    const test = valueTest(comparison, comparison === '=' && !wildcards ? values.map(lookupValue) : values, wildcards)
    return (event) => attributeValues(event, attribute).some((value) => test(value, false))
  }
  const test = valueTest(comparison, values, wildcards)
  const needles = comparison === 'contains' ? values.map(foldCase) : []
  return atPath(path, (outline, entry) => {
    if (outline.isString(entry)) return test(outline.string(entry), false)
    if (outline.isObject(entry)) return needles.some((needle) => containsText(outline, entry, needle))
    const text = outline.valueText(entry)
    return text !== 'null' && test(text, outline.isNumber(entry))
  })
}

export function existsCondition(path: readonly PathStep[]): (event: SearchedEvent) => boolean {
  const attribute = attributeAt(path)
  if (attribute) return (event) => attributeValues(event, attribute).length > 0
  return atPath(path, (outline, entry) => outline.valueText(entry) !== 'null', true)
}

/** Whether the test says yes to something at the path; to a list's elements instead of the list, unless `whole`. */
function atPath(path: readonly PathStep[], test: EntryTest, whole = false): (event: SearchedEvent) => boolean {
  const find = path.reduceRight<EntryTest>((rest, step) => stepTo(step, rest), whole ? test : elements(test))
  return (event) => {
    const outline = membersOf(event)?.outline
    return outline !== undefined && find(outline, 0)
  }
}

const elements = (test: EntryTest): EntryTest => {
  const find: EntryTest = (outline, entry) =>
    outline.isArray(entry) ? someChild(outline, entry, find) : test(outline, entry)
  return find
}

function stepTo(step: PathStep, rest: EntryTest): EntryTest {
  if (typeof step === 'string') return memberStep(step, rest)
  if (typeof step === 'number') return (outline, entry) => elementAt(outline, entry, step, rest)
  return (outline, entry) => outline.isArray(entry) && someChild(outline, entry, rest)
}

/** A name asked of a list is asked of its elements. */
function memberStep(name: string, rest: EntryTest): EntryTest {
  const written = Buffer.from(name, 'utf8').toString('latin1')
  const find: EntryTest = (outline, entry) => {
    if (outline.isArray(entry)) return someChild(outline, entry, find)
    if (!outline.isObject(entry)) return false
    const behind = outline.next[entry]!
    for (let child = entry + 1; child < behind; child = outline.next[child]!)
      if (isNamed(outline, child, name, written)) return rest(outline, child)
    return false
  }
  return find
}

/** `written`: the name in UTF-8, a character per byte, as the outline's text has it. */
function isNamed(outline: JsonOutline, entry: number, name: string, written: string): boolean {
  if (outline.isKeyEscaped(entry)) return outline.key(entry) === name
  const start = outline.keyStart[entry]!
  return outline.keyEnd[entry]! - start === written.length && outline.text.startsWith(written, start)
}

function someChild(outline: JsonOutline, entry: number, test: EntryTest): boolean {
  const behind = outline.next[entry]!
  for (let child = entry + 1; child < behind; child = outline.next[child]!) if (test(outline, child)) return true
  return false
}

function elementAt(outline: JsonOutline, entry: number, index: number, test: EntryTest): boolean {
  if (!outline.isArray(entry)) return false
  const behind = outline.next[entry]!
  let child = entry + 1
  for (let left = index; left > 0 && child < behind; left--) child = outline.next[child]!
  return child < behind && test(outline, child)
}
