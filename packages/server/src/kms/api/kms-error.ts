import type { Answer } from '../../http/index.ts'
import { ApiError } from '../../operations/index.ts'
import { KeyServiceError } from '../key-service.ts'

/** A failure in KMS's own words. */
export interface KmsFailure {
  readonly code: string
  /** Empty: KMS says nothing beside the code. */
  readonly message: string
  readonly status: number
}

const statuses: Readonly<Record<string, number>> = {
  DependencyTimeoutException: 500,
  DryRunOperationException: 412,
  KMSInternalException: 500,
  KeyUnavailableException: 500,
}
/** Whatever is wrong with a ciphertext, no message tells. */
const silent = new Set(['InvalidCiphertextException', 'NotAuthorizedException'])
/** These are not KMS's own, and have their message under another name. */
const capitalised = new Set(['AccessDeniedException', 'SerializationException', 'UnknownOperationException'])

export const internalFailure = (message: string): KmsFailure => ({
  code: 'KMSInternalException',
  message,
  status: 500,
})

/** Undefined: no failure that the caller is to know about. */
export function kmsFailure(error: unknown): KmsFailure | undefined {
  if (error instanceof ApiError) return { code: error.code, message: error.message, status: error.status }
  if (!(error instanceof KeyServiceError)) return undefined
  const { code, message } = error
  return { code, message: silent.has(code) ? '' : message, status: statuses[code] ?? 400 }
}

export const contentType = 'application/x-amz-json-1.1'

export const failureAnswer = ({ code, message, status }: KmsFailure): Answer => ({
  status,
  headers: { 'Content-Type': contentType, 'x-amzn-ErrorType': code },
  body: JSON.stringify({
    __type: code,
    ...(message !== '' && { [capitalised.has(code) ? 'Message' : 'message']: message }),
  }),
})
