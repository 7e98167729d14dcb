import { AuthenticationError } from '../auth/index.ts'
import { BucketError } from '../buckets/index.ts'
import { ApiError } from '../operations/index.ts'
import { element, plainDocument, type Markup } from './xml.ts'

/** A failure in S3's own words; `details` become elements beside Code and Message. */
export class S3Error extends ApiError {
  readonly details: Readonly<Record<string, string>>
  /** Headers that belong to this answer, such as `Content-Range` of one out of range. */
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: string,
    status: number,
    message: string,
    options: ErrorOptions & {
      readonly details?: Readonly<Record<string, string>>
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(code, message, { ...options, status })
    this.details = options.details ?? {}
    this.headers = options.headers ?? {}
  }
}

export const invalidArgument = (name: string, value: string, message: string): S3Error =>
  new S3Error('InvalidArgument', 400, message, { details: { ArgumentName: name, ArgumentValue: value } })

export const accessDenied = (message: string): S3Error => new S3Error('AccessDenied', 403, message)

/** Source: Amazon S3 API Reference, "Error responses". Codes of a store that stand here are answered as they are. */
const statusOf: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AllAccessDisabled: 403,
  EntityTooLarge: 400,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidObjectState: 403,
  InvalidRange: 416,
  KeyTooLongError: 400,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchKey: 404,
  PreconditionFailed: 412,
  ServiceUnavailable: 503,
  SlowDown: 503,
}
/** What our stores say and S3 does not: nothing that the caller did wrong, and worth another try. */
const unavailable = new Set(['NetworkingError', 'RequestTimeout'])

const fixedMessages: Readonly<Record<string, string>> = {
  NoSuchBucket: 'The specified bucket does not exist',
  NoSuchKey: 'The specified key does not exist.',
}

/** Undefined: no failure of S3's kind, but a bug or a fault of ours. */
export function fromBucketError(
  error: BucketError,
  about: { readonly bucket?: string; readonly key?: string },
): S3Error | undefined {
  const { code, message } = error
  if (unavailable.has(code))
    return new S3Error('ServiceUnavailable', 503, 'The bucket cannot be reached. Try again.', { cause: error })
  const status = statusOf[code]
  if (status === undefined) return undefined
  const details = {
    ...(code === 'NoSuchBucket' && about.bucket !== undefined && { BucketName: about.bucket }),
    ...(code === 'NoSuchKey' && about.key !== undefined && { Key: about.key }),
  }
  return new S3Error(code, status, fixedMessages[code] ?? message, { cause: error, details })
}

/**
 * S3 has names of its own for what the signature check refuses. Clients act on them: on `RequestTimeTooSkewed` they correct
 * their clock and try again.
 */
export function fromAuthenticationError(
  error: AuthenticationError,
  about: {
    readonly form: 'header' | 'presigned'
    /** Signed by version 2 of AWS's signatures. */
    readonly isOld: boolean
    readonly regions: ReadonlySet<string>
    /** The Region that a client is told to come back with. */
    readonly homeRegion: string
  },
): S3Error {
  const { code, message, claim } = error
  const { form } = about
  const options = { cause: error }
  if (about.isOld) return unsupportedSignature(options)
  if (code === 'UnrecognizedClientException' && claim && !about.regions.has(claim.region)) {
    const wrong = `the region '${printable(claim.region)}' is wrong; expecting '${about.homeRegion}'`
    return new S3Error('AuthorizationHeaderMalformed', 400, `The authorization header is malformed; ${wrong}`, {
      ...options,
      details: { Region: about.homeRegion },
    })
  }
  switch (code) {
    case 'MissingAuthenticationTokenException':
      return new S3Error('AccessDenied', 403, 'Access Denied', options)
    case 'UnrecognizedClientException':
      return new S3Error(
        'InvalidAccessKeyId',
        403,
        'The AWS Access Key Id you provided does not exist in our records.',
        { ...options, ...(claim && { details: { AWSAccessKeyId: claim.accessKeyId } }) },
      )
    case 'InvalidSignatureException':
      return fromInvalidSignature(message, form, options)
    default:
      if (message.startsWith('Missing required header')) return new S3Error('InvalidRequest', 400, message, options)
      if (message.startsWith('Unsupported AWS')) return unsupportedSignature(options)
      return form === 'presigned'
        ? new S3Error('AuthorizationQueryParametersError', 400, message, options)
        : new S3Error('AuthorizationHeaderMalformed', 400, message, options)
  }
}

const unsupportedSignature = (options: ErrorOptions): S3Error =>
  new S3Error(
    'InvalidRequest',
    400,
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    options,
  )

function fromInvalidSignature(message: string, form: 'header' | 'presigned', options: ErrorOptions): S3Error {
  if (/^Signature (?:expired|not yet current)/.test(message)) {
    if (form === 'presigned') return new S3Error('AccessDenied', 403, `Request has expired. ${message}`, options)
    return new S3Error(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
      options,
    )
  }
  if (message.startsWith('Credential should be scoped') || message.startsWith('Date in Credential scope'))
    return new S3Error('AuthorizationHeaderMalformed', 400, message, options)
  return new S3Error('SignatureDoesNotMatch', 403, message, options)
}

const printable = (text: string): string => text.slice(0, 64).replace(/[^\x20-\x7e]/g, '?')

/** The body of an error's answer. */
export function errorDocument(
  { code, message, details }: S3Error,
  about: { readonly resource: string; readonly requestId: string; readonly hostId: string },
): string {
  const parts: Markup[] = [
    element('Code', code),
    element('Message', message),
    ...Object.entries(details).map(([name, value]) => element(name, value)),
    element('Resource', about.resource),
    element('RequestId', about.requestId),
    element('HostId', about.hostId),
  ]
  return plainDocument(element('Error', parts))
}
