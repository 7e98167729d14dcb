import type { ApiTopValues } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import DateRangePicker from '@cloudscape-design/components/date-range-picker'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import PropertyFilter, { type PropertyFilterProps } from '@cloudscape-design/components/property-filter'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { formatSearch, parseSearch, searchAttributes, SearchSyntaxError } from '@opentrail/core/search'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Parameters } from '../../api/client.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { visibleText } from '../../text/hidden-characters.ts'
import { expressionOf, queryOf } from './property-filter-query.ts'
import { pickerValue, rangeChoices, rangeOf, type TimeRange } from './time-range.ts'

const labels: Readonly<Partial<Record<string, string>>> = {
  eventName: 'Event name',
  eventSource: 'Event source',
  username: 'User name',
  'userIdentity.arn': 'Identity ARN',
  'userIdentity.principalId': 'Principal ID',
  'userIdentity.accessKeyId': 'Access key',
  'userIdentity.sessionContext.sessionIssuer.arn': 'Role ARN',
  sourceIPAddress: 'Source address',
  userAgent: 'User agent',
  errorCode: 'Error code',
  eventType: 'Event type',
  eventID: 'Event ID',
  eventCategory: 'Category',
  readOnly: 'Read-only',
  resource: 'Resource name',
  resourceType: 'Resource type',
}

const properties: PropertyFilterProps.FilteringProperty[] = searchAttributes.map((key) => ({
  key,
  propertyLabel: labels[key] ?? key,
  groupValuesLabel: `${labels[key] ?? key}: most frequent`,
  operators: [{ operator: '=', tokenType: 'enum' }, { operator: '!=', tokenType: 'enum' }, ':', '!:', '^', '!^'],
}))

/** Values offered for one attribute. */
const valuesMax = 50

export interface FilterBarProps {
  readonly where: string
  readonly range: TimeRange
  /** Of the search in force: what values are offered for. */
  readonly parameters: Parameters
  readonly onWhere: (where: string) => void
  readonly onRange: (range: TimeRange) => void
}

/** The search as tokens and as text, which are the same, and the time that it is about. */
export function FilterBar({ where, range, parameters, onWhere, onRange }: FilterBarProps) {
  const [attribute, setAttribute] = useState<string>()
  const values = useTopValues(attribute, parameters)
  const { settings } = useSettings()
  const query = readQuery(where)
  return (
    <SpaceBetween size="xs">
      <div className="filter-row">
        {query ? (
          <div id="event-filter">
            <PropertyFilter
              query={query}
              onChange={({ detail }) => {
                const expression = expressionOf(detail)
                onWhere(expression ? formatSearch(expression) : '')
              }}
              filteringProperties={properties}
              filteringOptions={(values.data?.values ?? []).map(({ value, count }) => ({
                propertyKey: values.data?.attribute ?? '',
                value,
                tags: [count.toLocaleString()],
              }))}
              filteringStatusType={values.isFetching ? 'loading' : values.isError ? 'error' : 'finished'}
              filteringLoadingText="Looking for the most frequent values"
              filteringErrorText="Values cannot be offered now."
              onLoadItems={({ detail }) => setAttribute(detail.filteringProperty?.key)}
              filteringPlaceholder="Find events by their attributes, or by text anywhere in them"
              filteringAriaLabel="Find events"
              freeTextFiltering={{ operators: [':', '!:'], defaultOperator: ':' }}
              tokenLimit={6}
              expandToViewport
            />
          </div>
        ) : (
          <div>
            <Alert type="info" action={<Button onClick={() => onWhere('')}>Clear</Button>}>
              This search says more than tokens can. Change it as text.
            </Alert>
          </div>
        )}
        <DateRangePicker
          value={pickerValue(range)}
          onChange={({ detail }) => {
            const chosen = detail.value && rangeOf(detail.value)
            if (chosen) onRange(chosen)
          }}
          relativeOptions={rangeChoices}
          isValidRange={(value) =>
            value && rangeOf(value)
              ? { valid: true }
              : {
                  valid: false,
                  errorMessage: 'Choose a beginning and an end after it; months and years are no lengths.',
                }
          }
          customRelativeRangeUnits={['minute', 'hour', 'day', 'week']}
          getTimeOffset={(date) => (settings.timeZone === 'utc' ? 0 : -date.getTimezoneOffset())}
          placeholder="Choose the time"
          ariaLabel="Time of the events"
          showClearButton={false}
          expandToViewport
        />
      </div>
      <SearchText key={where} where={where} isOpen={!query} onWhere={onWhere} />
    </SpaceBetween>
  )
}

/** The search as it is written: to be read, changed, and kept. */
function SearchText({
  where,
  isOpen,
  onWhere,
}: {
  readonly where: string
  readonly isOpen: boolean
  readonly onWhere: (where: string) => void
}) {
  const [text, setText] = useState(where)
  const [expanded, setExpanded] = useState(isOpen)
  useEffect(() => setText(where), [where])
  const problem = problemOf(text)
  return (
    <ExpandableSection
      headerText={where === '' ? 'Search as text' : `Search as text: ${visibleText(where, 120)}`}
      expanded={expanded}
      onChange={({ detail }) => setExpanded(detail.expanded)}
    >
      <FormField
        label="Search"
        description="Members of the record by their path, text anywhere, and, or, not, parentheses. Enter searches."
        constraintText="For example: userIdentity.type = Root and not errorCode exists"
        errorText={problem}
        stretch
      >
        <Input
          value={text}
          spellcheck={false}
          onChange={({ detail }) => setText(detail.value)}
          onKeyDown={({ detail }) => {
            if (detail.key === 'Enter' && problem === undefined) onWhere(text.trim())
          }}
        />
      </FormField>
    </ExpandableSection>
  )
}

function readQuery(where: string): PropertyFilterProps.Query | undefined {
  try {
    return queryOf(parseSearch(where))
  } catch {
    return undefined
  }
}

/** Why the search cannot be read. */
function problemOf(text: string): string | undefined {
  try {
    parseSearch(text)
    return undefined
  } catch (error) {
    if (error instanceof SearchSyntaxError) return `At character ${error.at + 1}: ${error.message}.`
    throw error
  }
}

function useTopValues(attribute: string | undefined, parameters: Parameters) {
  const { client } = useSession()
  return useQuery({
    queryKey: ['values', attribute, parameters],
    enabled: attribute !== undefined,
    queryFn: ({ signal }) =>
      client.get<ApiTopValues>('/api/v1/events/values', { ...parameters, attribute, limit: valuesMax }, signal),
  })
}
