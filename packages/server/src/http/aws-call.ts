import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import { ApiError, type Operation, type OperationContext } from '../operations/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import type { Change } from '../trails/index.ts'
import { authenticateCall, type SignedCallOptions } from './authenticate-call.ts'
import type { Exchange } from './exchange.ts'
import { internalFailureText } from './http-server.ts'
import { describeCall, type CallName } from './refused-call.ts'
import type { Throttle } from './throttle.ts'

/** AWS's limit for requests of this API. */
export const callBodyBytesMax = 1_048_576
export interface CallOptions extends SignedCallOptions {
  readonly selfTrail: SelfTrail
  /** Absent: calls are not throttled. */
  readonly throttle?: { readonly buckets: Throttle; callsPerSecond(operation: string): number | undefined }
  context(caller: Principal, region: Region): Omit<OperationContext, 'commit'>
  onFault(error: unknown, where: string): void
}

/** The service a call is for, as signatures and records name it. */
export interface CalledService {
  /** In the signature's scope. */
  readonly scopeName: string
  readonly eventSource: string
  readonly category: 'Management' | 'Data'
  /** Headers that must be signed where present. */
  readonly mustBeSigned: readonly string[]
  parse(exchange: Exchange, body: Buffer): Readonly<Record<string, unknown>>
}

/**
 * One call of the API from the wire to its answer: authenticate, parse, authorise, handle, record, and only then answer.
 * A call that could not be recorded durably is answered with ServiceUnavailable, whatever came out of it.
 * @throws {ApiError} every failure, to be put in the protocol's own form.
 */
export async function performCall(
  exchange: Exchange,
  service: CalledService,
  operation: Operation,
  options: CallOptions,
): Promise<Record<string, unknown>> {
  const body = await exchange.readBody(callBodyBytesMax)
  const name = callName(service, operation)
  const rules = { service: service.scopeName, mustBeSigned: service.mustBeSigned }
  const { principal, region } = await authenticateCall(exchange, name, rules, options, body)
  const call = describeCall(exchange, name, { kind: 'user', principal }, region)
  const outcome = await attempt(exchange, service, operation, body, options, principal, call)
  // A change was recorded together with itself.
  if ('output' in outcome && outcome.isCommitted) return outcome.output
  try {
    await options.selfTrail.record({ ...call, ...recordedOutcome(operation, outcome) })
  } catch (error) {
    options.onFault(error, `record of ${operation.name}`)
    throw new ApiError('ServiceUnavailable', 'The call could not be recorded. Try again.', {
      status: 503,
      cause: error,
    })
  }
  if ('error' in outcome) throw outcome.error
  return outcome.output
}

type Outcome =
  | {
      readonly input: Readonly<Record<string, unknown>>
      readonly output: Record<string, unknown>
      readonly isCommitted: boolean
    }
  | { readonly input?: Readonly<Record<string, unknown>>; readonly error: ApiError }

async function attempt(
  exchange: Exchange,
  service: CalledService,
  operation: Operation,
  body: Buffer,
  options: CallOptions,
  principal: Principal,
  call: ApiCall,
): Promise<Outcome> {
  let input: Readonly<Record<string, unknown>> | undefined
  let isCommitted = false
  try {
    checkRate(operation, principal, call.region, options)
    const sent = (input = service.parse(exchange, body))
    if (!operation.roles.includes(principal.role)) return { error: accessDenied(operation, principal) }
    const commit = async (change: Change) => {
      await commitChange(change, { ...call, ...recordedInput(sent), ...recordedOutput(change.output) }, options)
      isCommitted = true
    }
    const output = await operation.handle(sent, { ...options.context(principal, call.region), commit })
    return { input: sent, output, isCommitted }
  } catch (error) {
    return { ...(input && { input }), error: asApiError(error, operation, options) }
  }
}

/** Where the journal takes no event there is no change either. @throws {ApiError} ServiceUnavailable, to be tried again. */
async function commitChange(change: Change, call: ApiCall, options: CallOptions): Promise<void> {
  const { writes, configVersion, committed } = change
  const when = { ...(configVersion !== undefined && { configVersion }), ...(committed && { committed }) }
  try {
    await options.selfTrail.commit(writes, call, when)
  } catch (cause) {
    options.onFault(cause, `change by ${call.eventName}`)
    throw new ApiError('ServiceUnavailable', 'The change could not be made durable. Try again.', { status: 503, cause })
  }
}

function checkRate(operation: Operation, { account }: Principal, region: Region, { throttle }: CallOptions): void {
  const callsPerSecond = throttle?.callsPerSecond(operation.name)
  if (!throttle || callsPerSecond === undefined) return
  if (throttle.buckets.allows(`${account}/${region}/${operation.name}`, callsPerSecond)) return
  throw new ApiError('ThrottlingException', 'Rate exceeded')
}

const accessDenied = ({ action }: Operation, { arn }: Principal) =>
  new ApiError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: ${action} on resource: * because no identity-based policy allows the ` +
      `${action} action`,
  )

function asApiError(error: unknown, operation: Operation, options: CallOptions): ApiError {
  if (error instanceof ApiError) return error
  options.onFault(error, operation.name)
  return new ApiError('InternalFailure', internalFailureText, { status: 500, cause: error })
}

const callName = ({ eventSource, category }: CalledService, { name, readOnly }: Operation): CallName => ({
  eventSource,
  eventName: name,
  readOnly,
  category,
})

/** A denied call is recorded without its parameters, under IAM's shorter name of the error, as CloudTrail does it. */
function recordedOutcome(operation: Operation, outcome: Outcome): Partial<ApiCall> {
  if ('output' in outcome)
    return { ...recordedInput(outcome.input), ...(!operation.readOnly && recordedOutput(outcome.output)) }
  const { input, error } = outcome
  const errorCode = error.code === 'AccessDeniedException' ? 'AccessDenied' : error.code
  return { ...(input && recordedInput(input)), errorCode, errorMessage: error.message }
}

const recordedInput = (input: Readonly<Record<string, unknown>>): Partial<ApiCall> => ({ requestParameters: input })

const recordedOutput = (output: Readonly<Record<string, unknown>>): Partial<ApiCall> =>
  Object.keys(output).length > 0 ? { responseElements: output } : {}
