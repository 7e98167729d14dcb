import Button from '@cloudscape-design/components/button'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { keyFolder } from './bucket-policy.ts'
import type { SelectorForm } from './selector-form.ts'
import { SelectorList } from './trail-events.tsx'
import type { TrailForm } from './trail-form.ts'
import type { WorkStep } from './trail-work.ts'
import { writeSelectors } from './write-selectors.ts'

/** All that was chosen, and the calls that will be made. */
export function ReviewStep({
  form,
  selectors,
  steps,
  isNew,
  onEdit,
}: {
  readonly form: TrailForm
  readonly selectors: SelectorForm
  readonly steps: readonly WorkStep[]
  readonly isNew: boolean
  readonly onEdit: (step: number) => void
}) {
  const folder = keyFolder(form.prefix)
  return (
    <SpaceBetween size="l">
      <Container header={<ReviewHeader name="General details" step={0} onEdit={onEdit} />}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Trail name', value: form.name },
            { label: 'Multi-Region trail', value: form.isMultiRegion ? 'Yes' : 'No' },
            {
              label: form.bucketChoice === 'new' ? 'New bucket' : 'Bucket',
              value: <UntrustedText text={folder === '' ? form.bucket : `${form.bucket}/${folder}`} />,
            },
            { label: 'Log file validation', value: form.validates ? 'Enabled' : 'Disabled' },
            { label: 'SSE-KMS encryption', value: form.encrypts ? <UntrustedText text={form.kmsKeyId} /> : 'Disabled' },
            { label: 'SNS notifications', value: form.announces ? <UntrustedText text={form.topic} /> : 'Disabled' },
          ]}
        />
      </Container>
      <Container header={<ReviewHeader name="Events" step={1} onEdit={onEdit} />}>
        <SelectorList selectors={writeSelectors(selectors)} />
      </Container>
      <Container header={<Header variant="h2">What will be done</Header>}>
        {steps.length === 0 ? (
          <Box>Nothing: {isNew ? 'everything is done' : 'everything is as it was'}.</Box>
        ) : (
          <ol className="plain-list">
            {steps.map(({ id, name }) => (
              <li key={id}>{name}</li>
            ))}
          </ol>
        )}
      </Container>
    </SpaceBetween>
  )
}

const ReviewHeader = ({
  name,
  step,
  onEdit,
}: {
  readonly name: string
  readonly step: number
  readonly onEdit: (step: number) => void
}) => (
  <Header
    variant="h2"
    actions={
      <Button ariaLabel={`Edit ${name}`} onClick={() => onEdit(step)}>
        Edit
      </Button>
    }
  >
    {name}
  </Header>
)
