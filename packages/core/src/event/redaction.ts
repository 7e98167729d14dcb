import { childOf } from './record-members.ts'
import { fieldIndex } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'
import type { JsonOutline } from './json-outline.ts'
import { foldName, NameTable } from './name-table.ts'
import { alreadyHidden, hiddenValue, secretForms, secretNames, secretParameters } from './redaction-list.ts'
import { literalText, type TextEdit } from './text-edits.ts'

const allNames = secretNames.flatMap((group) => group.names)
const foldedNames: ReadonlySet<string> = new Set(allNames.map(foldName))
/** For the scanner: any key with the hash of one of these is looked at. */
export const watchedNames = new NameTable([...foldedNames])
const hiddenLiteral = `"${hiddenValue}"`
/** No secret form is shorter. */
const secretFormLengthMin = 16
/** Ordinary texts need two; one that is still changing then is built to confuse, and is hidden as a whole. */
const replacementRoundsMax = 4

const escapeForPattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const anyMark = new RegExp(secretForms.flatMap((form) => form.marks.map(escapeForPattern)).join('|'))

const pathsByEvent = new Map<string, { source: string; paths: readonly (readonly string[])[] }[]>()
for (const { source, eventNames, paths } of secretParameters)
  for (const eventName of eventNames) {
    const known = pathsByEvent.get(eventName) ?? []
    known.push({ source, paths: paths.map((path) => path.split('.')) })
    pathsByEvent.set(eventName, known)
  }
/** `CreateFunction20150331v2` is `CreateFunction`. */
const withoutDate = (eventName: string): string =>
  /\d(?:v\d)?$/.test(eventName) ? eventName.replace(/20\d{6}(?:v\d{1,2})?$/, '') : eventName

/**
 * The edits that take all secrets out of a scanned, compact record: in order, empty when there are none. Costs next to
 * nothing for a record without a suspicious name or text.
 */
export function findSecrets(members: RecordMembers): TextEdit[] {
  const { outline } = members
  const hidden = new Set<number>()
  if (outline.watched) hideNamed(outline, hidden)
  const eventName = members.string(fieldIndex.eventName)
  const parameters = eventName === undefined ? undefined : pathsByEvent.get(withoutDate(eventName))
  if (parameters) {
    const source = members.string(fieldIndex.eventSource)
    for (const rule of parameters)
      if (rule.source === source) for (const path of rule.paths) hideAt(outline, 0, path, 0, hidden)
  }
  // A \u escape may stand for any character of a mark, so such records are looked through string by string.
  const suspicious = outline.unicodeEscapes || anyMark.test(outline.text)
  if (hidden.size === 0 && !suspicious) return []
  return collectEdits(outline, hidden, suspicious)
}

function hideNamed(outline: JsonOutline, hidden: Set<number>): void {
  for (let entry = 1; entry < outline.count; entry++)
    if (outline.isWatched(entry) && foldedNames.has(foldName(outline.key(entry)))) {
      hideLeaves(outline, entry, hidden)
      // Once is enough for secrets inside of secrets: time stays linear.
      entry = outline.next[entry]! - 1
    }
}

function hideAt(outline: JsonOutline, parent: number, path: readonly string[], at: number, hidden: Set<number>): void {
  const step = path[at]
  if (step === undefined) return hideLeaves(outline, parent, hidden)
  if (step !== '*') {
    const child = childOf(outline, parent, step)
    if (child >= 0) hideAt(outline, child, path, at + 1, hidden)
    return
  }
  if (!outline.isArray(parent) && !outline.isObject(parent)) return
  const behind = outline.next[parent]!
  for (let child = parent + 1; child < behind; child = outline.next[child]!)
    hideAt(outline, child, path, at + 1, hidden)
}

function hideLeaves(outline: JsonOutline, entry: number, hidden: Set<number>): void {
  for (let leaf = entry; leaf < outline.next[entry]!; leaf++)
    if (outline.isNumber(leaf) || (outline.isString(leaf) && saysSomething(outline, leaf))) hidden.add(leaf)
}

function saysSomething(outline: JsonOutline, leaf: number): boolean {
  const value = outline.string(leaf)
  return value !== '' && !alreadyHidden.some((pattern) => pattern.test(value))
}

function collectEdits(outline: JsonOutline, hidden: ReadonlySet<number>, searchForms: boolean): TextEdit[] {
  const edits: TextEdit[] = []
  const { valueStart, valueEnd } = outline
  let topLevelEntry = 1
  for (let entry = 1; entry < outline.count; entry++) {
    const isTopLevel = entry === topLevelEntry
    if (isTopLevel) topLevelEntry = outline.next[entry]!
    const start = valueStart[entry]!
    const end = valueEnd[entry]!
    if (hidden.has(entry)) edits.push({ start, end, replacement: hiddenLiteral })
    else if (searchForms && end - start >= secretFormLengthMin && outline.isString(entry)) {
      const replacement = withoutSecretForms(outline, entry, isTopLevel)
      if (replacement !== undefined) edits.push({ start, end, replacement })
    }
  }
  return edits
}

/** The literal to write instead, or undefined when the string holds no secret form. */
function withoutSecretForms(outline: JsonOutline, entry: number, partOnly: boolean): string | undefined {
  if (!outline.isEscaped(entry) && !anyMark.test(outline.valueText(entry))) return undefined
  const value = outline.string(entry)
  if (!anyMark.test(value)) return undefined
  const redacted = replaceForms(value)
  if (redacted === value) return undefined
  return partOnly ? literalText(redacted) : hiddenLiteral
}

/** Repeated, because a replacement may complete another form; each round shortens the text or is the last. */
function replaceForms(value: string): string {
  let text = value
  for (let round = 0; round < replacementRoundsMax; round++) {
    const before = text
    for (const { pattern } of secretForms) text = text.replace(pattern, hiddenValue)
    if (text === before) return text
  }
  return hiddenValue
}
