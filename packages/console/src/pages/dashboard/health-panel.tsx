import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { Trail } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useAheadMs } from '../../shell/server-time.ts'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { HealthText } from '../trails/health-view.tsx'
import { trailHealth } from '../trails/trail-health.ts'
import { trailHref } from '../trails/trail-places.ts'
import { useTrails, useTrailStatus } from '../trails/use-trails.ts'
import { useServerHealth } from './use-dashboard.ts'

/** Whether events are taken in, and whether trails deliver them. */
export function HealthPanel() {
  const { session } = useSession()
  const trails = useTrails(session.region, false)
  return (
    <Container fitHeight header={<Header variant="h2">Intake and delivery</Header>}>
      <SpaceBetween size="m">
        <ServerState />
        {trails.error && <FailureAlert error={trails.error} onRetry={() => void trails.refetch()} />}
        {trails.isPending && <Spinner />}
        {trails.data?.length === 0 && (
          <Box>
            There is no trail in {session.region}: events are in the history only.{' '}
            <Link href="#/trails/create">Create a trail</Link>
          </Box>
        )}
        {trails.data?.map((trail) => (
          <TrailState key={trail.TrailARN} trail={trail} />
        ))}
      </SpaceBetween>
    </Container>
  )
}

function ServerState() {
  const { data, error } = useServerHealth()
  if (error) return <StatusIndicator type="error">The server does not answer</StatusIndicator>
  if (!data) return <StatusIndicator type="loading">Asking the server</StatusIndicator>
  if (!data.isHealthy) return <StatusIndicator type="error">The server is not well</StatusIndicator>
  return data.reasons.length === 0 ? (
    <StatusIndicator type="success">The server is ready</StatusIndicator>
  ) : (
    <StatusIndicator type="warning">
      The server is not ready: <UntrustedText text={data.reasons.join('; ')} />
    </StatusIndicator>
  )
}

function TrailState({ trail }: { readonly trail: Trail }) {
  const { data, error } = useTrailStatus(trail, [trail.HomeRegion])
  const now = Date.now() + useAheadMs()
  const status = data?.[0]?.status
  return (
    <div>
      <Link href={trailHref(trail.TrailARN)} fontSize="heading-s">
        <UntrustedText text={trail.Name} />
      </Link>
      {error ? (
        <Box color="text-status-error">Not known: {error.message}</Box>
      ) : status ? (
        <div>
          <HealthText health={trailHealth(status, now)} />
        </div>
      ) : (
        <Spinner />
      )}
    </div>
  )
}
