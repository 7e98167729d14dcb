import { hash } from 'node:crypto'
import type { Role } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import { decodeEscapes, type WireRequest } from '../auth/index.ts'
import { ControlUnavailableError } from '../control/index.ts'
import { PostingsUnavailableError } from '../history/index.ts'
import {
  describeCall,
  internalFailureText,
  parseJsonObject,
  type CallName,
  type Exchange,
  type Route,
} from '../http/index.ts'
import { JournalUnavailableError } from '../journal/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { sendAnswer, type ApiAnswer } from './api-answer.ts'
import { authenticateCaller, requireRole, type AuthenticationOptions, type Caller } from './caller.ts'

export interface ApiRouteOptions extends AuthenticationOptions {
  readonly trail: Pick<SelfTrail, 'record'>
  readonly onFault: (error: unknown, where: string) => void
}

/** Who asks, where and what. What is asked is untrusted. */
export interface ApiQuery extends Pick<Caller, 'principal' | 'region'> {
  /** Those of this server. */
  readonly regions: ReadonlySet<string>
  /** Behind the question mark. */
  readonly parameters: URLSearchParams
  /** What stands in the place of the path's `{name}`, decoded; empty where there is none. */
  readonly pathParameter: string
  /** Empty where the route takes no body. */
  readonly body: Readonly<Record<string, unknown>>
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal
  /** Of a stream that goes on: `Last-Event-ID`. */
  readonly lastEventId?: string
}

/** One call of our own API: what it is named in the trail, who may make it, and how it is answered. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST'
  /**
   * `/api/v1/checkpoint`, or with one parameter, which takes slashes too: `/api/v1/events/{eventId}`, `/api/v1/trails/{name}/files`.
   */
  readonly path: string
  readonly eventName: string
  readonly readOnly: boolean
  /** `cloudtrail.amazonaws.com` where absent. */
  readonly eventSource?: string
  /** `Management` where absent. */
  readonly category?: CallName['category']
  /** Who may ask: everyone who has proven who it is where absent. */
  readonly roles?: readonly Role[]
  /** Of the JSON object that the route takes as its body; absent: it takes none. */
  readonly bodyBytesMax?: number
  /** Parameters of the query and members of the body that the record names, beside the path's parameter. */
  readonly recorded: readonly string[]
  /** What the call is about, as its record names it. */
  resources?(query: ApiQuery): ApiCall['resources']
  /** In the caller's words what `ask` may throw beside ApiError and what is unavailable. */
  failureOf?(error: unknown): ApiError | undefined
  /** Questions only: what changes something has to be recorded together with its change, by `SelfTrail.commit`. */
  ask(query: ApiQuery): Promise<ApiAnswer>
}

/**
 * A route that proves who calls (SigV4 or bearer token), checks the role, asks, records the call and only then answers. A
 * refused or failed call is recorded, too, under the code that it is answered with; a call that cannot be recorded is
 * answered with ServiceUnavailable, whatever came out of it. Errors are answered as JSON: `{"__type": ..., "Message": ...}`.
 */
export function apiRoute(route: ApiRoute, options: ApiRouteOptions): Route {
  const { eventName, readOnly, eventSource = 'cloudtrail.amazonaws.com', category = 'Management' } = route
  const call: CallName = { eventSource, eventName, readOnly, category }
  const { path, parameterName, suffix } = readTemplate(route.path)
  return {
    method: route.method,
    path,
    match: parameterName === undefined ? 'exact' : 'prefix',
    ...(suffix !== '' && { claims: ({ target }: WireRequest) => isBetween(target.split('?', 1)[0]!, path, suffix) }),
    ...(route.bodyBytesMax !== undefined && { bodyBytesMax: route.bodyBytesMax }),
    async handle(exchange) {
      const caller = await authenticateCaller(exchange, call, options)
      const asked = {
        caller,
        exchange,
        pathParameter: decodePath(exchange.path.slice(path.length, exchange.path.length - suffix.length)),
      }
      const outcome = await attempt(route, call, asked, options)
      const described = describeCall(exchange, call, { kind: 'user', principal: caller.principal }, caller.region)
      try {
        await options.trail.record({ ...described, ...recordedOutcome(route, parameterName, outcome) })
      } catch (cause) {
        if ('answer' in outcome && 'stream' in outcome.answer) outcome.answer.stream.destroy()
        options.onFault(cause, `record of ${eventName}`)
        throw new ApiError('ServiceUnavailable', 'The call could not be recorded. Try again.', { status: 503, cause })
      }
      if ('failure' in outcome) throw outcome.failure
      await sendAnswer(exchange, outcome.answer)
    },
  }
}

