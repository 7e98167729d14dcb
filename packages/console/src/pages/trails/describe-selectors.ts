import { selectorOperators, type FieldSelector, type TrailSelectors } from '../../api/trail-operations.ts'

const verbs: Readonly<Record<(typeof selectorOperators)[number], string>> = {
  Equals: 'is',
  NotEquals: 'is not',
  StartsWith: 'begins with',
  NotStartsWith: 'does not begin with',
  EndsWith: 'ends with',
  NotEndsWith: 'does not end with',
}

/** What a trail takes, one line per selector; an event is taken if any of them fits. */
export function describeSelectors({ EventSelectors, AdvancedEventSelectors }: TrailSelectors): string[] {
  if (AdvancedEventSelectors && AdvancedEventSelectors.length > 0)
    return AdvancedEventSelectors.map(({ Name, FieldSelectors }) => {
      const text = describeFields(FieldSelectors)
      return Name ? `${Name}: ${text}` : text
    })
  return (EventSelectors ?? []).flatMap((selector) => {
    const { ReadWriteType: type = 'All', IncludeManagementEvents: management = true } = selector
    const which = type === 'All' ? 'reads and writes' : type === 'ReadOnly' ? 'reads only' : 'writes only'
    const excluded = selector.ExcludeManagementEventSources ?? []
    const except = excluded.length > 0 ? `, except of ${excluded.join(' and ')}` : ''
    const data = (selector.DataResources ?? []).map(
      ({ Type, Values }) => `Data events of ${Type}, ${which}: ${Values.map(describeValue).join(', ') || 'none'}`,
    )
    return [...(management ? [`Management events, ${which}${except}`] : []), ...data]
  })
}

const describeValue = (value: string): string =>
  /^arn:[a-z-]+:(?:s3(?::::)?|lambda|dynamodb)$/.test(value) ? 'all of them' : value

function describeFields(fields: readonly FieldSelector[]): string {
  const category = fields.find(({ Field }) => Field === 'eventCategory')?.Equals?.[0]
  const readOnly = fields.find(({ Field }) => Field === 'readOnly')?.Equals?.[0]
  const start =
    category === undefined ? 'Events' : `${category === 'NetworkActivity' ? 'Network activity' : category} events`
  const which = readOnly === undefined ? '' : readOnly === 'true' ? ', reads only' : ', writes only'
  const rest = fields.filter(({ Field }) => Field !== 'eventCategory' && Field !== 'readOnly').map(describeField)
  return `${start}${which}${rest.length > 0 ? `, where ${rest.join(' and ')}` : ''}`
}

const describeField = (field: FieldSelector): string =>
  selectorOperators
    .flatMap((operator) => {
      const values = field[operator]
      if (!values) return []
      const joined = values.join(operator.startsWith('Not') ? ' nor ' : ' or ')
      return [`${field.Field} ${verbs[operator]} ${joined}`]
    })
    .join(' and ')
