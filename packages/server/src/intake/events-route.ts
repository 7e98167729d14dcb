import { createHash } from 'node:crypto'
import { authenticateCaller, requireRole, type AuthenticationOptions, type Caller } from '../api/index.ts'
import { createChunkedPayload, type VerifiedPayload } from '../auth/index.ts'
import type { Clocks } from '../clock/index.ts'
import { describeCall, internalFailureText, type CallName, type Exchange, type Route } from '../http/index.ts'
import { JournalFencedError, JournalFullError, JournalUnavailableError } from '../journal/index.ts'
import type { ServerEvent } from '../observability/index.ts'
import { ApiError } from '../operations/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { AdmissionBusyError } from './admission-pool.ts'
import { BodyError, BodyTooLongError } from './body-chunks.ts'
import { channelOf, eventsSource } from './events-api.ts'
import { IntakeInterruptedError, takeIn, type IntakeOptions } from './intake.ts'
import { WriterBusyError } from './record-writer.ts'
import { createSpool, SpoolFullError, type Spool } from './spool.ts'
import { reusedCode, type IntakeAnswer, type IntakeOutcome } from './tally.ts'

export interface EventsRouteOptions extends IntakeOptions, AuthenticationOptions {
  readonly clocks: Clocks
  readonly trail: SelfTrail
  readonly spoolDirectory: string
  readonly configVersion: () => number
  readonly report: (event: ServerEvent) => void
}

const call: CallName = {
  eventSource: eventsSource,
  eventName: 'PostEvents',
  readOnly: false,
  category: 'Data',
}
const idempotencyKeyMax = 128
/** `POST /events`: NDJSON or `{"Records":[...]}`, plain or gzip, SigV4 or bearer token. */
export function eventsRoute(options: EventsRouteOptions): Route {
  const spool = createSpool(options.spoolDirectory)
  return {
    method: 'POST',
    path: '/events',
    bodyBytesMax: options.bodyBytesMax,
    async handle(exchange) {
      const started = options.clocks.monotonic()
      const reply = await perform(exchange, spool, options)
      const { failure, answer } = reply
      // A body of which nothing could be used is the sender's mistake: a status that no script overlooks.
      const useless = !failure && answer !== undefined && answer.received > 0 && answer.refused === answer.received
      const status = failure?.status ?? (useless ? 400 : 200)
      const code = failure?.code ?? (useless ? 'InvalidRecordsException' : undefined)
      options.report({
        kind: 'request',
        operation: call.eventName,
        status,
        milliseconds: options.clocks.monotonic() - started,
        requestId: exchange.requestId,
        ...(code && { code }),
      })
      const headers = { 'Content-Type': 'application/json', ...(code && { 'x-amzn-ErrorType': code }) }
      const body = { ...(failure && { __type: failure.code, Message: failure.message }), ...answer }
      exchange.respond({ status, headers, body: JSON.stringify(body) })
    },
  }
}

interface Reply {
  readonly answer?: IntakeAnswer
  readonly failure?: ApiError
}

/** The call from its head to its record. Recorded whatever happens, also when the client has gone meanwhile. */
async function perform(exchange: Exchange, spool: Spool, options: EventsRouteOptions): Promise<Reply> {
  let caller: Caller
  try {
    caller = await authenticateCaller(exchange, call, options)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { failure: error }
  }
  let outcome: IntakeOutcome | undefined
  let failure: ApiError | undefined
  try {
    requireRole(caller, ['administrator', 'producer'], call)
    outcome = await take(exchange, caller, spool, options)
  } catch (error) {
    if (error instanceof IntakeInterruptedError) ({ outcome } = error)
    failure = translate(error instanceof IntakeInterruptedError ? error.cause : error, exchange, options)
  }
  const answer = outcome && { answer: outcome.answer }
  try {
    await recordCall(exchange, caller, options, outcome, failure)
  } catch (error) {
    // What is stored stays stored; but a call without its record is not answered as done.
    failure = translate(error, exchange, options)
  }
  return { ...answer, ...(failure && { failure }) }
}

async function take(
  exchange: Exchange,
  caller: Caller,
  spool: Spool,
  options: EventsRouteOptions,
): Promise<IntakeOutcome> {
  const { principal, region, payload, body: whole } = caller
  const idempotencyKey = exchange.header('idempotency-key')
  if (idempotencyKey !== undefined && (idempotencyKey.length === 0 || idempotencyKey.length > idempotencyKeyMax)) {
    throw new ApiError('ValidationException', `Idempotency-Key must have 1 to ${idempotencyKeyMax} characters.`)
  }
  const accounts = new Set<string>([principal.account])
  const context = () => ({
    origin: 'producer' as const,
    principal: principal.arn,
    configVersion: options.configVersion(),
    account: principal.account,
    region,
    accounts,
    regions: options.regions,
    now: options.clocks.domain(),
  })
  const request = { encoding: encodingOf(exchange), context, ...(idempotencyKey !== undefined && { idempotencyKey }) }
  if (whole) return takeIn({ ...request, body: atHand(whole) }, options)
  const body = openBody(exchange, payload, options.bodyBytesMax)
  if (payload.kind === 'unsigned') return takeIn({ ...request, body }, options)
  await using proven = await spool.hold(body)
  return await takeIn({ ...request, body: proven.read() }, options)
}

