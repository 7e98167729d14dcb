import type { ApiEvent, ApiEventPage } from '@opentrail/core/api'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import Table from '@cloudscape-design/components/table'
import { formatSearch, type SearchAttribute } from '@opentrail/core/search'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { columnDefinitions } from '../event-history/columns.tsx'
import { secondsText } from '../event-history/time-range.ts'

/** Before and after the event. */
const aroundMs = 15 * 60_000
const shownMax = 50

/** What the same user, session, address, or whoever used the same resource did a quarter of an hour before and after. */
export function NeighboursPanel({ event }: { readonly event: ApiEvent }) {
  const { client, scope } = useSession()
  const { settings } = useSettings()
  const kinds = kindsOf(event)
  const [chosen, setChosen] = useState(kinds[0]?.id ?? '')
  const where = kinds.find(({ id }) => id === chosen)?.where ?? ''
  const time = Date.parse(event.eventTime)
  const range = { from: secondsText(new Date(time - aroundMs)), to: secondsText(new Date(time + aroundMs)) }
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['around', event.eventId, where, scope],
    enabled: where !== '',
    queryFn: ({ signal }) =>
      client.get<ApiEventPage>('/api/v1/events', { where, ...range, ...scope, limit: shownMax }, signal),
  })
  const isShown = ['eventTime', 'eventName', 'username', 'eventSource', 'resourceName', 'errorCode']
  return (
    <Table
      variant="container"
      ariaLabels={{ tableLabel: 'Events around this one' }}
      items={[...(data?.events ?? [])]}
      trackBy="eventId"
      loading={isPending && where !== ''}
      loadingText="Looking for events"
      columnDefinitions={columnDefinitions(settings.timeZone).filter(({ id }) => isShown.includes(id ?? ''))}
      selectedItems={data?.events.filter(({ eventId }) => eventId === event.eventId) ?? []}
      empty={error ? <FailureAlert error={error} onRetry={() => void refetch()} /> : 'No events'}
      header={
        <Header
          variant="h2"
          description={`A quarter of an hour before and after, at most ${shownMax} events.`}
          actions={<Button href={hrefOf('/events', { where, ...range })}>Open in the event history</Button>}
        >
          Around it
        </Header>
      }
      filter={
        <SegmentedControl
          selectedId={chosen}
          label="What they have in common"
          options={kinds}
          onChange={({ detail }) => setChosen(detail.selectedId)}
        />
      }
    />
  )
}

interface Kind {
  readonly id: string
  readonly text: string
  readonly where: string
}

const kindsOf = ({ username, accessKeyId, sourceIPAddress, resources }: ApiEvent): Kind[] => [
  ...kind('user', 'Same user', 'username', username),
  ...kind('session', 'Same access key', 'userIdentity.accessKeyId', accessKeyId),
  ...kind('resource', 'Same resource', 'resource', resources[0]?.name),
  ...kind('address', 'Same address', 'sourceIPAddress', sourceIPAddress),
]

/** Of what the event does not tell there is none. */
const kind = (id: string, text: string, attribute: SearchAttribute, value: string | undefined): Kind[] =>
  value === undefined || value === ''
    ? []
    : [{ id, text, where: formatSearch({ kind: 'attribute', attribute, values: [value] }) }]