/** `/api/v1/events/{eventId}`: the path before the parameter, its name, and what follows it. */
function readTemplate(template: string): {
  readonly path: string
  readonly parameterName?: string
  readonly suffix: string
} {
  const [, path, parameterName, suffix = ''] = /^(.*\/)\{(\w+)\}(.*)$/.exec(template) ?? []
  return path === undefined || parameterName === undefined
    ? { path: template, suffix: '' }
    : { path, parameterName, suffix }
}

const isBetween = (path: string, prefix: string, suffix: string): boolean =>
  path.startsWith(prefix) && path.endsWith(suffix) && path.length > prefix.length + suffix.length

/** Escapes of what is not UTF-8 become replacement characters: such a name is none of ours. */
const decodePath = (wire: string): string => Buffer.from(decodeEscapes(wire), 'latin1').toString()

interface Asked {
  readonly caller: Caller
  readonly exchange: Exchange
  readonly pathParameter: string
}

type Outcome = { readonly query: ApiQuery } & ({ readonly answer: ApiAnswer } | { readonly failure: ApiError })

async function attempt(
  route: ApiRoute,
  call: CallName,
  { caller, exchange, pathParameter }: Asked,
  { regions, onFault }: ApiRouteOptions,
): Promise<Outcome> {
  const { principal, region } = caller
  const parameters = new URLSearchParams(exchange.query)
  const lastEventId = exchange.header('last-event-id')
  let query: ApiQuery = {
    principal,
    region,
    regions,
    parameters,
    pathParameter,
    body: {},
    signal: exchange.signal,
    ...(lastEventId !== undefined && { lastEventId }),
  }
  try {
    if (route.roles) requireRole(caller, route.roles, call)
    if (route.bodyBytesMax !== undefined)
      query = { ...query, body: await readBody(exchange, caller, route.bodyBytesMax) }
    return { query, answer: await route.ask(query) }
  } catch (error) {
    const failure = unavailable(error) ?? (error instanceof ApiError ? error : route.failureOf?.(error))
    if (failure) return { query, failure }
    // Work that was given up because nobody waits for it.
    if (query.signal.aborted) return { query, failure: goneFailure(error) }
    // What is our mistake is told to the log alone.
    onFault(error, `${call.eventName} ${exchange.requestId}`)
    return { query, failure: new ApiError('InternalFailure', internalFailureText, { cause: error, status: 500 }) }
  }
}

const goneFailure = (cause: unknown): ApiError =>
  new ApiError('ServiceUnavailable', 'The caller closed the connection before there was an answer.', {
    cause,
    status: 503,
  })

function unavailable(cause: unknown): ApiError | undefined {
  const isTemporary =
    cause instanceof PostingsUnavailableError ||
    cause instanceof JournalUnavailableError ||
    cause instanceof ControlUnavailableError
  if (!isTemporary) return undefined
  return new ApiError('ServiceUnavailable', 'This cannot be answered at the moment; try again.', { cause, status: 503 })
}

/** @throws {ApiError} it is too long, no JSON object, or not what was signed. */
async function readBody(exchange: Exchange, { payload, body }: Caller, bytesMax: number): Promise<ApiQuery['body']> {
  if (payload.kind === 'chunked')
    throw new ApiError('ValidationException', 'A body in chunks is not taken here; sign it with its hash.')
  const bytes = body ?? (await exchange.readBody())
  // To check its signature it may have been read before its length mattered.
  if (bytes.length > bytesMax)
    throw new ApiError('RequestEntityTooLargeException', `The body is longer than ${bytesMax} bytes.`, { status: 413 })
  if (payload.kind === 'hash' && hash('sha256', bytes) !== payload.sha256)
    throw new ApiError('InvalidSignatureException', 'The body is not the one that was signed.', { status: 403 })
  return parseJsonObject(bytes)
}

/** Values of parameters as they are recorded; longer ones are none of ours. */
const recordedCharactersMax = 256

/** A denied call is recorded without its parameters and under IAM's shorter name of the error, as CloudTrail does it. */
function recordedOutcome(route: ApiRoute, parameterName: string | undefined, outcome: Outcome): Partial<ApiCall> {
  const { query } = outcome
  const resources = route.resources?.(query)
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const denied = failure?.code === 'AccessDeniedException'
  const named = route.recorded.map((name) => [name, query.parameters.get(name) ?? query.body[name]] as const)
  const all = parameterName === undefined ? named : [[parameterName, query.pathParameter] as const, ...named]
  const sent = all.flatMap(([name, value]) => (value === undefined ? [] : [[name, recordedValue(value)]]))
  return {
    ...(!denied && { requestParameters: Object.fromEntries(sent) }),
    ...(resources && { resources }),
    ...(failure && { errorCode: denied ? 'AccessDenied' : failure.code, errorMessage: failure.message }),
  }
}

function recordedValue(value: unknown): string | number | boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const cut = text.slice(0, recordedCharactersMax)
  // Never half of a pair.
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}
