import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import { useTrailChange } from './use-trails.ts'

/** A trail is not brought back: its name has to be typed. */
export function DeleteTrailModal({ trail, onDismiss }: { readonly trail: Trail; readonly onDismiss: () => void }) {
  const [name, setName] = useState('')
  const change = useTrailChange()
  const mayDelete = name === trail.Name && !change.isPending
  const remove = () => {
    if (mayDelete) change.mutate({ operation: 'DeleteTrail', trail })
  }
  return (
    <Modal
      visible
      header="Delete the trail?"
      onDismiss={onDismiss}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDismiss}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!mayDelete} loading={change.isPending} onClick={remove}>
              Delete
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">
          <UntrustedText text={trail.Name} /> delivers nothing any more{trail.IsMultiRegionTrail && ', in no Region'}.
          Its log files and digests stay in the bucket <UntrustedText text={trail.S3BucketName} />.
        </Alert>
        <FormField
          label={
            <>
              To delete it, type its name: <UntrustedText text={trail.Name} />
            </>
          }
        >
          <Input
            value={name}
            autoFocus
            placeholder={trail.Name}
            onChange={({ detail }) => setName(detail.value)}
            onKeyDown={({ detail }) => {
              if (detail.key === 'Enter') remove()
            }}
          />
        </FormField>
        {change.error && <RefusalAlert error={change.error} />}
      </SpaceBetween>
    </Modal>
  )
}
