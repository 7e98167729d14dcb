import Alert from '@cloudscape-design/components/alert'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Table from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { getObject } from '../../api/buckets.ts'
import { hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { RecordPanel } from '../event/record-panel.tsx'
import { bytesText } from './bytes-text.ts'
import { briefOf, readBytesMax, readLogFile } from './log-file.ts'
import { RefusalAlert } from './refusal-alert.tsx'
import { TrailBreadcrumbs } from './trail-breadcrumbs.tsx'

const pageSize = 25

/** The records of one delivered file, read from the bucket as everybody would. */
export default function LogFilePage({
  arn,
  bucket,
  objectKey,
}: {
  readonly arn: string
  readonly bucket: string
  readonly objectKey: string
}) {
  const { client } = useSession()
  const { data, error } = useQuery({
    queryKey: ['log-file', bucket, objectKey],
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async ({ signal }) => readLogFile(await getObject(client, bucket, objectKey, signal)),
  })
  return (
    <ContentLayout
      breadcrumbs={<TrailBreadcrumbs arn={arn} page="Log file" />}
      header={
        <Header variant="h1" description={<UntrustedText text={`s3://${bucket}/${objectKey}`} max={600} />}>
          Log file
        </Header>
      }
    >
      {error ? (
        <SpaceBetween size="s">
          <RefusalAlert error={error} />
          <Alert type="info">
            Files open here where the bucket is one of this server’s own. Of other stores, read them with their own
            tools, or with &quot;opentrail cat&quot;.
          </Alert>
        </SpaceBetween>
      ) : data ? (
        <Records {...data} />
      ) : (
        <Spinner size="large" />
      )}
    </ContentLayout>
  )
}

function Records({ records, bytes, isCut }: Awaited<ReturnType<typeof readLogFile>>) {
  const { settings } = useSettings()
  const [text, setText] = useState('')
  const [page, setPage] = useState(1)
  const [chosen, setChosen] = useState(0)
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase()
    const all = records.map((record, index) => ({ index, record }))
    return wanted === '' ? all : all.filter(({ record }) => record.toLowerCase().includes(wanted))
  }, [records, text])
  const shown = found.slice((page - 1) * pageSize, page * pageSize).map((own) => ({ ...own, ...briefOf(own.record) }))
  return (
    <SpaceBetween size="l">
      {isCut && (
        <Alert type="warning">
          The file is larger than {bytesText(readBytesMax)}: these are the records of its beginning.
        </Alert>
      )}
      <Table
        items={shown}
        trackBy="index"
        selectionType="single"
        selectedItems={shown.filter(({ index }) => index === chosen)}
        onSelectionChange={({ detail }) => setChosen(detail.selectedItems[0]?.index ?? 0)}
        onRowClick={({ detail }) => setChosen(detail.item.index)}
        ariaLabels={{
          tableLabel: 'Records of the file',
          selectionGroupLabel: 'Record that is shown below',
          itemSelectionLabel: (_, { eventName, index }) => `Record ${index + 1}, ${eventName}`,
        }}
        wrapLines
        header={
          <Header
            variant="h2"
            counter={`(${found.length === records.length ? '' : `${found.length}/`}${records.length}${isCut ? '+' : ''})`}
            description={`${bytesText(bytes)} before compression`}
          >
            Records
          </Header>
        }
        filter={
          <TextFilter
            filteringText={text}
            filteringPlaceholder="Find text in the records"
            filteringAriaLabel="Find text in the records"
            countText={`${found.length} ${found.length === 1 ? 'record' : 'records'}`}
            onChange={({ detail }) => {
              setText(detail.filteringText)
              setPage(1)
            }}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={page}
            pagesCount={Math.max(1, Math.ceil(found.length / pageSize))}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        }
        columnDefinitions={[
          {
            id: 'name',
            header: 'Event name',
            isRowHeader: true,
            minWidth: 160,
            cell: ({ eventName, eventId }) =>
              eventId === '' ? (
                <UntrustedText text={eventName} />
              ) : (
                <Link href={hrefOf(`/events/${encodeURIComponent(eventId)}`)}>
                  <UntrustedText text={eventName} />
                </Link>
              ),
          },
          {
            id: 'time',
            header: 'Event time',
            minWidth: 160,
            cell: ({ eventTime }) => timeText(eventTime, settings.timeZone),
          },
          { id: 'user', header: 'User', minWidth: 140, cell: ({ user }) => <UntrustedText text={user} /> },
          {
            id: 'source',
            header: 'Event source',
            minWidth: 160,
            cell: ({ eventSource }) => <UntrustedText text={eventSource} />,
          },
          {
            id: 'error',
            header: 'Error',
            minWidth: 120,
            cell: ({ errorCode }) => <UntrustedText text={errorCode || '–'} />,
          },
        ]}
        empty="No record has this text."
      />
      {records[chosen] !== undefined && <RecordPanel key={chosen} record={records[chosen]} />}
    </SpaceBetween>
  )
}
