import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { useSession } from '../../shell/session.tsx'
import { DeleteTrailModal } from './delete-trail-modal.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import { StopLoggingModal } from './stop-logging-modal.tsx'
import { useTrailChange, useTrailStatus } from './use-trails.ts'

/** Start, stop, delete. What cannot be undone is asked about. */
export function TrailActions({ trail }: { readonly trail: Trail }) {
  const { session } = useSession()
  const { data } = useTrailStatus(trail, [trail.HomeRegion])
  const change = useTrailChange()
  const [asks, setAsks] = useState<'stop' | 'delete'>()
  const isLogging = data?.[0]?.status.IsLogging
  const forbidden = {
    disabled: session.principal.role !== 'administrator',
    disabledReason: 'Changing a trail takes an administrator.',
  }
  return (
    <SpaceBetween size="xs">
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        {isLogging !== undefined && (
          <StatusIndicator type={isLogging ? 'success' : 'stopped'}>
            {isLogging ? 'Logging' : 'Not logging'}
          </StatusIndicator>
        )}
        <Button {...forbidden} onClick={() => setAsks('delete')}>
          Delete
        </Button>
        {isLogging === true && (
          <Button {...forbidden} loading={change.isPending} onClick={() => setAsks('stop')}>
            Stop logging
          </Button>
        )}
        {isLogging === false && (
          <Button
            {...forbidden}
            variant="primary"
            loading={change.isPending}
            onClick={() => change.mutate({ operation: 'StartLogging', trail })}
          >
            Start logging
          </Button>
        )}
      </SpaceBetween>
      {change.error && <RefusalAlert error={change.error} />}
      {asks === 'stop' && (
        <StopLoggingModal
          trail={trail}
          onDismiss={() => setAsks(undefined)}
          onConfirm={() => {
            setAsks(undefined)
            change.mutate({ operation: 'StopLogging', trail })
          }}
        />
      )}
      {asks === 'delete' && <DeleteTrailModal trail={trail} onDismiss={() => setAsks(undefined)} />}
    </SpaceBetween>
  )
}
