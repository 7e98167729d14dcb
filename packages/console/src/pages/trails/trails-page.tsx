import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Table from '@cloudscape-design/components/table'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useAheadMs } from '../../shell/server-time.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { HealthText } from './health-view.tsx'
import { trailHealth } from './trail-health.ts'
import { trailHref } from './trail-places.ts'
import { useTrails, useTrailStatus } from './use-trails.ts'

/** All trails, and how each does. */
export function TrailsPage() {
  const { session } = useSession()
  const { settings } = useSettings()
  const region = session.regions.includes(settings.region) ? settings.region : session.region
  const [everywhere, setEverywhere] = useState(false)
  const { data, error, isPending, refetch, isFetching } = useTrails(region, everywhere)
  const mayChange = session.principal.role === 'administrator'
  return (
    <SpaceBetween size="m">
      {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
      <Table
        variant="full-page"
        items={data ?? []}
        trackBy="TrailARN"
        loading={isPending}
        loadingText="Looking for trails"
        wrapLines
        stickyColumns={{ first: 1 }}
        ariaLabels={{ tableLabel: 'Trails' }}
        header={
          <Header
            variant="h1"
            counter={data && `(${data.length})`}
            description={
              everywhere
                ? 'Trails of all Regions. A trail writes the events that it takes to a bucket, as log files.'
                : `Trails of ${region}, and those of other Regions that act in it. A trail writes the events that it takes to a bucket, as log files.`
            }
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button iconName="refresh" ariaLabel="Look again" loading={isFetching} onClick={() => void refetch()} />
                {session.regions.length > 1 && (
                  <Button onClick={() => setEverywhere(!everywhere)}>
                    {everywhere ? `Only ${region}` : 'Look in all Regions'}
                  </Button>
                )}
                <Button
                  variant="primary"
                  href="#/trails/create"
                  disabled={!mayChange}
                  disabledReason="Creating a trail takes an administrator."
                >
                  Create trail
                </Button>
              </SpaceBetween>
            }
          >
            Trails
          </Header>
        }
        columnDefinitions={columns}
        empty={error ? <Box>The trails are not known.</Box> : <NoTrails mayChange={mayChange} />}
      />
    </SpaceBetween>
  )
}

const columns = [
  {
    id: 'name',
    header: 'Name',
    isRowHeader: true,
    minWidth: 140,
    cell: (trail: Trail) => (
      <Link href={trailHref(trail.TrailARN)}>
        <UntrustedText text={trail.Name} />
      </Link>
    ),
  },
  { id: 'health', header: 'Health', minWidth: 260, cell: (trail: Trail) => <Health trail={trail} /> },
  { id: 'region', header: 'Home Region', minWidth: 120, cell: ({ HomeRegion }: Trail) => HomeRegion },
  {
    id: 'multi',
    header: 'Multi-Region trail',
    minWidth: 110,
    cell: ({ IsMultiRegionTrail }: Trail) => (IsMultiRegionTrail ? 'Yes' : 'No'),
  },
  {
    id: 'bucket',
    header: 'S3 bucket',
    minWidth: 180,
    cell: ({ S3BucketName, S3KeyPrefix }: Trail) => (
      <UntrustedText text={S3KeyPrefix ? `${S3BucketName}/${S3KeyPrefix}` : S3BucketName} />
    ),
  },
  { id: 'logging', header: 'Logging', minWidth: 100, cell: (trail: Trail) => <Logging trail={trail} /> },
  { id: 'last', header: 'Last log file', minWidth: 160, cell: (trail: Trail) => <LastDelivery trail={trail} /> },
]

/** In its home Region; the trail's page has the others. One query for the cells of a row. */
const useHomeStatus = (trail: Trail) => {
  const { data, error } = useTrailStatus(trail, [trail.HomeRegion])
  return { status: data?.[0]?.status, error }
}

function Health({ trail }: { readonly trail: Trail }) {
  const { status, error } = useHomeStatus(trail)
  const aheadMs = useAheadMs()
  if (error) return <Box color="text-status-error">Not known: {error.message}</Box>
  return status ? <HealthText health={trailHealth(status, Date.now() + aheadMs)} /> : <Spinner />
}

function Logging({ trail }: { readonly trail: Trail }) {
  const { status } = useHomeStatus(trail)
  return status ? (status.IsLogging ? 'On' : 'Off') : '–'
}

function LastDelivery({ trail }: { readonly trail: Trail }) {
  const { settings } = useSettings()
  const { status } = useHomeStatus(trail)
  const seconds = status?.LatestDeliveryTime
  return seconds === undefined ? '–' : timeText(new Date(seconds * 1_000).toISOString(), settings.timeZone)
}

const NoTrails = ({ mayChange }: { readonly mayChange: boolean }) => (
  <Box textAlign="center" padding="l">
    <SpaceBetween size="s">
      <Box variant="strong">No trails</Box>
      <Box variant="p" color="text-body-secondary">
        The event history keeps events without a trail. A trail is what you keep for longer, ship elsewhere, or show to
        an auditor.
      </Box>
      {mayChange && <Button href="#/trails/create">Create trail</Button>}
    </SpaceBetween>
  </Box>
)