async function* atHand(body: Buffer): AsyncGenerator<Uint8Array> {
  yield body
}

function encodingOf(exchange: Exchange): 'identity' | 'gzip' {
  // `aws-chunked` is framing that the signature's payload kind already tells.
  const encodings = (exchange.header('content-encoding') ?? '').toLowerCase().split(',')
  const left = encodings
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity' && name !== 'aws-chunked')
  if (left.length === 0) return 'identity'
  if (left.length === 1 && left[0] === 'gzip') return 'gzip'
  throw new ApiError('ValidationException', 'Content-Encoding must be gzip or absent.', { status: 415 })
}

/**
 * The body's bytes, which throw at their end when they are not what was signed.
 * @throws {ApiError} the headers alone say that it cannot be taken; nothing was read.
 */
function openBody(exchange: Exchange, payload: VerifiedPayload, bytesMax: number): AsyncIterable<Uint8Array> {
  if (payload.kind === 'hash') return hashed(exchange.bodyStream(), payload.sha256)
  if (payload.kind !== 'chunked') return exchange.bodyStream()
  const decodedBytes = decodedLength(exchange, bytesMax)
  const trailerNames = (exchange.header('x-amz-trailer') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  // What frames the chunks comes on top of what they hold.
  const decoder = createChunkedPayload({ seed: payload.seed, decodedBytes, trailerNames })
  return exchange.bodyStream(bytesMax * 2).pipe(decoder)
}

function decodedLength(exchange: Exchange, bytesMax: number): number {
  const text = exchange.header('x-amz-decoded-content-length') ?? ''
  if (!/^\d{1,15}$/.test(text)) {
    throw new ApiError(
      'ValidationException',
      'A body in signed chunks needs the header x-amz-decoded-content-length, a number of bytes.',
    )
  }
  const bytes = Number(text)
  if (bytes > bytesMax) throw tooLarge(bytesMax)
  return bytes
}

async function* hashed(body: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of body) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== sha256)
    throw new ApiError('InvalidSignatureException', 'The body is not the one that was signed.', { status: 403 })
}

const tooLarge = (bytesMax: number) =>
  new ApiError('RequestEntityTooLargeException', `The body is longer than ${bytesMax} bytes.`, { status: 413 })

/** What the client is told: retryable where the same request can succeed later, exact where it cannot. */
function translate(error: unknown, exchange: Exchange, options: EventsRouteOptions): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof BodyTooLongError) return tooLarge(options.bodyBytesMax)
  if (error instanceof BodyError) return new ApiError('InvalidBodyException', error.message)
  const busy = error instanceof WriterBusyError || error instanceof AdmissionBusyError
  if (busy) return new ApiError('ThrottlingException', 'Rate exceeded', { cause: error, status: 429 })
  const message = 'Events cannot be stored at the moment. Try again later.'
  const unavailable = new ApiError('ServiceUnavailable', message, { cause: error, status: 503 })
  if (error instanceof JournalFullError || error instanceof SpoolFullError) return unavailable
  // From here on it is nobody's mistake but ours: the client is told little, the log all of it.
  options.report({ kind: 'failure', message: 'POST /events', error, requestId: exchange.requestId })
  if (error instanceof JournalUnavailableError || error instanceof JournalFencedError) return unavailable
  return new ApiError('InternalFailure', internalFailureText, { cause: error, status: 500 })
}

/** The data event about the call and, where ids were reused, the management event that says so. */
async function recordCall(
  exchange: Exchange,
  caller: Caller,
  options: EventsRouteOptions,
  outcome?: IntakeOutcome,
  failure?: ApiError,
): Promise<void> {
  const { principal, region } = caller
  const { answer, reused } = outcome ?? {}
  if (answer)
    options.report({ kind: 'intake', stored: answer.stored, duplicates: answer.duplicates, refused: answer.refused })
  const described = describeCall(exchange, call, { kind: 'user', principal }, region)
  const denied = failure?.code === 'AccessDeniedException'
  const about = {
    // A denied call is recorded without its parameters and under IAM's shorter name of the error, as CloudTrail does it.
    ...(!denied && { requestParameters: parameters(exchange) }),
    resources: channelOf(caller),
    ...(answer && (failure ? { additionalEventData: counts(answer) } : { responseElements: counts(answer) })),
    ...(failure && { errorCode: denied ? 'AccessDenied' : failure.code, errorMessage: failure.message }),
  }
  await options.trail.record({ ...described, ...about })
  if (!reused || reused.count === 0) return
  // Somebody may be trying to suppress events by sending their ids first: that is seen in the event history.
  await options.trail.record({
    ...described,
    category: 'Management',
    eventName: reusedCode,
    eventSource: 'cloudtrail.amazonaws.com',
    requestParameters: parameters(exchange),
    errorCode: reusedCode,
    errorMessage: `${reused.count} records came with an eventID that is taken by an event with other content`,
    additionalEventData: reused,
  })
}

/** Headers that change what the call does. */
const parameterHeaders = { contentEncoding: 'content-encoding', idempotencyKey: 'idempotency-key' } as const

function parameters(exchange: Exchange): Record<string, string> {
  const sent = Object.entries(parameterHeaders).map(([name, header]) => [name, exchange.header(header)] as const)
  return Object.fromEntries(sent.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

const counts = ({ received, stored, duplicates, refused }: IntakeAnswer) => ({ received, stored, duplicates, refused })
