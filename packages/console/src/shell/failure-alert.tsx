import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Box from '@cloudscape-design/components/box'
import { ApiFailure, type FailureKind } from '../api/failure.ts'
import { UntrustedText } from '../text/untrusted-text.tsx'

const headers: Readonly<Record<FailureKind, string>> = {
  unreachable: 'No answer from the server',
  'signed-out': 'Signed out',
  denied: 'Not allowed',
  throttled: 'Too many requests',
  invalid: 'This cannot be answered',
  missing: 'Not found',
  unavailable: 'The server cannot answer now',
}

/** What went wrong, and, where that may help, another try. */
export function FailureAlert({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const failure = error instanceof ApiFailure ? error : undefined
  return (
    <Alert
      type="error"
      header={failure ? headers[failure.kind] : 'Something in this page is broken'}
      action={onRetry && failure?.kind !== 'invalid' ? <Button onClick={onRetry}>Retry</Button> : undefined}
    >
      <UntrustedText text={error.message} />
      {failure?.requestId !== undefined && (
        <Box color="text-body-secondary" fontSize="body-s">
          Request {failure.requestId}
        </Box>
      )}
    </Alert>
  )
}
