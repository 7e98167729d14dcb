import { ApiError, inputMember } from '../../operations/index.ts'
import { contextBytesMax, contextNamesMax } from '../encryption-context.ts'
import type { KeyTag } from '../key-documents.ts'
import { KeyServiceError, type EncryptionContext } from '../key-service.ts'

export type KmsInput = Readonly<Record<string, unknown>>

/** Undefined: a secret. Null: the member is not there. */
type Echoed = string | number | null | undefined

interface TextRule {
  readonly min?: number
  readonly max: number
  readonly pattern?: RegExp
}
interface Range {
  readonly min: number
  readonly max: number
}

/**
 * Reads a request's members by type and constraint. A wrong JSON type fails at once (SerializationException); constraints
 * that do not hold are gathered, and `check` tells them all, as AWS does.
 */
export interface InputReader {
  text(name: string, rule: TextRule): string | undefined
  /** Empty until `check` has refused the request. */
  neededText(name: string, rule: TextRule): string
  choice<T extends string>(name: string, values: readonly T[]): T | undefined
  integer(name: string, range: Range): number | undefined
  flag(name: string): boolean
  blob(name: string, range: Range): Buffer | undefined
  neededBlob(name: string, range: Range): Buffer
  context(name: string): EncryptionContext
  tags(name: string): readonly KeyTag[] | undefined
  texts(name: string, rule: TextRule): readonly string[] | undefined
  /** A constraint that no other method knows. */
  refuse(name: string, value: Echoed, constraint: string): void
  isGiven(name: string): boolean
  /** @throws {KeyServiceError} ValidationException */
  check(): void
}

/** Longer values are cut in messages: they are untrusted, and recorded. */
const echoedCharsMax = 256
/** Elements of a list; KMS takes 50 tags. Beyond it the request is refused without being looked through. */
const listMax = 1_000

export function createInputReader(input: KmsInput): InputReader {
  const violations: string[] = []
  const refuse = (name: string, value: Echoed, constraint: string): void => {
    violations.push(`Value ${echoed(value)}at '${lowerFirst(name)}' failed to satisfy constraint: ${constraint}`)
  }
  const needed = <T>(name: string, value: T | undefined, instead: T): T => {
    if (value === undefined) refuse(name, null, 'Member must not be null')
    return value ?? instead
  }
  const checkText = (name: string, value: string, { min = 1, max, pattern }: TextRule): void => {
    checkLength(name, value, value.length, { min, max })
    if (pattern && value.length <= max && !pattern.test(value))
      refuse(name, value, `Member must satisfy regular expression pattern: ${pattern.source}`)
  }
  const checkLength = (name: string, value: Echoed, length: number, { min, max }: Range): void => {
    if (length < min) refuse(name, value, `Member must have length greater than or equal to ${min}`)
    if (length > max) refuse(name, value, `Member must have length less than or equal to ${max}`)
  }
  const reader: InputReader = {
    text(name, rule) {
      const value = inputMember.string(input, name)
      if (value !== undefined) checkText(name, value, rule)
      return value
    },
    neededText: (name, rule) => needed(name, reader.text(name, rule), ''),
    choice(name, values) {
      const value = inputMember.string(input, name)
      const found = values.find((each) => each === value)
      if (value !== undefined && found === undefined)
        refuse(name, value, `Member must satisfy enum value set: [${values.join(', ')}]`)
      return found
    },
    integer(name, { min, max }) {
      const value = inputMember.integer(input, name)
      if (value === undefined) return undefined
      if (value < min) refuse(name, value, `Member must have value greater than or equal to ${min}`)
      if (value > max) refuse(name, value, `Member must have value less than or equal to ${max}`)
      return value
    },
    flag: (name) => inputMember.boolean(input, name) ?? false,
    blob(name, range) {
      const text = inputMember.string(input, name)
      if (text === undefined) return undefined
      const bytes = decodeBase64(name, text)
      checkLength(name, undefined, bytes.length, range)
      return bytes
    },
    neededBlob: (name, range) => needed(name, reader.blob(name, range), Buffer.alloc(0)),
    context: (name) => readContext(name, inputMember.structure(input, name)),
    tags(name) {
      const list = inputMember.structures(bounded(input, name), name)
      return list?.map((tag, index) =>
        readTag(`${lowerFirst(name)}.${index + 1}.member`, createInputReader(tag), refuse),
      )
    },
    texts(name, rule) {
      const list = inputMember.strings(bounded(input, name), name)
      for (const [index, value] of (list ?? []).entries())
        checkText(`${lowerFirst(name)}.${index + 1}.member`, value, rule)
      return list
    },
    refuse,
    isGiven: (name) => Object.hasOwn(input, name) && input[name] !== null,
    check() {
      if (violations.length === 0) return
      const count = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected`
      throw new KeyServiceError('ValidationException', `${count}: ${violations.join('; ')}`)
    },
  }
  return reader
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** What a message repeats of the request: nothing of blobs, which are secrets. */
function echoed(value: Echoed): string {
  if (value === undefined) return ''
  if (value === null) return 'null '
  const text = String(value)
  return `'${text.length > echoedCharsMax ? `${text.slice(0, echoedCharsMax)}...` : text}' `
}

/** KMS takes 50 tags; a list of a hundred thousand is not worth a message for each. */
function bounded(input: KmsInput, name: string): KmsInput {
  const list = Object.hasOwn(input, name) ? input[name] : undefined
  if (Array.isArray(list) && list.length > listMax)
    throw new KeyServiceError('LimitExceededException', `${name} has more than ${listMax} elements.`)
  return input
}

function decodeBase64(name: string, text: string): Buffer {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new ApiError('SerializationException', `${name} is not Base64.`)
  return Buffer.from(text, 'base64')
}

function readContext(name: string, context: KmsInput | undefined): EncryptionContext {
  if (!context) return {}
  const pairs = Object.entries(context).map(([key, value]) => {
    if (typeof value !== 'string')
      throw new ApiError('SerializationException', `${name}: a value can not be converted to a String`)
    return [key, value] as const
  })
  if (pairs.length > contextNamesMax || Buffer.byteLength(JSON.stringify(context)) > contextBytesMax)
    throw new KeyServiceError(
      'ValidationException',
      `1 validation error detected: Value at '${lowerFirst(name)}' failed to satisfy constraint: ` +
        `Member must have at most ${contextNamesMax} names and ${contextBytesMax} bytes`,
    )
  return Object.fromEntries(pairs)
}

function readTag(place: string, tag: InputReader, refuse: InputReader['refuse']): KeyTag {
  const read = (name: string, { min, max }: Range): string => {
    const value = tag.text(name, { min: 0, max: Number.MAX_SAFE_INTEGER })
    const where = `${place}.${lowerFirst(name)}`
    if (value === undefined) refuse(where, null, 'Member must not be null')
    else if (value.length < min) refuse(where, value, `Member must have length greater than or equal to ${min}`)
    else if (value.length > max) refuse(where, value, `Member must have length less than or equal to ${max}`)
    return value ?? ''
  }
  return { key: read('TagKey', { min: 1, max: 128 }), value: read('TagValue', { min: 0, max: 256 }) }
}
