import { ApiError } from '../operations/index.ts'

const prefixed = (name: string) => `AWS.SimpleQueueService.${name}`

/**
 * Exceptions of SQS by the names that its JSON protocol has; the value is the Query protocol's code, which SDKs of either
 * protocol show. Source: the `awsQueryError` traits of SQS's public model.
 */
const exceptions = {
  BatchEntryIdsNotDistinct: prefixed('BatchEntryIdsNotDistinct'),
  BatchRequestTooLong: prefixed('BatchRequestTooLong'),
  EmptyBatchRequest: prefixed('EmptyBatchRequest'),
  InvalidAttributeName: 'InvalidAttributeName',
  InvalidAttributeValue: 'InvalidAttributeValue',
  InvalidBatchEntryId: prefixed('InvalidBatchEntryId'),
  InvalidMessageContents: 'InvalidMessageContents',
  MessageNotInflight: prefixed('MessageNotInflight'),
  OverLimit: 'OverLimit',
  PurgeQueueInProgress: prefixed('PurgeQueueInProgress'),
  QueueDoesNotExist: prefixed('NonExistentQueue'),
  QueueNameExists: 'QueueAlreadyExists',
  ReceiptHandleIsInvalid: 'ReceiptHandleIsInvalid',
  RequestThrottled: 'RequestThrottled',
  TooManyEntriesInBatchRequest: prefixed('TooManyEntriesInBatchRequest'),
  UnsupportedOperation: prefixed('UnsupportedOperation'),
} as const

export type QueueExceptionName = keyof typeof exceptions

const isException = (code: string): code is QueueExceptionName => Object.hasOwn(exceptions, code)

/** Failures that are no exceptions of SQS, but of every AWS service: code of the Query protocol, name of the JSON one. */
const commonNames: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDeniedException',
  InvalidParameterValue: 'InvalidParameterValueException',
  MissingParameter: 'MissingRequiredParameterException',
}

/** What the signature check and the server itself say, in the words of the Query protocol. */
const commonCodes: Readonly<Record<string, string>> = {
  InvalidSignatureException: 'SignatureDoesNotMatch',
  UnrecognizedClientException: 'InvalidClientTokenId',
  UnknownOperationException: 'InvalidAction',
}

export class QueueError extends ApiError {
  // oxlint-disable-next-line no-useless-constructor -- narrows the codes
  constructor(code: QueueExceptionName, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

export const noSuchQueue = () =>
  new QueueError('QueueDoesNotExist', 'The specified queue does not exist or you do not have access to it.')

export const invalidValue = (message: string) => new ApiError('InvalidParameterValue', message)

/** In SQS's words: `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: ...` */
export const invalidParameter = (name: string, value: string | number, reason: string) =>
  invalidValue(`Value ${printable(String(value))} for parameter ${name} is invalid. Reason: ${reason}`)

export const missingParameter = (name: string) =>
  new ApiError('MissingParameter', `The request must contain the parameter ${name}.`)

/** Worth another try. */
export const unavailable = (message: string, cause?: unknown) =>
  new ApiError('ServiceUnavailable', message, { status: 503, cause })

/** The code that the Query protocol and the header `x-amzn-query-error` have for a failure. */
export function queryCode({ code }: ApiError): string {
  if (isException(code)) return exceptions[code]
  return commonCodes[code] ?? code.replace(/Exception$/, '')
}

/** The failure's `__type` in the JSON protocol. */
export const jsonType = ({ code }: ApiError): string =>
  isException(code) ? `com.amazonaws.sqs#${code}` : `com.amazon.coral.service#${commonNames[code] ?? code}`

/** Untrusted text inside a message: printable ASCII, shortened. */
export const printable = (text: string): string => text.slice(0, 128).replace(/[^\x20-\x7e]/g, '?')
