import { ApiError } from '../api-error/index.ts'
import { PostingsUnavailableError } from '../history/index.ts'
import { internalFailureText } from '../http/index.ts'
import { JournalFencedError, JournalFullError, JournalUnavailableError } from '../journal/index.ts'
import { AdmissionBusyError } from './admission-pool.ts'
import { BodyError, BodyTooLongError } from './body-chunks.ts'
import { WriterBusyError } from './record-writer.ts'
import { SpoolFullError } from './spool.ts'

export const bodyTooLarge = (bytesMax: number) =>
  new ApiError('RequestEntityTooLargeException', `The body is longer than ${bytesMax} bytes.`, { status: 413 })

/**
 * What the client is told: retryable where the same request can succeed later, exact where it cannot. `onFault` is called where
 * it is nobody's mistake but ours: the client is told little of it, the log all.
 */
export function intakeFailure(error: unknown, bytesMax: number, onFault: () => void): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof BodyTooLongError) return bodyTooLarge(bytesMax)
  if (error instanceof BodyError) return new ApiError('InvalidBodyException', error.message)
  const busy = error instanceof WriterBusyError || error instanceof AdmissionBusyError
  if (busy) return new ApiError('ThrottlingException', 'Rate exceeded', { cause: error, status: 429 })
  const message = 'Events cannot be stored at the moment. Try again later.'
  const unavailable = new ApiError('ServiceUnavailable', message, { cause: error, status: 503 })
  const isFull = error instanceof JournalFullError || error instanceof SpoolFullError
  if (isFull || error instanceof PostingsUnavailableError) return unavailable
  onFault()
  if (error instanceof JournalUnavailableError || error instanceof JournalFencedError) return unavailable
  return new ApiError('InternalFailure', internalFailureText, { cause: error, status: 500 })
}
