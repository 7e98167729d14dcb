import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Table from '@cloudscape-design/components/table'
import { useState } from 'react'
import type { Trail, TrailStatus } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useAheadMs } from '../../shell/server-time.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { HealthText } from './health-view.tsx'
import { trailHealth, worstHealth } from './trail-health.ts'
import { useTrailStatus } from './use-trails.ts'

/** Each is a call, and a recorded event. More are asked when somebody wants to know. */
const regionsAskedMax = 6

/** How the trail does, in words, and when what happened last. */
export function TrailStatusPanel({ trail }: { readonly trail: Trail }) {
  const { session } = useSession()
  const all = trail.IsMultiRegionTrail ? session.regions : [trail.HomeRegion]
  const [asksAll, setAsksAll] = useState(all.length <= regionsAskedMax)
  const regions = asksAll ? all : [trail.HomeRegion]
  const { data, error, isFetching, refetch } = useTrailStatus(trail, regions)
  const now = Date.now() + useAheadMs()
  const rows = data?.map((own) => ({ ...own, health: trailHealth(own.status, now) }))
  const worst = rows && worstHealth(rows)
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={regions.length > 1 ? `The worst of ${regions.length} Regions` : `In ${regions[0]}`}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {!asksAll && <Button onClick={() => setAsksAll(true)}>Ask all {all.length} Regions</Button>}
              <Button iconName="refresh" ariaLabel="Look again" loading={isFetching} onClick={() => void refetch()} />
            </SpaceBetween>
          }
        >
          Health{worst && regions.length > 1 ? ` in ${worst.region}` : ''}
        </Header>
      }
    >
      {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
      {!error && !worst && <Spinner />}
      {worst && (
        <SpaceBetween size="m">
          <div aria-live="polite">
            <HealthText health={worst.health} />
          </div>
          <Times status={worst.status} />
          {rows.length > 1 && (
            <ExpandableSection headerText={`All ${rows.length} Regions`}>
              <Table
                variant="embedded"
                items={rows}
                trackBy="region"
                wrapLines
                ariaLabels={{ tableLabel: 'Health by Region' }}
                columnDefinitions={[
                  { id: 'region', header: 'Region', isRowHeader: true, cell: ({ region }) => region },
                  { id: 'health', header: 'Health', cell: ({ health }) => <HealthText health={health} /> },
                ]}
              />
            </ExpandableSection>
          )}
        </SpaceBetween>
      )}
    </Container>
  )
}

function Times({ status }: { readonly status: TrailStatus }) {
  const { settings } = useSettings()
  const text = (seconds: number | undefined) =>
    seconds === undefined ? '–' : timeText(new Date(seconds * 1_000).toISOString(), settings.timeZone, true)
  return (
    <KeyValuePairs
      columns={4}
      items={[
        { label: 'Last log file delivered', value: text(status.LatestDeliveryTime) },
        { label: 'Last digest delivered', value: text(status.LatestDigestDeliveryTime) },
        { label: 'Last notification', value: text(status.LatestNotificationTime) },
        status.IsLogging
          ? { label: 'Logging since', value: text(status.StartLoggingTime) }
          : { label: 'Logging stopped', value: text(status.StopLoggingTime) },
      ]}
    />
  )
}
