import * as z from 'zod'
import { ApiError } from '../api-error/index.ts'
import type { Route } from '../http/index.ts'
import type { ApiAnswer } from './api-answer.ts'
import { apiRoute, type ApiQuery, type ApiRouteOptions } from './api-route.ts'
import { CipherError } from '../keyring/index.ts'
import { invalid, readParameters, type Parameter, type Parameters, type Values } from './parameters.ts'

/** What the answers of errors say, by the code in `__type`; the document lists those of each operation. */
export const errorStatus = {
  ValidationException: 400,
  InvalidSearchException: 400,
  InvalidNextTokenException: 400,
  InvalidBodyException: 400,
  UnknownAccount: 400,
  UnknownRegion: 400,
  AccessDeniedException: 403,
  EventNotFoundException: 404,
  TrailNotFoundException: 404,
  EventErasedException: 410,
  PositionLostException: 410,
  ThrottlingException: 429,
  ServiceUnavailable: 503,
} as const satisfies Record<string, number>
export type ErrorCode = keyof typeof errorStatus

export const apiError = (code: ErrorCode, message: string, options: ErrorOptions & { at?: number } = {}): ApiError =>
  new ApiError(code, message, { ...options, status: errorStatus[code] })

/** Who asks: what a question is answered by, its parameters aside. */
export type Asker = Pick<ApiQuery, 'principal' | 'region' | 'regions' | 'signal' | 'lastEventId'> & {
  /** `SearchEvents`: what has to be allowed. */
  readonly eventName: string
}

export interface Question<Own extends Parameters, Body> extends Asker {
  readonly parameters: Values<Own>
  /** In place of the path's `{name}`. */
  readonly subject: string
  readonly body: Body
}

/** One operation of our own API: all that the route, the document and the reference are made of. */
export interface ApiOperation<Own extends Parameters = Parameters, Body = unknown> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Its event's name, its action's (`cloudtrail:SearchEvents`) and its id in the document. */
  readonly eventName: string
  readonly brief: string
  /** More than a line, for the reference. */
  readonly details?: string
  readonly parameters: Own
  /** The path's `{name}`. */
  readonly subject?: Parameter<string>
  readonly body?: z.ZodType<Body>
  readonly answer: { readonly json: z.ZodType } | { readonly stream: string }
  /** Beside those that every operation has. */
  readonly errors: readonly ErrorCode[]
  /** Parameters that the record of the call does not name. */
  readonly unrecorded?: readonly string[]
  ask(question: Question<Own, Body>): Promise<ApiAnswer>
}

/** What the document and the reference say of an operation; of one that takes a file, another domain has the route. */
export type DescribedCall = Omit<ApiOperation, 'ask'> & {
  /** Content types of the file that is the body. */
  readonly file?: readonly string[]
  /** Of its errors, where they tell more than others. */
  readonly error?: z.ZodType
}

/** Keeps the types of the parameters together. */
export const operation = <Own extends Parameters, Body = undefined>(own: ApiOperation<Own, Body>): ApiOperation => own

/** Questions are short, and the selectors of a dry run are bounded to AWS's size of a request. */
export const bodyBytesMax = 1_048_576
/** An answer that takes longer is not waited for by anybody; the index has shorter limits of its own. */
const answerMs = 30_000

/** The route of an operation: administrators and auditors only; every call is recorded. */
export function operationRoute(own: ApiOperation, options: ApiRouteOptions): Route {
  const { method, path, eventName, parameters, body, unrecorded = [] } = own
  const members = body instanceof z.ZodObject ? Object.keys(body.shape) : []
  return apiRoute(
    {
      method,
      path,
      eventName,
      readOnly: true,
      roles: eventName === 'GetSession' ? ['administrator', 'auditor', 'producer'] : ['administrator', 'auditor'],
      ...(body && { bodyBytesMax }),
      recorded: [...Object.keys(parameters), ...members].filter((name) => !unrecorded.includes(name)),
      failureOf,
      ask: (query) => inTime(answerTo(own, query)),
    },
    options,
  )
}

function failureOf(error: unknown): ApiError | undefined {
  if (!(error instanceof CipherError)) return undefined
  return apiError('EventErasedException', 'A record that this needs is erased: its key was destroyed.', {
    cause: error,
  })
}

async function answerTo(own: ApiOperation, query: ApiQuery): Promise<ApiAnswer> {
  const { principal, region, regions, signal, lastEventId, pathParameter } = query
  return own.ask({
    principal,
    region,
    regions,
    signal,
    ...(lastEventId !== undefined && { lastEventId }),
    eventName: own.eventName,
    parameters: readParameters(own.parameters, query.parameters),
    subject: own.subject ? own.subject.read(subjectName(own.path), pathParameter) : '',
    body: own.body ? readBody(own.body, query.body) : undefined,
  })
}

export const subjectName = (path: string): string => /\{(\w+)\}/.exec(path)?.[1] ?? ''

function readBody<Body>(shape: z.ZodType<Body>, sent: ApiQuery['body']): Body {
  const read = shape.safeParse(sent)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw invalid(`${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is not what is expected'}.`)
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      late.reject(
        apiError('ServiceUnavailable', `There was no answer within ${answerMs / 1_000} s; ask for less, or try again.`),
      ),
    answerMs,
  )
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
