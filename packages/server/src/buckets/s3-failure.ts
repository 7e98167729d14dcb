import { BucketError } from './bucket-store.ts'
import type { Exchange, ExchangeAnswer, ExchangeFault } from './s3-exchange.ts'

/** What was asked for, in the words of the message: `PutObject s3://bucket/key`. */
export interface S3Call {
  readonly operation: string
  readonly bucket: string
  readonly key?: string
  /** It changes the bucket, so that a failure may leave open what the store has done. */
  readonly isWrite?: boolean
  /** Largest object that is wanted; a larger one is EntityTooLarge. */
  readonly bodyBytesMax?: number
}

export interface FailureContext {
  readonly call: S3Call
  readonly exchange: Exchange
  /** Region that requests are signed for. */
  readonly region: string
  /** Why an aborted call was. */
  readonly abortedBy: Failure
  /** Taken out of every text that the store sends. */
  readonly secrets: readonly string[]
}

/** S3 explains itself in a sentence. */
const messageLettersMax = 400

/** What went wrong with a call, from the connection and the answer; `cause` is only given where it is no answer of the store. */
export function s3Failure({ call, exchange, region, abortedBy, secrets }: FailureContext, cause: unknown): BucketError {
  const { answer, fault, status } = exchange
  const { code, text } =
    answer !== undefined
      ? fromAnswer(answer, region)
      : fault !== undefined
        ? fromFault(fault, call, exchange, abortedBy, cause)
        : { code: 'InvalidRequest', text: `cannot be sent: ${reasonOf(cause)}` }
  const place = `s3://${call.bucket}${call.key === undefined ? '' : `/${call.key}`}`
  return new BucketError(code, tidy(`${call.operation} ${place}: ${text}`, secrets), {
    isOutcomeUnknown: call.isWrite === true && exchange.isSent && !isRefusal(status),
    // The SDK's errors carry the canonical request with the session token, so no error of an answer is passed on.
    ...(fault !== undefined && { cause }),
  })
}

/** It changes nothing. Whatever else comes from the store, or from something in between, leaves open what was done. */
const isRefusal = (status = 0): boolean => (status >= 400 && status < 500) || [301, 307, 308].includes(status)
const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** What is told of a failure. */
export interface Failure {
  readonly code: string
  readonly text: string
}

function fromFault(
  fault: ExchangeFault,
  { bodyBytesMax }: S3Call,
  { status = 0 }: Exchange,
  abortedBy: Failure,
  cause: unknown,
): Failure {
  if (fault === 'answer-too-large' && bodyBytesMax !== undefined && status < 300)
    return { code: 'EntityTooLarge', text: `larger than ${bodyBytesMax} bytes` }
  if (fault === 'aborted') return abortedBy
  const { code, text } = faults[fault]
  return { code, text: `${text}: ${reasonOf(cause)}` }
}

const faults: Readonly<Record<Exclude<ExchangeFault, 'aborted'>, Failure>> = {
  'no-connection': { code: 'NetworkingError', text: 'no connection' },
  'connection-lost': { code: 'NetworkingError', text: 'the connection was lost' },
  'answer-too-large': { code: 'InvalidResponse', text: 'no answer of S3' },
  'no-http': { code: 'InvalidResponse', text: 'the answer is no HTTP' },
}

function fromAnswer(answer: ExchangeAnswer, region: string): Failure {
  const { status, headers } = answer
  const told = s3ErrorOf(answer)
  const code = told?.code ?? codeByStatus(status, headers, region)
  const said = told?.message ?? (status < 300 ? 'the answer is none of S3' : 'without an explanation')
  // Which header a store does not implement is only said beside the message.
  const header = told?.header === undefined ? '' : ` (header ${told.header})`
  // Some stores send it twice.
  const requestId = headers['x-amz-request-id']?.split(',')[0]
  const from = `HTTP ${status}${requestId === undefined ? '' : `, request ${requestId}`}`
  return { code, text: `${code}: ${said}${header}${regionHint(code, told?.region, headers, region)} (${from})` }
}

export interface S3ErrorBody {
  readonly code: string
  readonly message?: string
  readonly region?: string
  /** The header that is not implemented. */
  readonly header?: string
}

/** The error that an answer's body tells. Read here: the SDK leaves out fields and trips over what is no XML. */
export function s3ErrorOf({ status, body }: ExchangeAnswer): S3ErrorBody | undefined {
  if (status < 300 || body.length === 0) return undefined
  const xml = body.toString('utf8')
  const inside = (name: string): string | undefined => {
    const from = xml.indexOf(`<${name}>`)
    const to = from === -1 ? -1 : xml.indexOf(`</${name}>`, from)
    return to === -1 ? undefined : unescapeXml(xml.slice(from + name.length + 2, to))
  }
  const code = inside('Error') === undefined ? undefined : inside('Code')
  if (code === undefined || !/^[A-Za-z][A-Za-z0-9.]{1,80}$/.test(code)) return undefined
  const message = inside('Message')
  const region = inside('Region')
  const header = inside('Header')
  return { code, ...(message && { message }), ...(region && { region }), ...(header && { header }) }
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  '#39': "'",
  '#34': '"',
}
const unescapeXml = (text: string): string =>
  text.replace(/&(\w{1,4}|#\d\d);/g, (whole, name: string) => entities[name] ?? whole)

/** For answers to HEAD, which have no body, and for those of something that is not the store. */
function codeByStatus(status: number, headers: ExchangeAnswer['headers'], region: string): string {
  const isElsewhere = (headers['x-amz-bucket-region'] ?? region) !== region
  if (status === 301 || (isElsewhere && status >= 300 && status < 400)) return 'PermanentRedirect'
  if (status === 400 && isElsewhere) return 'AuthorizationHeaderMalformed'
  return statusCodes[status] ?? (status >= 500 ? 'InternalError' : 'InvalidResponse')
}

const statusCodes: Readonly<Record<number, string>> = {
  307: 'TemporaryRedirect',
  308: 'PermanentRedirect',
  400: 'BadRequest',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'OperationAborted',
  412: 'PreconditionFailed',
  429: 'SlowDown',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
}

/** A bucket in another Region is the usual cause of these, even where the answer (one to HEAD has no body) does not say so. */
const regionCodes = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'BadRequest',
])

function regionHint(
  code: string,
  toldRegion: string | undefined,
  headers: ExchangeAnswer['headers'],
  region: string,
): string {
  const actual = headers['x-amz-bucket-region'] ?? toldRegion
  if (actual !== undefined && actual !== region)
    return `; the bucket is in Region ${actual}, the store is configured for ${region}`
  return regionCodes.has(code) ? `; the store is configured for Region ${region}` : ''
}

/** One line of bounded length without secrets: the texts come from outside, and a store may send back what it was sent. */
export function tidy(text: string, secrets: readonly string[]): string {
  const clean = secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '***')), text)
  // oxlint-disable-next-line no-control-regex
  const line = clean.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
  return line.length > messageLettersMax ? `${line.slice(0, messageLettersMax)}...` : line
}
