import { JsonOutline, NameTable } from '../event/index.ts'
import { hasControlCharacters } from './pattern.ts'
import { named, PolicyRefusal, policyTextBytesMax, policyValueCharsMax, policyValuesMax } from './policy-document.ts'

/** S3's words for what is not a JSON object; a blank before the brace is enough to be refused. */
const notJson = "Policies must be valid JSON and the first byte must be '{'"

/**
 * Parses untrusted text strictly: bounded in size and depth (`jsonDepthMax`), no key twice in an object.
 * @throws {PolicyRefusal}
 */
export function readPolicyJson(text: string): unknown {
  if (text.length > policyTextBytesMax || Buffer.byteLength(text) > policyTextBytesMax)
    throw new PolicyRefusal(`Policy exceeds the maximum allowed document size of ${policyTextBytesMax} bytes`)
  if (!text.startsWith('{') || !text.isWellFormed()) throw new PolicyRefusal(notJson)
  // An own outline each time: it is scratch memory, and two readers must not share it.
  const fault = new JsonOutline(new NameTable([])).scan(Buffer.from(text))
  if (fault) throw new PolicyRefusal(`${notJson}: ${fault.message}`)
  return JSON.parse(text)
}

/** The members of an object. With `known`, any other name is refused. */
export function readMembers(value: unknown, name: string, known?: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PolicyRefusal(`${named(name)} must be a JSON object`)
  const members = new Map<string, unknown>(Object.entries(value))
  for (const member of members.keys())
    if (known && !known.includes(member)) throw new PolicyRefusal(`Unknown field ${named(member)}`)
  return members
}

/**
 * One value or a list of them, as texts; never empty. `scalars` also takes numbers and booleans, as conditions do; numbers
 * that a reader of JSON may have rounded are refused.
 */
export function readValues(value: unknown, name: string, types: 'strings' | 'scalars'): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw new PolicyRefusal(`Missing required field ${name} cannot be empty!`)
  if (list.length > policyValuesMax) throw new PolicyRefusal(`${name} may have at most ${policyValuesMax} values`)
  return list.map((item) => readValue(item, name, types))
}

function readValue(value: unknown, name: string, types: 'strings' | 'scalars'): string {
  if (types === 'scalars' && typeof value === 'boolean') return String(value)
  if (types === 'scalars' && typeof value === 'number' && isExact(value)) return String(value)
  if (typeof value !== 'string') throw new PolicyRefusal(`${name} must be a string or a list of strings`)
  return readText(value, name)
}

/** Integers up to 2^53, and fractions of at most 15 digits. */
const isExact = (value: number): boolean =>
  Number.isInteger(value) ? Number.isSafeInteger(value) : Number(value.toPrecision(15)) === value

/** Checks a text's length and that it can be printed. */
export function readText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new PolicyRefusal(`${name} must be a string`)
  if (value.length > policyValueCharsMax)
    throw new PolicyRefusal(`A value of ${name} is longer than ${policyValueCharsMax} characters`)
  if (hasControlCharacters(value)) throw new PolicyRefusal(`A value of ${name} has control characters`)
  return value
}
