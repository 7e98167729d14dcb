import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { bytesText } from './bytes-text.ts'
import { RegionSelect } from './region-select.tsx'
import { logFileHref } from './trail-places.ts'
import { useLogFiles } from './use-trails.ts'

/** What the trail has delivered, newest first; each file opens. */
export function LogFilesPanel({ trail }: { readonly trail: Trail }) {
  const [region, setRegion] = useState('')
  const { settings } = useSettings()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetching } = useLogFiles(
    trail.TrailARN,
    region,
  )
  const files = data?.pages.flatMap((page) => page.files) ?? []
  return (
    <SpaceBetween size="s">
      {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
      <Table
        items={files}
        trackBy="key"
        loading={isPending}
        loadingText="Looking for log files"
        ariaLabels={{ tableLabel: 'Log files' }}
        wrapLines
        header={
          <Header
            variant="h2"
            counter={data && `(${files.length}${hasNextPage ? '+' : ''})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <RegionSelect trail={trail} region={region} allowsAll onChange={setRegion} />
                <Button iconName="refresh" ariaLabel="Look again" loading={isFetching} onClick={() => void refetch()} />
              </SpaceBetween>
            }
          >
            Log files
          </Header>
        }
        columnDefinitions={[
          {
            id: 'delivered',
            header: 'Delivered',
            isRowHeader: true,
            minWidth: 160,
            cell: ({ bucket, key, deliveredAt }) => (
              <Link href={logFileHref(trail.TrailARN, bucket, key)}>{timeText(deliveredAt, settings.timeZone)}</Link>
            ),
          },
          { id: 'region', header: 'Region', minWidth: 110, cell: (file) => file.region },
          { id: 'events', header: 'Events', minWidth: 90, cell: ({ events }) => events.toLocaleString() },
          { id: 'bytes', header: 'Size, before compression', minWidth: 110, cell: ({ bytes }) => bytesText(bytes) },
          {
            id: 'times',
            header: 'Events from, to',
            minWidth: 200,
            cell: ({ oldest, newest }) =>
              `${timeText(oldest, settings.timeZone)} – ${timeText(newest, settings.timeZone).slice(11)}`,
          },
          {
            id: 'key',
            header: 'Name',
            minWidth: 260,
            cell: ({ key }) => <UntrustedText text={key.split('/').at(-1) ?? key} />,
          },
        ]}
        empty={
          <Box textAlign="center" padding="s">
            {error
              ? 'The files are not known.'
              : 'No log file was delivered yet. Files come when there are events to deliver.'}
          </Box>
        }
        footer={
          hasNextPage && (
            <Box textAlign="center">
              <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Show older files
              </Button>
            </Box>
          )
        }
      />
    </SpaceBetween>
  )
}
