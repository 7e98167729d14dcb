import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useSession } from '../../shell/session.tsx'
import { BucketFields } from './bucket-fields.tsx'
import type { TrailFaults, TrailForm } from './trail-form.ts'

export interface GeneralStepProperties {
  readonly form: TrailForm
  readonly faults: TrailFaults
  readonly isNew: boolean
  readonly onChange: (form: TrailForm) => void
}

/** Name, Regions, bucket, and what is done beside delivering. */
export function GeneralStep(properties: GeneralStepProperties) {
  const { form, faults, isNew, onChange } = properties
  const { session } = useSession()
  const change = (changes: Partial<TrailForm>) => onChange({ ...form, ...changes })
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Trail</Header>}>
        <SpaceBetween size="l">
          <FormField
            label="Trail name"
            constraintText="3 to 128 letters, digits, periods, hyphens and underscores."
            errorText={faults.name}
          >
            <Input
              value={form.name}
              disabled={!isNew}
              placeholder="management-events"
              onChange={({ detail }) => change({ name: detail.value })}
            />
          </FormField>
          <Checkbox
            checked={form.isMultiRegion}
            description={`Else it takes events of ${session.region} only.`}
            onChange={({ detail }) => change({ isMultiRegion: detail.checked })}
          >
            Multi-Region trail: events of all {session.regions.length} Regions
          </Checkbox>
          {isNew && (
            <Checkbox checked={form.startsLogging} onChange={({ detail }) => change({ startsLogging: detail.checked })}>
              Start logging as soon as it is made
            </Checkbox>
          )}
        </SpaceBetween>
      </Container>
      <BucketFields {...properties} />
      <Container header={<Header variant="h2">Additional settings</Header>}>
        <SpaceBetween size="l">
          <Checkbox
            checked={form.validates}
            description="A signed digest every hour, by which anybody can check that no log file was changed or taken away."
            onChange={({ detail }) => change({ validates: detail.checked })}
          >
            Log file validation
          </Checkbox>
          <SpaceBetween size="xs">
            <Checkbox
              checked={form.encrypts}
              description="Whoever reads the files then needs the key, too."
              onChange={({ detail }) => change({ encrypts: detail.checked })}
            >
              Log file SSE-KMS encryption
            </Checkbox>
            {form.encrypts && (
              <FormField
                label="KMS key"
                description="ID, ARN or alias of a key that exists; its policy has to let CloudTrail use it."
                errorText={faults.kmsKeyId}
              >
                <Input
                  value={form.kmsKeyId}
                  placeholder="alias/trail-logs"
                  onChange={({ detail }) => change({ kmsKeyId: detail.value })}
                />
              </FormField>
            )}
          </SpaceBetween>
          <SpaceBetween size="xs">
            <Checkbox
              checked={form.announces}
              description="Each log file is announced when it is in the bucket."
              onChange={({ detail }) => change({ announces: detail.checked })}
            >
              SNS notification delivery
            </Checkbox>
            {form.announces && (
              <FormField
                label="SNS topic"
                description="Name or ARN of a topic that exists; its policy has to let CloudTrail publish."
                errorText={faults.topic}
              >
                <Input
                  value={form.topic}
                  placeholder="trail-files"
                  onChange={({ detail }) => change({ topic: detail.value })}
                />
              </FormField>
            )}
          </SpaceBetween>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  )
}
