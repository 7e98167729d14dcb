import type { ApiEvent } from '@opentrail/core/api'
import Link from '@cloudscape-design/components/link'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { TableProps } from '@cloudscape-design/components/table'
import { hrefOf } from '../../shell/place.ts'
import type { Settings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'

interface Column {
  readonly id: string
  readonly header: string
  readonly width: number
  /** As it stands in a file. */
  text(event: ApiEvent): string
}

const resources = (of: (resource: ApiEvent['resources'][number]) => string | undefined) => (event: ApiEvent) =>
  [...new Set(event.resources.map(of).filter((text) => text !== undefined))].join(', ')

/** Those of AWS's own console first. */
export const columns: readonly Column[] = [
  { id: 'eventName', header: 'Event name', width: 230, text: (event) => event.eventName },
  { id: 'eventTime', header: 'Event time', width: 190, text: (event) => event.eventTime },
  { id: 'username', header: 'User name', width: 180, text: (event) => event.username ?? '' },
  { id: 'eventSource', header: 'Event source', width: 220, text: (event) => event.eventSource },
  { id: 'resourceType', header: 'Resource type', width: 200, text: resources(({ type }) => type) },
  { id: 'resourceName', header: 'Resource name', width: 280, text: resources(({ name }) => name) },
  { id: 'errorCode', header: 'Error code', width: 180, text: (event) => event.errorCode ?? '' },
  { id: 'sourceIPAddress', header: 'Source address', width: 180, text: (event) => event.sourceIPAddress ?? '' },
  { id: 'accessKeyId', header: 'Access key', width: 210, text: (event) => event.accessKeyId ?? '' },
  {
    id: 'readOnly',
    header: 'Read-only',
    width: 110,
    text: ({ readOnly }) => (readOnly === undefined ? '' : String(readOnly)),
  },
  { id: 'category', header: 'Category', width: 140, text: (event) => event.category },
  { id: 'region', header: 'Region', width: 140, text: (event) => event.place.region },
  { id: 'account', header: 'Account', width: 140, text: (event) => event.place.account },
  { id: 'eventId', header: 'Event ID', width: 330, text: (event) => event.eventId },
]

export const columnDefinitions = (timeZone: Settings['timeZone']): TableProps.ColumnDefinition<ApiEvent>[] =>
  columns.map(({ id, header, width, text }) => ({
    id,
    header: id === 'eventTime' && timeZone === 'utc' ? 'Event time (UTC)' : header,
    width,
    minWidth: 90,
    isRowHeader: id === 'eventName',
    cell: (event) => <Cell id={id} event={event} text={text(event)} timeZone={timeZone} />,
  }))

function Cell({
  id,
  event,
  text,
  timeZone,
}: {
  readonly id: string
  readonly event: ApiEvent
  readonly text: string
  readonly timeZone: Settings['timeZone']
}) {
  if (id === 'eventName')
    return (
      <Link href={hrefOf(`/events/${encodeURIComponent(event.eventId)}`)}>
        <UntrustedText text={text} />
      </Link>
    )
  if (id === 'eventTime') return timeText(text, timeZone)
  if (text === '') return '–'
  if (id === 'errorCode')
    return (
      <StatusIndicator type="error">
        <UntrustedText text={text} />
      </StatusIndicator>
    )
  return <UntrustedText text={text} max={120} />
}
