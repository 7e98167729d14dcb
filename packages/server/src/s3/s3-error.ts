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
  BadDigest: 400,
  BadRequest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidBucketState: 409,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidTag: 400,
  KeyTooLongError: 400,
  MalformedPolicy: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  PreconditionFailed: 412,
  ServiceUnavailable: 503,
  SlowDown: 503,
  TooManyBuckets: 400,
}
/** What our stores say and S3 does not: nothing that the caller did wrong, and worth another try. */
const unavailable = new Set(['NetworkingError', 'RequestTimeout'])

const fixedMessages: Readonly<Record<string, string>> = {
  BucketAlreadyExists: 'The requested bucket name is not available. Please select a different name and try again.',
  BucketAlreadyOwnedByYou: 'Your previous request to create the named bucket succeeded and you already own it.',
  BucketNotEmpty: 'The bucket you tried to delete is not empty',
  MetadataTooLarge: 'Your metadata headers exceed the maximum allowed metadata size',
  MethodNotAllowed: 'The specified method is not allowed against this resource.',
  NoSuchBucket: 'The specified bucket does not exist',
  NoSuchKey: 'The specified key does not exist.',
  NoSuchVersion: 'The specified version does not exist.',
}

/** What the reading of a body fails with, under S3's names. */
const bodyFaults: Readonly<Record<string, readonly [code: string, status: number]>> = {
  BadDigest: ['BadDigest', 400],
  IncompleteBody: ['IncompleteBody', 400],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  MalformedHttpRequestException: ['IncompleteBody', 400],
  RequestAbortedException: ['RequestTimeout', 400],
  RequestEntityTooLargeException: ['EntityTooLarge', 400],
  RequestTimeoutException: ['RequestTimeout', 400],
  ServiceUnavailable: ['ServiceUnavailable', 503],
  ValidationException: ['InvalidRequest', 400],
}

/** Undefined: no failure of S3's kind, but a bug or a fault of ours. */
export function asS3Error(
  error: unknown,
  about: { readonly bucket?: string; readonly key?: string },
): S3Error | undefined {
  if (error instanceof S3Error) return error
  if (error instanceof BucketError) return fromBucketError(error, about)
  const isOfTrailer = error instanceof ApiError && /\btrail(?:er|ing header)/.test(error.message)
  if (isOfTrailer && error.code === 'MalformedHttpRequestException')
    return new S3Error('MalformedTrailerError', 400, error.message, { cause: error })
  const known = error instanceof ApiError ? bodyFaults[error.code] : undefined
  return known && error instanceof ApiError
    ? new S3Error(known[0], known[1], error.message, { cause: error })
    : undefined
}

function fromBucketError(
  error: BucketError,
  about: { readonly bucket?: string; readonly key?: string },
): S3Error | undefined {
  const { code, message } = error
  if (unavailable.has(code))
    return new S3Error('ServiceUnavailable', 503, 'The bucket cannot be reached. Try again.', { cause: error })
  const status = code.startsWith('KMS.') ? 400 : statusOf[code]
  if (status === undefined) return undefined
  const details = {
    ...(code === 'NoSuchBucket' && about.bucket !== undefined && { BucketName: about.bucket }),
    ...(code === 'NoSuchKey' && about.key !== undefined && { Key: about.key }),
  }
  return new S3Error(code, status, fixedMessages[code] ?? message, {
    cause: error,
    details,
    headers: markerHeaders(error),
  })
}

/** A delete marker says that it is one, and which. */
function markerHeaders({ code, deleteMarker }: BucketError): Record<string, string> {
  if (deleteMarker === undefined) return {}
  return {
    'x-amz-delete-marker': 'true',
    'x-amz-version-id': deleteMarker,
    ...(code === 'MethodNotAllowed' && { Allow: 'DELETE' }),
  }
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
      if (message.startsWith('x-amz-content-sha256 must')) return new S3Error('InvalidArgument', 400, message, options)
      if (message.startsWith('Missing required header')) return new S3Error('InvalidRequest', 400, message, options)
      if (form === 'header' && /'X-Amz-Date' or a 'Date' header|^Date must be/.test(message))
        return new S3Error(
          'AccessDenied',
          403,
          'AWS authentication requires a valid Date or x-amz-date header',
          options,
        )
      if (message.startsWith('Unsupported AWS') && form === 'header') return unsupportedSignature(options)
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
    return new S3Error(
      form === 'presigned' ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed',
      400,
      message,
      options,
    )
  if (message.includes("must be a 'SignedHeader'"))
    return new S3Error('AccessDenied', 403, 'There were headers present in the request which were not signed', {
      ...options,
      details: { HeadersNotSigned: /'([^']*)' must be/.exec(message)?.[1] ?? '' },
    })
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
