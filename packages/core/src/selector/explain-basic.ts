import { readDataValue, resourceAs } from './data-values.ts'
import type { SelectorCheck } from './explanation.ts'
import { isRead, type EventDetailResource, type SelectableEvent } from './selectable-event.ts'
import { shown } from './selector-fault.ts'
import type { EventSelector } from './selectors.ts'

/** What each member of a basic selector that concerns the event says to it. */
export function explainBasic(selector: EventSelector, event: SelectableEvent): SelectorCheck[] {
  if (event.category === 'Management') return [...managementChecks(selector, event), readWriteCheck(selector, event)]
  if (event.category === 'Data') return [dataCheck(selector, event), readWriteCheck(selector, event)]
  const text = `basic selectors take management and data events only, and the category is ${shown(event.category)}`
  return [{ field: 'eventCategory', passed: false, actual: event.category, text }]
}

function readWriteCheck({ ReadWriteType }: EventSelector, event: SelectableEvent): SelectorCheck {
  const read = isRead(event)
  const passed = ReadWriteType === 'All' || read === (ReadWriteType === 'ReadOnly')
  const without = event.readOnly === undefined ? ', since it does not say readOnly' : ''
  return {
    field: 'ReadWriteType',
    passed,
    ...(event.readOnly !== undefined && { actual: String(event.readOnly) }),
    value: ReadWriteType,
    text: `the event is a ${read ? 'read' : `write${without}`}, and ReadWriteType is ${ReadWriteType}`,
  }
}

function managementChecks(selector: EventSelector, { eventSource }: SelectableEvent): SelectorCheck[] {
  const included = selector.IncludeManagementEvents
  const excluded = selector.ExcludeManagementEventSources.includes(eventSource)
  return [
    {
      field: 'IncludeManagementEvents',
      passed: included,
      actual: 'Management',
      value: String(included),
      text: `it is a management event, and IncludeManagementEvents is ${included}`,
    },
    {
      field: 'ExcludeManagementEventSources',
      passed: !excluded,
      actual: eventSource,
      ...(excluded && { value: eventSource }),
      text: `the source ${shown(eventSource)} is ${excluded ? '' : 'not '}among ExcludeManagementEventSources`,
    },
  ]
}

interface Found {
  readonly value: string
  readonly resource: EventDetailResource
}

function dataCheck({ DataResources }: EventSelector, event: SelectableEvent): SelectorCheck {
  const { resources } = event.details()
  const field = 'DataResources'
  for (const { Type, Values } of DataResources) {
    const found = findValue(Type, Values, resources)
    if (!found) continue
    const actual = found.resource.arn
    const text = `its ${Type} ${shown(actual ?? 'without an ARN')} is covered by ${shown(found.value)}`
    return { field, passed: true, ...(actual !== undefined && { actual }), value: found.value, text }
  }
  if (DataResources.every(({ Values }) => Values.length === 0))
    return { field, passed: false, text: 'it is a data event, and the selector names no data resources' }
  const selectable = resources.find((resource) => DataResources.some(({ Type }) => resourceAs(Type, resource)))
  const actual = selectable?.arn
  const text = selectable
    ? `no value covers its ${selectable.type} ${shown(actual ?? 'without an ARN')}`
    : `it has no resource of type ${DataResources.map(({ Type }) => Type).join(', ')}`
  return { field, passed: false, ...(actual !== undefined && { actual }), text }
}

function findValue(
  type: string,
  values: readonly string[],
  resources: readonly EventDetailResource[],
): Found | undefined {
  for (const resource of resources) {
    const judged = resourceAs(type, resource)
    const value = judged && values.find((candidate) => covers(type, candidate, judged.arn))
    if (value !== undefined) return { value, resource }
  }
  return undefined
}

function covers(type: string, value: string, arn: string | undefined): boolean {
  const read = readDataValue(type, value)
  if (!read) return false
  if (arn === undefined) return read.covers === 'all'
  return read.covers === 'exact' ? arn === read.arn : arn.startsWith(read.arn)
}
