import { endsWithAny, startsWithAny, type AffixTest } from './affixes.ts'
import { resourceAs, typesUnder } from './data-values.ts'
import { envelopeFields, recordFields, type FieldReader } from './event-fields.ts'
import { mergeSelectors } from './merge-selectors.ts'
import type { EventDetailResource, EventDetails, SelectableEvent } from './selectable-event.ts'
import type { AdvancedEventSelector, AdvancedFieldSelector } from './selectors.ts'

type ValueTest = (value: string | undefined) => boolean
type Test<Source> = (source: Source) => boolean

/** One selector with its conditions by what they cost. */
interface CompiledSelector {
  readonly envelope: Test<SelectableEvent>
  readonly record: Test<EventDetails> | undefined
  readonly resource: Test<EventDetailResource> | undefined
  /** Types of resources that `resource` can hold for. */
  readonly resourceTypes: readonly string[]
}

/**
 * Selectors are looked at only for events of their own category, and the record only when the envelope's fields let some
 * selector take the event and that one asks for more.
 */
export function compileAdvanced(selectors: readonly AdvancedEventSelector[]): Test<SelectableEvent> {
  const byCategory = new Map<string, AdvancedEventSelector[]>()
  for (const selector of mergeSelectors(selectors)) {
    for (const category of fieldOf(selector, 'eventCategory')?.Equals ?? [])
      byCategory.set(category, [...(byCategory.get(category) ?? []), selector])
  }
  const tests = new Map([...byCategory].map(([category, group]) => [category, compileGroup(category, group)]))
  return (event) => tests.get(event.category)?.(event) ?? false
}

const fieldOf = (selector: AdvancedEventSelector, name: string): AdvancedFieldSelector | undefined =>
  selector.FieldSelectors.find(({ Field }) => Field === name)

function compileGroup(category: string, group: readonly AdvancedEventSelector[]): Test<SelectableEvent> {
  const compiled = group.map(compileSelector)
  if (category === 'Data') return dataTest(compiled)
  return (event) => {
    for (const { envelope, record } of compiled)
      if (envelope(event) && (record === undefined || record(event.details()))) return true
    return false
  }
}

/** By the resources' types: two hundred selectors for as many types cost no more than one. */
function dataTest(compiled: readonly CompiledSelector[]): Test<SelectableEvent> {
  const byType = new Map<string, CompiledSelector[]>()
  for (const selector of compiled)
    for (const type of selector.resourceTypes) byType.set(type, [...(byType.get(type) ?? []), selector])
  return (event) => {
    if (!compiled.some(({ envelope }) => envelope(event))) return false
    const details = event.details()
    for (const resource of details.resources) {
      if (resource.type === undefined) continue
      for (const selector of byType.get(resource.type) ?? [])
        if (selector.envelope(event) && selector.resource?.(resource) && (selector.record?.(details) ?? true))
          return true
    }
    return false
  }
}

function compileSelector(selector: AdvancedEventSelector): CompiledSelector {
  const [type] = fieldOf(selector, 'resources.type')?.Equals ?? []
  const arn = fieldOf(selector, 'resources.ARN')
  return {
    envelope: every(fieldTests(selector, envelopeFields)) ?? always,
    record: every(fieldTests(selector, recordFields)),
    resource: type === undefined ? undefined : compileResource(type, arn && compileField(arn)),
    resourceTypes: type === undefined ? [] : typesUnder(type),
  }
}

/** The selected type and all conditions on the ARN hold for one and the same resource. */
function compileResource(type: string, arn: ValueTest | undefined): Test<EventDetailResource> {
  return (resource) => {
    const judged = resourceAs(type, resource)
    return judged !== undefined && (arn === undefined || arn(judged.arn))
  }
}

function fieldTests<Source>(
  { FieldSelectors }: AdvancedEventSelector,
  readers: ReadonlyMap<string, FieldReader<Source>>,
): Test<Source>[] {
  return FieldSelectors.flatMap((field): Test<Source>[] => {
    const read = readers.get(field.Field)
    // The category has led here.
    if (!read || field.Field === 'eventCategory') return []
    const test = compileField(field)
    return [(source) => test(read(source))]
  })
}

/** The positive operators OR-ed, the negative ones all passing, both together; no value fails the positive ones only. */
function compileField(field: AdvancedFieldSelector): ValueTest {
  const lets = anyOf(field.Equals, field.StartsWith, field.EndsWith)
  const shutsOut = anyOf(field.NotEquals, field.NotStartsWith, field.NotEndsWith)
  return (value) =>
    value === undefined ? lets === undefined : (lets?.(value) ?? true) && !(shutsOut?.(value) ?? false)
}

type Values = readonly string[] | undefined
function anyOf(exact: Values, prefixes: Values, suffixes: Values): AffixTest | undefined {
  const set = exact && new Set(exact)
  const tests = [
    set && ((value: string) => set.has(value)),
    prefixes && startsWithAny(prefixes),
    suffixes && endsWithAny(suffixes),
  ].filter((test) => test !== undefined)
  if (tests.length <= 1) return tests[0]
  return (value) => tests.some((test) => test(value))
}

const always = (): boolean => true

function every<Source>(tests: readonly Test<Source>[]): Test<Source> | undefined {
  if (tests.length <= 1) return tests[0]
  return (source) => tests.every((test) => test(source))
}
