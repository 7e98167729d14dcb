import { startsWithAny, type AffixTest } from './affixes.ts'
import { readDataValue, resourceAs, typesUnder, type DataValue } from './data-values.ts'
import { isRead, type EventDetailResource, type SelectableEvent } from './selectable-event.ts'
import type { EventSelector } from './selectors.ts'

/** What all selectors together take of the reads, or of the writes. */
interface Plane {
  readonly management: boolean
  /** Sources that each of the selectors for management events leaves out. */
  readonly excludedSources: ReadonlySet<string>
  /** By the type that the record gives the resource; types without values are not in it. */
  readonly data: ReadonlyMap<string, ResourceTest>
}
type ResourceTest = (resource: EventDetailResource) => boolean

/** Any number of selectors costs as much as one: they are merged into what they take of reads and what of writes. */
export function compileBasic(selectors: readonly EventSelector[]): (event: SelectableEvent) => boolean {
  const reads = compilePlane(selectors.filter(({ ReadWriteType }) => ReadWriteType !== 'WriteOnly'))
  const writes = compilePlane(selectors.filter(({ ReadWriteType }) => ReadWriteType !== 'ReadOnly'))
  return (event) => {
    const plane = isRead(event) ? reads : writes
    if (event.category === 'Management') return plane.management && !plane.excludedSources.has(event.eventSource)
    if (event.category !== 'Data' || plane.data.size === 0) return false
    for (const resource of event.details().resources)
      if (resource.type !== undefined && plane.data.get(resource.type)?.(resource)) return true
    return false
  }
}

function compilePlane(selectors: readonly EventSelector[]): Plane {
  const forManagement = selectors.filter(({ IncludeManagementEvents }) => IncludeManagementEvents)
  const [first, ...others] = forManagement.map((selector) => selector.ExcludeManagementEventSources)
  const excluded = (first ?? []).filter((source) => others.every((sources) => sources.includes(source)))
  const values = new Map<string, DataValue[]>()
  for (const { Type, Values } of selectors.flatMap((selector) => selector.DataResources)) {
    const read = Values.flatMap((value) => readDataValue(Type, value) ?? [])
    if (read.length > 0) values.set(Type, [...(values.get(Type) ?? []), ...read])
  }
  return {
    management: forManagement.length > 0,
    excludedSources: new Set(excluded),
    data: new Map(
      [...values].flatMap(([type, all]) => typesUnder(type).map((under) => [under, compileValues(type, all)])),
    ),
  }
}

function compileValues(type: string, values: readonly DataValue[]): ResourceTest {
  const exact = new Set(values.filter(({ covers }) => covers === 'exact').map(({ arn }) => arn))
  const prefixes: AffixTest = startsWithAny(values.filter(({ covers }) => covers !== 'exact').map(({ arn }) => arn))
  const takesAll = values.some(({ covers }) => covers === 'all')
  return (resource) => {
    const judged = resourceAs(type, resource)
    if (!judged) return false
    return judged.arn === undefined ? takesAll : exact.has(judged.arn) || prefixes(judged.arn)
  }
}
