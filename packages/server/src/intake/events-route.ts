import { createHash } from 'node:crypto'
import { isLoopback } from '../config/index.ts'
import type { Principal } from '../accounts/index.ts'
import {
  createChunkedPayload,
  hasBearerToken,
  verifyBearer,
  type PayloadKind,
  type SigV4Verifier,
  type VerifiedPayload,
} from '../auth/index.ts'
import type { CredentialSource } from '../accounts/index.ts'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Clocks } from '../clock/index.ts'
import {
  describeCall,
  recordRefusedCall,
  type CallName,
  type Exchange,
  type RefusedCallOptions,
  type Route,
} from '../http/index.ts'
import { JournalFencedError, JournalFullError, JournalUnavailableError } from '../journal/index.ts'
import type { ServerEvent } from '../observability/index.ts'
import { ApiError } from '../operations/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { AdmissionBusyError } from './admission-pool.ts'
import { BodyError } from './body-chunks.ts'
import { IntakeInterruptedError, reusedCode, takeIn, type IntakeAnswer, type IntakeOptions } from './intake.ts'
import { WriterBusyError } from './record-writer.ts'
import { spool } from './spool.ts'

export interface EventsRouteOptions extends IntakeOptions, RefusedCallOptions {
  readonly verifier: SigV4Verifier
  readonly credentials: CredentialSource
  readonly clocks: Clocks
  readonly trail: SelfTrail
  /** Where the calls of bearer tokens belong, which name no Region. */
  readonly leadingRegion: Region
  readonly spoolDirectory: string
  readonly configVersion: () => number
  readonly report: (event: ServerEvent) => void
}

const call: CallName = {
  eventSource: 'cloudtrail-data.amazonaws.com',
  eventName: 'PostEvents',
  readOnly: false,
  category: 'Data',
}
const action = 'cloudtrail-data:PostEvents'
const signedPayloads: PayloadKind[] = ['signed-chunks', 'signed-chunks-trailer']
const idempotencyKeyMax = 128
/** Reused ids that the event about them names. */
const reusedNamed = 10

interface Caller {
  readonly principal: Principal
  readonly region: Region
  readonly payload: VerifiedPayload
}

/** `POST /events`: NDJSON or `{"Records":[...]}`, plain or gzip, SigV4 or bearer token. */
export function eventsRoute(options: EventsRouteOptions): Route {
  return {
    method: 'POST',
    path: '/events',
    bodyBytesMax: options.bodyBytesMax,
    async handle(exchange) {
      const started = options.clocks.monotonic()
      const finish = (status: number, body: object, code?: string) => {
        const milliseconds = options.clocks.monotonic() - started
        options.report({
          kind: 'request',
          operation: call.eventName,
          status,
          milliseconds,
          requestId: exchange.requestId,
          ...(code && { code }),
        })
        const headers = { 'Content-Type': 'application/json', ...(code && { 'x-amzn-ErrorType': code }) }
        exchange.respond({ status, headers, body: JSON.stringify(body) })
      }
      let caller: Caller
      try {
        caller = authenticate(exchange, options)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        await recordRefusedCall(exchange, call, error, options)
        return finish(error.status, { __type: error.code, Message: error.message }, error.code)
      }
      try {
        authorise(caller)
        const answer = await take(exchange, caller, options)
        await recordCall(exchange, caller, options, answer)
        // A body of which nothing could be used is the sender's mistake: a status that no script overlooks.
        const useless = answer.received > 0 && answer.refused === answer.received
        finish(useless ? 400 : 200, answer, useless ? 'InvalidRecordsException' : undefined)
      } catch (error) {
        const failure = translate(error)
        const answer = error instanceof IntakeInterruptedError ? error.answer : undefined
        await recordCall(exchange, caller, options, answer, failure)
        finish(failure.status, { __type: failure.code, Message: failure.message, ...answer }, failure.code)
      }
    },
  }
}

/** `GET /events/reports/<id>`: all refusals of one request, one JSON object a line. Report ids cannot be guessed. */
export function reportsRoute({ reports }: Pick<EventsRouteOptions, 'reports'>): Route {
  const path = '/events/reports/'
  return {
    method: 'GET',
    path,
    match: 'prefix',
    async handle(exchange) {
      const report = await reports.read(exchange.path.slice(path.length))
      if (!report)
        throw new ApiError('ResourceNotFoundException', 'There is no such report (any more).', { status: 404 })
      exchange.outgoing.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      report.pipe(exchange.outgoing)
    },
  }
}

function authenticate(exchange: Exchange, options: EventsRouteOptions): Caller {
  const { rawHeaders } = exchange.wire
  if (hasBearerToken(rawHeaders)) {
    const principal = verifyBearer(rawHeaders, options.credentials)
    return { principal, region: options.leadingRegion, payload: { kind: 'unsigned' } }
  }
  // An unsigned payload is only as good as the connection it comes over.
  const trusted = exchange.tls !== undefined || isLoopback(exchange.incoming.socket.remoteAddress ?? '')
  const { principal, region, payload } = options.verifier.verify(exchange.wire, {
    service: 'cloudtrail',
    isRegion: (name) => options.regions.has(name),
    pathStyle: 'normalised',
    payloads: trusted ? [...signedPayloads, 'unsigned', 'unsigned-chunks-trailer'] : signedPayloads,
  })
  return { principal, region: region as Region, payload }
}

