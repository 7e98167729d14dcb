import Container from '@cloudscape-design/components/container'
import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import Spinner from '@cloudscape-design/components/spinner'
import type { ReactNode } from 'react'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'

/** A part of the dashboard: it waits, fails and is empty by itself. */
export function Panel<Answer extends { readonly searchedTo?: string }>({
  title,
  query,
  wide = false,
  actions,
  children,
}: {
  readonly title: string
  readonly query: { readonly data: Answer | undefined; readonly error: Error | null; refetch(): Promise<unknown> }
  readonly wide?: boolean
  readonly actions?: ReactNode
  readonly children: (answer: Answer) => ReactNode
}) {
  const { settings } = useSettings()
  const { data, error } = query
  return (
    <div className={wide ? 'wide' : ''}>
      <Container
        fitHeight
        header={
          <Header variant="h2" actions={actions}>
            {title}
          </Header>
        }
      >
        {error ? (
          <FailureAlert error={error} onRetry={() => void query.refetch()} />
        ) : data ? (
          <>
            {children(data)}
            {data.searchedTo !== undefined && (
              <Box color="text-body-secondary" fontSize="body-s" padding={{ top: 's' }}>
                Of events since {timeText(data.searchedTo, settings.timeZone)}: there are too many for all of them.
              </Box>
            )}
          </>
        ) : (
          <Spinner />
        )}
      </Container>
    </div>
  )
}
