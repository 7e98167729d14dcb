import { LookupRefusal } from './lookup-fault.ts'

interface MemberTypes {
  readonly string: string
  readonly integer: number
  readonly timestamp: number
  readonly list: readonly unknown[]
}

const checks: { readonly [Type in keyof MemberTypes]: (value: unknown) => boolean } = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  timestamp: (value) => typeof value === 'number',
  list: (value) => Array.isArray(value),
}

/**
 * One member of a JSON object by its type on the wire; `null` means absent, as AWS services take it.
 * @throws {LookupRefusal} `wrong-type`: the value has another JSON type.
 */
export function member<Type extends keyof MemberTypes>(
  input: Readonly<Record<string, unknown>>,
  name: string,
  type: Type,
): MemberTypes[Type] | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  if (value === undefined || value === null) return undefined
  if (!checks[type](value)) throw new LookupRefusal('wrong-type', `${name} must be a JSON ${jsonName[type]}.`)
  return value as MemberTypes[Type]
}

const jsonName = { string: 'string', integer: 'integer', timestamp: 'number', list: 'list' } as const
