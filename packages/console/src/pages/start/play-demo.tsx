import type { ApiDemo } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'

/** Of what `POST /events` answers. */
interface Sent {
  readonly stored: number
  readonly refused: number
}

/** The same hour as `opentrail demo` at a click: sent as any producer sends events, and recorded so. */
export function PlayDemo() {
  const { client } = useSession()
  const queries = useQueryClient()
  const demo = useMutation({
    mutationFn: async () => client.post<Sent>('/events', await client.get<ApiDemo>('/api/v1/demo')),
    onSuccess: () => queries.invalidateQueries(),
  })
  return (
    <SpaceBetween size="s">
      <Button iconName="play" loading={demo.isPending} loadingText="Sending events" onClick={() => demo.mutate()}>
        Play the demo
      </Button>
      <div aria-live="polite">{demo.data && <Outcome sent={demo.data} />}</div>
      {demo.error && <FailureAlert error={demo.error} onRetry={() => demo.mutate()} />}
    </SpaceBetween>
  )
}

const Outcome = ({ sent: { stored, refused } }: { readonly sent: Sent }) => (
  <Alert type={refused === 0 ? 'success' : 'warning'} action={<Button href={hrefOf('/events')}>Look at them</Button>}>
    {stored.toLocaleString()} events were stored
    {refused === 0 ? '' : `, ${refused.toLocaleString()} were refused, as of Regions that this server does not have`}.
    Something is wrong among them: <Link href={hrefOf('/ask', { question: 'backup' })}>ask about the user backup</Link>.
  </Alert>
)
