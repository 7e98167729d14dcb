import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import type { Trail } from '../../api/trail-operations.ts'
import { hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { keyFolder } from './bucket-policy.ts'
import { trailPath } from './trail-places.ts'

export function TrailSettingsView({ trail }: { readonly trail: Trail }) {
  const account = trail.TrailARN.split(':')[4] ?? ''
  const folder = keyFolder(trail.S3KeyPrefix ?? '')
  return (
    <Container
      header={
        <Header variant="h2" actions={<EditButton arn={trail.TrailARN} step="general" />}>
          General details
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Trail name', value: <UntrustedText text={trail.Name} /> },
          { label: 'Home Region', value: trail.HomeRegion },
          { label: 'Multi-Region trail', value: trail.IsMultiRegionTrail ? 'Yes' : 'No' },
          {
            label: 'Trail log location',
            value: (
              <UntrustedText
                text={`s3://${trail.S3BucketName}/${folder === '' ? '' : `${folder}/`}AWSLogs/${account}/`}
              />
            ),
          },
          { label: 'Log file validation', value: trail.LogFileValidationEnabled ? 'Enabled' : 'Disabled' },
          {
            label: 'Log file SSE-KMS encryption',
            value: trail.KmsKeyId ? <UntrustedText text={trail.KmsKeyId} /> : 'Disabled',
          },
          {
            label: 'SNS notification delivery',
            value: trail.SnsTopicARN ? <UntrustedText text={trail.SnsTopicARN} /> : 'Disabled',
          },
          {
            label: 'Events of global services',
            value: trail.IncludeGlobalServiceEvents ? 'Included' : 'Not included',
          },
        ]}
      />
    </Container>
  )
}

/** Settings are changed in the wizard that they were made in. */
export function EditButton({ arn, step }: { readonly arn: string; readonly step: 'general' | 'events' }) {
  const { session } = useSession()
  return (
    <Button
      href={hrefOf(trailPath(arn, 'edit'), { step })}
      disabled={session.principal.role !== 'administrator'}
      disabledReason="Changing a trail takes an administrator."
      ariaLabel={step === 'general' ? 'Edit general details' : 'Edit events'}
    >
      Edit
    </Button>
  )
}
