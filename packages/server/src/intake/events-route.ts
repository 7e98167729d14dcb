import { authenticateCaller, requireRole, type AuthenticationOptions, type Caller } from '../api/index.ts'
import type { Clocks } from '../clock/index.ts'
import { describeCall, type CallName, type Exchange, type Route } from '../http/index.ts'
import type { ServerEvent } from '../observability/index.ts'
import { ApiError } from '../operations/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { channelOf, eventsSource } from './events-api.ts'
import { IntakeInterruptedError, takeIn, type IntakeOptions } from './intake.ts'
import { intakeFailure } from './intake-failure.ts'
import { withProvenBody } from './proven-body.ts'
import { createSpool, type Spool } from './spool.ts'
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
  const failureOf = (error: unknown) =>
    intakeFailure(error, options.bodyBytesMax, () =>
      options.report({ kind: 'failure', message: 'POST /events', error, requestId: exchange.requestId }),
    )
  let outcome: IntakeOutcome | undefined
  let failure: ApiError | undefined
  try {
    requireRole(caller, ['administrator', 'producer'], call)
    outcome = await take(exchange, caller, spool, options)
  } catch (error) {
    if (error instanceof IntakeInterruptedError) ({ outcome } = error)
    failure = failureOf(error instanceof IntakeInterruptedError ? error.cause : error)
  }
  const answer = outcome && { answer: outcome.answer }
  try {
    await recordCall(exchange, caller, options, outcome, failure)
  } catch (error) {
    // What is stored stays stored; but a call without its record is not answered as done.
    failure = failureOf(error)
  }
  return { ...answer, ...(failure && { failure }) }
}

async function take(
  exchange: Exchange,
  caller: Caller,
  spool: Spool,
  options: EventsRouteOptions,
): Promise<IntakeOutcome> {
  const { principal, region } = caller
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
  const request = { context, ...(idempotencyKey !== undefined && { idempotencyKey }) }
  return withProvenBody(exchange, caller, { spool, bytesMax: options.bodyBytesMax }, (body, encoding) =>
    takeIn({ ...request, body, encoding }, options),
  )
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
