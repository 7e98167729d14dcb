import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ApiVerification } from '@opentrail/core/api'
import { useQuery } from '@tanstack/react-query'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { FindingsTable, TrailsTable } from './verification-tables.tsx'
import { statusOf, unknowns } from './verification-words.ts'

const askAgainMs = 2_000

/** Looking at it begins it; it goes on when nobody looks. */
function useVerification() {
  const { client } = useSession()
  return useQuery({
    queryKey: ['verification'],
    queryFn: ({ signal }) => client.get<ApiVerification>('/api/v1/verification', {}, signal),
    refetchInterval: ({ state: { data } }) => (data?.state === 'running' ? askAgainMs : false),
  })
}

/** Whether the digests and log files of the bucket that is shown are sound. */
export default function VerificationPage() {
  const { data, error, refetch } = useVerification()
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Whether the log files of this place are those that were delivered: signatures, digests and hashes, checked on the machine of this server."
        >
          Verification
        </Header>
      }
    >
      <SpaceBetween size="l">
        {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
        {!data && !error && <Spinner size="large" />}
        {data && <Result verification={data} />}
      </SpaceBetween>
    </ContentLayout>
  )
}

function Result({ verification }: { readonly verification: ApiVerification }) {
  const { why, trails, state } = verification
  const { type, text } = statusOf(verification)
  const notKnown = unknowns(verification)
  return (
    <SpaceBetween size="l">
      <Container>
        <div role="status">
          <StatusIndicator type={type}>{text}</StatusIndicator>
        </div>
      </Container>
      {why !== undefined && (
        <Alert type="error" header="What stands in the way">
          <UntrustedText text={why} />
        </Alert>
      )}
      <TrailsTable trails={trails} isRunning={state === 'running'} />
      <FindingsTable trails={trails} />
      {notKnown.length > 0 && (
        <Container header={<Header variant="h2">What is not known</Header>}>
          <ul>
            {notKnown.map((sentence) => (
              <li key={sentence}>
                <UntrustedText text={sentence} />
              </li>
            ))}
          </ul>
        </Container>
      )}
    </SpaceBetween>
  )
}
