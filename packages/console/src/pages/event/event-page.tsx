import type { ApiEvent, ApiEventDetail } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Tabs from '@cloudscape-design/components/tabs'
import { formatSearch, type SearchAttribute } from '@opentrail/core/search'
import { useQuery } from '@tanstack/react-query'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { visibleText } from '../../text/hidden-characters.ts'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { TimelineLinks } from '../timelines/timeline-links.tsx'
import { Copied } from './copied.tsx'
import { DeliveryPanel } from './delivery-panel.tsx'
import { eventSentence } from './event-sentence.ts'
import { NeighboursPanel } from './neighbours-panel.tsx'
import { ProofPanel } from './proof-panel.tsx'
import { RecordPanel } from './record-panel.tsx'

/** One event: what it says, what was around it, where it went, and what proves it. */
export default function EventPage({ eventId }: { readonly eventId: string }) {
  const { client, scope } = useSession()
  const { data, error, refetch } = useQuery({
    queryKey: ['event', eventId, scope],
    queryFn: ({ signal }) =>
      client.get<ApiEventDetail>(`/api/v1/events/${encodeURIComponent(eventId)}`, { ...scope }, signal),
  })
  if (error)
    return (
      <ContentLayout header={<Header variant="h1">Event</Header>}>
        <FailureAlert error={error} onRetry={() => void refetch()} />
      </ContentLayout>
    )
  if (!data) return <Spinner size="large" />
  const { event } = data
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: 'Event history', href: '#/events' },
            // Text only is taken here: what cannot be seen is named as everywhere.
            { text: visibleText(event.eventName), href: '#' },
          ]}
        />
      }
      header={
        <Header
          variant="h1"
          description={<UntrustedText text={eventSentence(event)} />}
          actions={<TimelineLinks event={event} />}
        >
          <UntrustedText text={event.eventName} />
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Details event={event} />
        <Tabs
          ariaLabel="More about the event"
          tabs={[
            { id: 'record', label: 'Event record', content: <RecordPanel record={event.record} /> },
            { id: 'around', label: 'Around it', content: <NeighboursPanel event={event} /> },
            { id: 'delivery', label: 'Why and where', content: <DeliveryPanel detail={data} /> },
            { id: 'proof', label: 'Proof', content: <ProofPanel detail={data} /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  )
}

function Details({ event }: { readonly event: ApiEvent }) {
  const { settings } = useSettings()
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <SpaceBetween size="l">
        {event.errorCode !== undefined && (
          <StatusIndicator type="error">
            <UntrustedText text={event.errorCode} />
          </StatusIndicator>
        )}
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Event time', value: timeText(event.eventTime, settings.timeZone, true) },
            { label: 'User name', value: <Found attribute="username" value={event.username} /> },
            { label: 'Event name', value: <Found attribute="eventName" value={event.eventName} /> },
            { label: 'Event source', value: <Found attribute="eventSource" value={event.eventSource} /> },
            { label: 'Access key', value: <Found attribute="userIdentity.accessKeyId" value={event.accessKeyId} /> },
            { label: 'Source address', value: <Found attribute="sourceIPAddress" value={event.sourceIPAddress} /> },
            { label: 'Event ID', value: <Copied text={event.eventId} /> },
            { label: 'Account and Region', value: `${event.place.account}, ${event.place.region}` },
            { label: 'Read-only', value: event.readOnly === undefined ? '–' : String(event.readOnly) },
            ...event.resources.slice(0, shownResources).map(({ type, name }) => ({
              label: type ?? 'Resource',
              value: <Found attribute="resource" value={name} />,
            })),
          ]}
        />
        {event.resources.length > shownResources && (
          <Alert type="info">{event.resources.length - shownResources} more resources are in the event record.</Alert>
        )}
      </SpaceBetween>
    </Container>
  )
}

/** More are a list, which the record shows better. */
const shownResources = 9

/** A value that leads to all events with it. */
function Found({ attribute, value }: { readonly attribute: SearchAttribute; readonly value: string | undefined }) {
  if (value === undefined || value === '') return '–'
  const where = formatSearch({ kind: 'attribute', attribute, values: [value] })
  return (
    <Link href={hrefOf('/events', { where, from: '-7d' })}>
      <UntrustedText text={value} />
    </Link>
  )
}
