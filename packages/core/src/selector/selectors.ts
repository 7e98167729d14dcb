/** One kind of data resource of a basic selector, as PutEventSelectors takes and GetEventSelectors returns it. */
export interface DataResource {
  readonly Type: string
  readonly Values: readonly string[]
}

/** A basic selector in its wire shape, defaults filled in. Source: CloudTrail API Reference, EventSelector. */
export interface EventSelector {
  readonly ReadWriteType: ReadWriteType
  readonly IncludeManagementEvents: boolean
  readonly DataResources: readonly DataResource[]
  readonly ExcludeManagementEventSources: readonly string[]
}
export type ReadWriteType = 'All' | 'ReadOnly' | 'WriteOnly'

/** Operators that let an event in; they are OR-ed. */
export const positiveOperators = ['Equals', 'StartsWith', 'EndsWith'] as const
/** Operators that keep an event out; each one must pass. */
export const negativeOperators = ['NotEquals', 'NotStartsWith', 'NotEndsWith'] as const
export const selectorOperators = [...positiveOperators, ...negativeOperators] as const
export type PositiveOperator = (typeof positiveOperators)[number]
export type NegativeOperator = (typeof negativeOperators)[number]
export type SelectorOperator = (typeof selectorOperators)[number]

/** Longest value of a selector, in characters. Source: CloudTrail API Reference, AdvancedFieldSelector. */
export const valueCharsMax = 2_048

/** A condition on one field in its wire shape; at least one operator is there, none is empty. */
export interface AdvancedFieldSelector extends Readonly<Partial<Record<SelectorOperator, readonly string[]>>> {
  readonly Field: string
}

/** An advanced selector in its wire shape. Source: CloudTrail API Reference, AdvancedEventSelector. */
export interface AdvancedEventSelector {
  readonly Name?: string
  readonly FieldSelectors: readonly AdvancedFieldSelector[]
}

/** The selectors of a trail: of one kind, never both. An event is recorded where any of them takes it. */
export type TrailSelectors =
  | { readonly kind: 'basic'; readonly selectors: readonly EventSelector[] }
  | { readonly kind: 'advanced'; readonly selectors: readonly AdvancedEventSelector[] }

/** What a trail has before PutEventSelectors: all management events, no data events. */
export const defaultSelectors: TrailSelectors = {
  kind: 'basic',
  selectors: [
    { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
  ],
}
