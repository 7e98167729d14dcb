import type { ApiEventDetail, ApiTrailVerdict } from '@opentrail/core/api'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { Copied } from './copied.tsx'

const states: Readonly<Record<ApiTrailVerdict['state'], readonly [StatusIndicatorProps.Type, string]>> = {
  delivered: ['success', 'Delivered'],
  pending: ['in-progress', 'On its way'],
  abandoned: ['error', 'Given up'],
  'not-selected': ['stopped', 'Not selected'],
}

const origins: Readonly<Record<ApiEventDetail['event']['place']['origin'], string>> = {
  self: 'A call of this server’s own API',
  gateway: 'Seen by the recording gateway',
  producer: 'Sent by a producer',
  import: 'Imported from log files',
  derived: 'Derived from other events',
}

/** Why the event was recorded, which trails took it, and in which files it lies. */
export function DeliveryPanel({ detail: { event, recordedBy, trails } }: { readonly detail: ApiEventDetail }) {
  const { settings } = useSettings()
  const { origin, admittedAt, sequence, account, region, recordHash } = event.place
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">How it came in</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Why it is here', value: origins[origin] },
            { label: 'Brought by', value: <UntrustedText text={recordedBy} /> },
            { label: 'Recorded', value: timeText(admittedAt, settings.timeZone, true) },
            { label: 'Entry', value: `${sequence.toLocaleString()} of ${account}/${region}` },
            { label: 'SHA-256 of the record', value: <Copied text={recordHash} /> },
          ]}
        />
      </Container>
      <Table
        variant="container"
        ariaLabels={{ tableLabel: 'Trails and this event' }}
        items={[...trails]}
        trackBy="trailArn"
        header={
          <Header variant="h2" counter={`(${trails.length})`}>
            Trails
          </Header>
        }
        columnDefinitions={[
          {
            id: 'trail',
            header: 'Trail',
            isRowHeader: true,
            cell: ({ trailArn }) => <UntrustedText text={trailArn.split('/').at(-1) ?? trailArn} />,
          },
          {
            id: 'state',
            header: 'State',
            cell: ({ state }) => <StatusIndicator type={states[state][0]}>{states[state][1]}</StatusIndicator>,
          },
          { id: 'why', header: 'Why', cell: ({ why }) => <UntrustedText text={why} /> },
          { id: 'file', header: 'File', cell: ({ file }) => (file ? <LogFile file={file} /> : '–') },
        ]}
        wrapLines
        empty={<Box>There is no trail. Events are kept for the history; trails write them to a bucket.</Box>}
      />
    </SpaceBetween>
  )
}

function LogFile({ file }: { readonly file: NonNullable<ApiTrailVerdict['file']> }) {
  return (
    <SpaceBetween size="xxs">
      <Copied text={`s3://${file.bucket}/${file.key}`} />
      <Box variant="small">
        {file.digest ? (
          <>
            in the digest <Copied text={`s3://${file.digest.bucket}/${file.digest.key}`} />
          </>
        ) : (
          'in no digest yet'
        )}
      </Box>
    </SpaceBetween>
  )
}
