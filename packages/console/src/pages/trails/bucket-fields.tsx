import Autosuggest from '@cloudscape-design/components/autosuggest'
import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { listBuckets } from '../../api/buckets.ts'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { keyFolder } from './bucket-policy.ts'
import type { GeneralStepProperties } from './general-step.tsx'
import type { TrailForm } from './trail-form.ts'

/** Where the log files go. */
export function BucketFields({ form, faults, isNew, onChange }: GeneralStepProperties) {
  const { client, session } = useSession()
  const change = (changes: Partial<TrailForm>) => onChange({ ...form, ...changes })
  const isExisting = form.bucketChoice === 'existing'
  const buckets = useQuery({
    queryKey: ['buckets'],
    enabled: isExisting,
    queryFn: ({ signal }) => listBuckets(client, signal),
  })
  const folder = keyFolder(form.prefix)
  return (
    <Container header={<Header variant="h2">Storage location</Header>}>
      <SpaceBetween size="l">
        <RadioGroup
          ariaLabel="Storage location"
          value={form.bucketChoice}
          onChange={({ detail }) => change({ bucketChoice: detail.value === 'new' ? 'new' : 'existing' })}
          items={[
            {
              value: 'new',
              label: 'Create new S3 bucket',
              description: 'On this server, with a policy that lets CloudTrail write to it.',
            },
            {
              value: 'existing',
              label: 'Use existing S3 bucket',
              description: 'Of this server, or of another store that its configuration names.',
            },
          ]}
        />
        <FormField
          label="Trail log bucket"
          errorText={faults.bucket}
          {...(isExisting && buckets.error && { warningText: `Buckets cannot be listed: ${buckets.error.message}` })}
        >
          {isExisting ? (
            <Autosuggest
              value={form.bucket}
              options={(buckets.data ?? []).map((value) => ({ value }))}
              enteredTextLabel={(value) => `Use: "${value}"`}
              placeholder="Choose a bucket, or type its name"
              statusType={buckets.isLoading ? 'loading' : 'finished'}
              loadingText="Looking for buckets"
              empty="This server has no bucket."
              ariaLabel="Trail log bucket"
              onChange={({ detail }) => change({ bucket: detail.value })}
            />
          ) : (
            <Input value={form.bucket} onChange={({ detail }) => change({ bucket: detail.value })} />
          )}
        </FormField>
        <FormField
          label={
            <span>
              Prefix <i>- optional</i>
            </span>
          }
          errorText={faults.prefix}
        >
          <Input value={form.prefix} placeholder="team" onChange={({ detail }) => change({ prefix: detail.value })} />
        </FormField>
        {isExisting && (
          <Checkbox
            checked={form.extendsPolicy}
            description="Adds to the bucket’s policy what is missing; what is there stays. Only for buckets of this server."
            onChange={({ detail }) => change({ extendsPolicy: detail.checked })}
          >
            Let CloudTrail write to it
          </Checkbox>
        )}
        <Box variant="p" color="text-body-secondary">
          {isNew ? 'Logs will be in' : 'New logs will be in'}{' '}
          <UntrustedText
            text={`s3://${form.bucket}/${folder === '' ? '' : `${folder}/`}AWSLogs/${session.principal.account}/`}
          />
        </Box>
      </SpaceBetween>
    </Container>
  )
}
