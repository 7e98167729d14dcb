import Box from '@cloudscape-design/components/box'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { refusalAdvice } from './refusal-advice.ts'

/** What the server said about a change, and what to do about it. */
export function RefusalAlert({ error, action }: { readonly error: Error; readonly action?: ReactNode }) {
  const advice = refusalAdvice(error)
  return (
    <SpaceBetween size="xs">
      <FailureAlert error={error} />
      {(advice ?? action) && (
        <Box>
          {advice && (
            <>
              <Box variant="strong">What to do: </Box>
              {advice.whatToDo}{' '}
            </>
          )}
          {action}
        </Box>
      )}
    </SpaceBetween>
  )
}
