import Box from '@cloudscape-design/components/box'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import type { HealthState, TrailHealth } from './trail-health.ts'

const states: Readonly<Record<HealthState, readonly [StatusIndicatorProps.Type, string]>> = {
  delivering: ['success', 'Delivering'],
  waiting: ['pending', 'Waiting for events'],
  impaired: ['warning', 'Delivering, but'],
  failing: ['error', 'Not delivering'],
  stopped: ['stopped', 'Not logging'],
}

export const HealthIndicator = ({ state }: { readonly state: HealthState }) => (
  <StatusIndicator type={states[state][0]}>{states[state][1]}</StatusIndicator>
)

/** State, reason, and what to do about it. The codes in it come from stores. */
export const HealthText = ({ health }: { readonly health: TrailHealth }) => (
  <>
    <HealthIndicator state={health.state} />
    <Box variant="p" padding={{ top: 'xxs' }}>
      <UntrustedText text={health.sentence} max={600} />
    </Box>
    {health.whatToDo !== undefined && (
      <Box variant="p">
        <Box variant="strong">What to do: </Box>
        <UntrustedText text={health.whatToDo} max={600} />
      </Box>
    )}
  </>
)
