import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Tabs from '@cloudscape-design/components/tabs'
import type { Trail, TrailSelectors } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { goTo } from '../../shell/place.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { DigestsPanel } from './digests-panel.tsx'
import { LogFilesPanel } from './log-files-panel.tsx'
import { TrailActions } from './trail-actions.tsx'
import { TrailBreadcrumbs } from './trail-breadcrumbs.tsx'
import { TrailEvents } from './trail-events.tsx'
import { trailName, trailPath } from './trail-places.ts'
import { TrailSettingsView } from './trail-settings-view.tsx'
import { TrailStatusPanel } from './trail-status-panel.tsx'
import { useTrail } from './use-trails.ts'

/** One trail: how it does, what it takes, what it has delivered, and the chain of its digests. */
export function TrailPage({ arn, tab }: { readonly arn: string; readonly tab: string }) {
  const { data, error, isPending, refetch } = useTrail(arn)
  if (isPending) return <Spinner size="large" />
  return (
    <ContentLayout
      breadcrumbs={<TrailBreadcrumbs arn={arn} />}
      header={
        <Header
          variant="h1"
          description={<UntrustedText text={arn} />}
          actions={data && <TrailActions trail={data.trail} />}
        >
          <UntrustedText text={trailName(arn)} />
        </Header>
      }
    >
      {error ? (
        <FailureAlert error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <TrailTabs {...data} tab={tab} />
      ) : (
        <Alert type="warning" header="There is no such trail">
          It was deleted, or the address is not right.
        </Alert>
      )}
    </ContentLayout>
  )
}

function TrailTabs({
  trail,
  selectors,
  tab,
}: {
  readonly trail: Trail
  readonly selectors: TrailSelectors
  readonly tab: string
}) {
  return (
    <SpaceBetween size="l">
      <TrailStatusPanel trail={trail} />
      <Tabs
        ariaLabel="More about the trail"
        activeTabId={tab}
        onChange={({ detail }) => goTo(trailPath(trail.TrailARN), { tab: detail.activeTabId }, { replace: true })}
        tabs={[
          {
            id: 'overview',
            label: 'Settings and events',
            content: (
              <SpaceBetween size="l">
                <TrailSettingsView trail={trail} />
                <TrailEvents trail={trail} selectors={selectors} />
              </SpaceBetween>
            ),
          },
          { id: 'files', label: 'Log files', content: <LogFilesPanel trail={trail} /> },
          {
            id: 'digests',
            label: 'Digests',
            content: trail.LogFileValidationEnabled ? (
              <DigestsPanel trail={trail} />
            ) : (
              <Container>
                Log file validation is off, so no digests are made. Files that are delivered meanwhile can only be
                proved by the server that keeps their hashes. What was made before stays in the bucket.
              </Container>
            ),
          },
        ]}
      />
    </SpaceBetween>
  )
}
