import { ApiError } from '../api-error/index.ts'

/** SNS's error codes, as the Query protocol has them, with their status. Source: the service model of SNS (2010-03-31). */
const statusByCode = {
  AuthorizationError: 403,
  BatchEntryIdsNotDistinct: 400,
  BatchRequestTooLong: 400,
  EmptyBatchRequest: 400,
  InternalError: 500,
  InvalidAction: 400,
  InvalidBatchEntryId: 400,
  InvalidParameter: 400,
  NotFound: 404,
  ParameterValueInvalid: 400,
  ResourceNotFound: 404,
  ServiceUnavailable: 503,
  SubscriptionLimitExceeded: 403,
  TagLimitExceeded: 400,
  Throttled: 429,
  TooManyEntriesInBatchRequest: 400,
  TopicLimitExceeded: 403,
} as const

export type SnsErrorCode = keyof typeof statusByCode

/** A refusal the caller can act on: `code` and `message` go over the wire. */
export class SnsError extends ApiError {
  constructor(code: SnsErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, { ...options, status: statusByCode[code] })
  }
}

/** In the words that SNS begins all of these with. */
export const invalidParameter = (what: string): SnsError =>
  new SnsError('InvalidParameter', `Invalid parameter: ${what}`)

export const unknownTopic = (): SnsError => new SnsError('NotFound', 'Topic does not exist')
export const unknownSubscription = (): SnsError => new SnsError('NotFound', 'Subscription does not exist')

const excerptCharsMax = 80

/** Untrusted text inside a message: printable ASCII, shortened. */
export const excerpt = (text: string): string => text.slice(0, excerptCharsMax).replace(/[^\x20-\x7e]/g, '?')
