import Alert from '@cloudscape-design/components/alert'
import Spinner from '@cloudscape-design/components/spinner'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { readSelectors } from './read-selectors.ts'
import { trailFormOf } from './trail-form.ts'
import { TrailWizard } from './trail-wizard.tsx'
import { useTrail } from './use-trails.ts'

export default function EditTrailPage({ arn, step }: { readonly arn: string; readonly step: number }) {
  const { data, error, isPending, refetch } = useTrail(arn)
  if (error) return <FailureAlert error={error} onRetry={() => void refetch()} />
  if (isPending) return <Spinner size="large" />
  if (!data) return <Alert type="warning">There is no such trail.</Alert>
  return (
    <TrailWizard
      trail={data.trail}
      initial={trailFormOf(data.trail)}
      initialSelectors={readSelectors(data.selectors)}
      firstStep={step}
    />
  )
}
