import { ApiError } from '../api-error/index.ts'

type Input = Readonly<Record<string, unknown>>

const kindOf = (value: unknown): string =>
  value === null ? 'NULL' : Array.isArray(value) ? 'LIST' : typeof value === 'object' ? 'STRUCTURE' : typeof value

const wrongType = (name: string, value: unknown, wanted: string) =>
  new ApiError(
    'SerializationException',
    `${name}: ${kindOf(value).toUpperCase()}_VALUE can not be converted to ${wanted}`,
  )

/** Reads a member; absent and null are the same. @throws {ApiError} SerializationException: another JSON type. */
function member<T>(input: Input, name: string, wanted: string, is: (value: unknown) => value is T): T | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  if (value === undefined || value === null) return undefined
  if (!is(value)) throw wrongType(name, value, wanted)
  return value
}

const isString = (value: unknown): value is string => typeof value === 'string'
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
const isStructure = (value: unknown): value is Input =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Members of an operation's input by JSON type. All give undefined for an absent or null member and throw
 * SerializationException for a wrong type; lengths, ranges and names are the operation's own to check.
 */
export const inputMember = {
  string: (input: Input, name: string) => member(input, name, 'a String', isString),
  boolean: (input: Input, name: string) => member(input, name, 'a Boolean', isBoolean),
  integer: (input: Input, name: string) => member(input, name, 'an Integer', isInteger),
  /** Seconds since the epoch, with a fraction. */
  timestamp: (input: Input, name: string) => member(input, name, 'a Timestamp', isNumber),
  structure: (input: Input, name: string) => member(input, name, 'a Structure', isStructure),
  list: (input: Input, name: string) => member(input, name, 'a List', isList),
  strings(input: Input, name: string): readonly string[] | undefined {
    return member(input, name, 'a List', isList)?.map((item, index) => {
      if (!isString(item)) throw wrongType(`${name}[${index}]`, item, 'a String')
      return item
    })
  },
  structures(input: Input, name: string): readonly Input[] | undefined {
    return member(input, name, 'a List', isList)?.map((item, index) => {
      if (!isStructure(item)) throw wrongType(`${name}[${index}]`, item, 'a Structure')
      return item
    })
  },
}
