import { selectorOperators, type AdvancedFieldSelector, type DataResource } from './selectors.ts'
import { SelectorRefusal } from './selector-fault.ts'

/** A selector with its JSON types checked and nothing else: members may be missing, values may be anything. */
export interface SentEventSelector {
  readonly ReadWriteType?: string
  readonly IncludeManagementEvents?: boolean
  readonly DataResources?: readonly Partial<DataResource>[]
  readonly ExcludeManagementEventSources?: readonly string[]
}
export interface SentAdvancedSelector {
  readonly Name?: string
  readonly FieldSelectors?: readonly Partial<AdvancedFieldSelector>[]
}

type Reader<T> = (value: unknown, path: string) => T

/**
 * The shapes of the API, read before any rule is looked at, as AWS services do: a wrong JSON type is answered as such
 * whatever else is wrong. `null` members are absent, unknown ones are dropped.
 * @throws {SelectorRefusal} `serialization`.
 */
export const readSentSelectors: Reader<SentEventSelector[]> = listOf((value, path) => {
  const object = objectAt(value, path)
  return present<SentEventSelector>({
    ReadWriteType: object('ReadWriteType', string),
    IncludeManagementEvents: object('IncludeManagementEvents', boolean),
    DataResources: object('DataResources', listOf(dataResource)),
    ExcludeManagementEventSources: object('ExcludeManagementEventSources', listOf(string)),
  })
})

/** @throws {SelectorRefusal} `serialization`. */
export const readSentAdvancedSelectors: Reader<SentAdvancedSelector[]> = listOf((value, path) => {
  const object = objectAt(value, path)
  return present<SentAdvancedSelector>({
    Name: object('Name', string),
    FieldSelectors: object('FieldSelectors', listOf(fieldSelector)),
  })
})

function dataResource(value: unknown, path: string): Partial<DataResource> {
  const object = objectAt(value, path)
  return present<Partial<DataResource>>({ Type: object('Type', string), Values: object('Values', listOf(string)) })
}

function fieldSelector(value: unknown, path: string): Partial<AdvancedFieldSelector> {
  const object = objectAt(value, path)
  const operators = selectorOperators.map((operator) => [operator, object(operator, listOf(string))] as const)
  return present<Partial<AdvancedFieldSelector>>({ Field: object('Field', string), ...Object.fromEntries(operators) })
}

function string(value: unknown, path: string): string {
  return typeof value === 'string' ? value : wrongType(path, 'string')
}

function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : wrongType(path, 'boolean')
}

function listOf<T>(read: Reader<T>): Reader<T[]> {
  return (value, path) =>
    Array.isArray(value) ? value.map((item, index) => read(item, `${path}[${index}]`)) : wrongType(path, 'list')
}

/** Reads one member of the object at `path` at a time. */
function objectAt(value: unknown, path: string): <T>(name: string, read: Reader<T>) => T | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrongType(path, 'object')
  const object = value as Readonly<Record<string, unknown>>
  return (name, read) => {
    const member = Object.hasOwn(object, name) ? object[name] : undefined
    return member === undefined || member === null ? undefined : read(member, `${path}.${name}`)
  }
}

type OrUndefined<T> = { readonly [Key in keyof T]: T[Key] | undefined }
function present<T extends object>(members: OrUndefined<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}

function wrongType(path: string, type: string): never {
  throw new SelectorRefusal('serialization', `${path} must be a JSON ${type}.`)
}
