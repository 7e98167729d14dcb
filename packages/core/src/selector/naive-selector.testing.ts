import type { AdvancedEventSelector, AdvancedFieldSelector, EventSelector, TrailSelectors } from './index.ts'
import type { TestEvent } from './selector.testing.ts'

// The rules as the documentation tells them, one sentence after the other: no index, no merging, no laziness.

interface RecordResource {
  readonly type?: string
  readonly ARN?: string
  readonly ARNPrefix?: string
}

export function naiveTakes(selectors: TrailSelectors, event: TestEvent): boolean {
  if (selectors.kind === 'basic') return selectors.selectors.some((selector) => basicTakes(selector, event))
  return selectors.selectors.some((selector) => advancedTakes(selector, event))
}

function basicTakes(selector: EventSelector, event: TestEvent): boolean {
  // What does not say that it reads, writes.
  const isRead = event.readOnly === true
  if (selector.ReadWriteType === 'ReadOnly' && !isRead) return false
  if (selector.ReadWriteType === 'WriteOnly' && isRead) return false
  if (event.category === 'Management')
    return selector.IncludeManagementEvents && !selector.ExcludeManagementEventSources.includes(event.eventSource ?? '')
  if (event.category !== 'Data') return false
  return resourcesOf(event).some((resource) =>
    selector.DataResources.some(({ Type, Values }) => Values.some((value) => covers(Type, value, resource))),
  )
}

function covers(type: string, value: string, resource: RecordResource): boolean {
  const arn = resource.ARN ?? resource.ARNPrefix
  const [, partition, service, ...rest] = value.split(':')
  const meansAll = rest.join('') === ''
  if (type === 'AWS::DynamoDB::Table') {
    if (resource.type !== 'AWS::DynamoDB::Table' && resource.type !== 'AWS::DynamoDB::Stream') return false
  } else if (resource.type !== type) return false
  if (arn === undefined) return meansAll
  if (meansAll) return arn.startsWith(`arn:${partition}:${service}:`)
  if (type === 'AWS::S3::Object') return arn.startsWith(value)
  if (type === 'AWS::Lambda::Function') return arn === value
  return arn === value || arn.startsWith(`${value}/stream/`)
}

function advancedTakes({ FieldSelectors }: AdvancedEventSelector, event: TestEvent): boolean {
  const typeField = FieldSelectors.find(({ Field }) => Field === 'resources.type')
  const arnField = FieldSelectors.find(({ Field }) => Field === 'resources.ARN')
  const others = FieldSelectors.filter((field) => field !== typeField && field !== arnField)
  if (!others.every((field) => fieldTakes(field, valueOf(field.Field, event)))) return false
  if (!typeField) return true
  return resourcesOf(event).some((resource) => {
    let arn = resource.ARN ?? resource.ARNPrefix
    let type = resource.type
    if (typeField.Equals?.[0] === 'AWS::DynamoDB::Table') {
      if (type === 'AWS::DynamoDB::Stream') type = 'AWS::DynamoDB::Table'
      arn = arn?.split('/stream/')[0]
    }
    return fieldTakes(typeField, type) && (!arnField || fieldTakes(arnField, arn))
  })
}

function fieldTakes(field: AdvancedFieldSelector, value: string | undefined): boolean {
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = field
  const hasPositive = Equals !== undefined || StartsWith !== undefined || EndsWith !== undefined
  if (value === undefined) return !hasPositive
  if (NotEquals?.some((unwanted) => value === unwanted)) return false
  if (NotStartsWith?.some((unwanted) => value.startsWith(unwanted))) return false
  if (NotEndsWith?.some((unwanted) => value.endsWith(unwanted))) return false
  if (!hasPositive) return true
  if (Equals?.some((wanted) => value === wanted)) return true
  if (StartsWith?.some((wanted) => value.startsWith(wanted))) return true
  return EndsWith?.some((wanted) => value.endsWith(wanted)) ?? false
}

function valueOf(field: string, event: TestEvent): string | undefined {
  const record = event.record ?? {}
  switch (field) {
    case 'eventCategory':
      return event.category
    case 'readOnly':
      return String(event.readOnly === true)
    case 'eventSource':
      return event.eventSource
    case 'eventName':
      return event.eventName
    case 'userIdentity.arn':
      return (record['userIdentity'] as { arn?: string } | undefined)?.arn
    default:
      return record[field] as string | undefined
  }
}

const resourcesOf = (event: TestEvent): readonly RecordResource[] =>
  (event.record?.['resources'] as readonly RecordResource[] | undefined) ?? []