function authorise({ principal }: Caller): void {
  if (principal.role === 'administrator' || principal.role === 'producer') return
  throw new ApiError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    { status: 403 },
  )
}

async function take(exchange: Exchange, caller: Caller, options: EventsRouteOptions): Promise<IntakeAnswer> {
  const { principal, region, payload } = caller
  const idempotencyKey = exchange.header('idempotency-key')
  if (idempotencyKey !== undefined && (idempotencyKey.length === 0 || idempotencyKey.length > idempotencyKeyMax)) {
    throw new ApiError('ValidationException', `Idempotency-Key must have 1 to ${idempotencyKeyMax} characters.`)
  }
  const context = {
    origin: 'producer' as const,
    principal: principal.arn,
    configVersion: options.configVersion(),
    account: principal.account,
    region,
    accounts: new Set<string>([principal.account]),
    regions: options.regions,
    now: options.clocks.domain(),
  }
  const request = { encoding: encodingOf(exchange), context, ...(idempotencyKey !== undefined && { idempotencyKey }) }
  const body = proveWhileReading(exchange, payload)
  if (payload.kind === 'unsigned') return takeIn({ ...request, body }, options)
  await using proven = await spool(body, options.spoolDirectory)
  return await takeIn({ ...request, body: proven.read() }, options)
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

/** The body's bytes; throws at its end when they are not what was signed. */
async function* proveWhileReading(exchange: Exchange, payload: VerifiedPayload): AsyncGenerator<Uint8Array> {
  const body = exchange.bodyStream()
  if (payload.kind === 'hash') {
    const hash = createHash('sha256')
    for await (const piece of body) {
      hash.update(piece)
      yield piece
    }
    if (hash.digest('hex') !== payload.sha256)
      throw new ApiError('InvalidSignatureException', 'The body is not the one that was signed.', { status: 403 })
    return
  }
  if (payload.kind !== 'chunked') return yield* body
  const decodedBytes = Number(exchange.header('x-amz-decoded-content-length') ?? Number.NaN)
  const trailerNames = (exchange.header('x-amz-trailer') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  yield* body.pipe(
    createChunkedPayload({ seed: payload.seed, decodedBytes, trailerNames }),
  ) as AsyncIterable<Uint8Array>
}

/** What the client is told: retryable where the same request can succeed later, exact where it cannot. */
function translate(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const cause = error instanceof IntakeInterruptedError ? error.cause : error
  if (cause instanceof ApiError) return cause
  if (cause instanceof BodyError) return new ApiError('InvalidBodyException', cause.message)
  const busy = cause instanceof WriterBusyError || cause instanceof AdmissionBusyError
  if (busy) return new ApiError('ThrottlingException', 'Rate exceeded', { cause, status: 429 })
  if (
    cause instanceof JournalFullError ||
    cause instanceof JournalUnavailableError ||
    cause instanceof JournalFencedError
  ) {
    return new ApiError('ServiceUnavailable', 'Events cannot be stored at the moment. Try again later.', {
      cause,
      status: 503,
    })
  }
  throw error
}

async function recordCall(
  exchange: Exchange,
  caller: Caller,
  options: EventsRouteOptions,
  answer?: IntakeAnswer,
  failure?: ApiError,
): Promise<void> {
  const { principal, region } = caller
  if (answer)
    options.report({ kind: 'intake', stored: answer.stored, duplicates: answer.duplicates, refused: answer.refused })
  const recorded: ApiCall = {
    ...describeCall(exchange, call, { kind: 'user', principal }, region),
    resources: [
      { accountId: principal.account, type: 'AWS::CloudTrail::Channel', ARN: channelArn(principal.account, region) },
    ],
    ...(answer && { additionalEventData: counts(answer) }),
    ...(failure && {
      errorCode: failure.code === 'AccessDeniedException' ? 'AccessDenied' : failure.code,
      errorMessage: failure.message,
    }),
  }
  await options.trail.record(recorded)
  const reused = answer?.refusals.filter(({ code }) => code === reusedCode) ?? []
  if (reused.length === 0) return
  // Somebody may be trying to suppress events by sending their ids first: that is seen in the event history.
  const eventIds = reused.slice(0, reusedNamed).map(({ eventId }) => eventId)
  await options.trail.record({
    ...recorded,
    category: 'Management',
    eventName: reusedCode,
    eventSource: 'cloudtrail.amazonaws.com',
    errorCode: reusedCode,
    errorMessage: `${reused.length} records came with an eventID that is taken by an event with other content`,
    additionalEventData: { eventIds, count: reused.length },
  })
}

const counts = ({ received, stored, duplicates, refused }: IntakeAnswer) => ({ received, stored, duplicates, refused })
const channelArn = (account: AccountId, region: Region) => `arn:aws:cloudtrail:${region}:${account}:channel/events`
