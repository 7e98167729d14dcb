import { ApiError } from '../api-error/index.ts'
import { ControlUnavailableError } from '../control/index.ts'
import { PostingsUnavailableError } from '../history/index.ts'
import { describeCall, internalFailureText, type CallName, type Exchange, type Route } from '../http/index.ts'
import { authenticateCaller, type AuthenticationOptions, type Caller } from '../intake/index.ts'
import { JournalUnavailableError } from '../journal/index.ts'
import { CipherError } from '../keyring/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { LeavesLostError } from '../stream-trees/index.ts'
import {
  askCheckpoint,
  askConsistency,
  askKey,
  askProof,
  type Ask,
  type Query,
  type QueryParts,
} from './checkpoint-queries.ts'

export interface CheckpointRoutesOptions extends AuthenticationOptions, QueryParts {
  readonly trail: SelfTrail
  readonly onFault: (error: unknown, where: string) => void
}

/** Values of parameters as they are recorded; longer ones are none of ours. */
const recordedCharactersMax = 256
const recordedParameters = ['region', 'size', 'from', 'to', 'eventId', 'record'] as const

/**
 * `GET /api/v1/checkpoint`, `/api/v1/checkpoint/key`, `/api/v1/consistency` and `/api/v1/proof`: what is vouched for of the log of
 * the caller's account and a Region, as text in the formats of C2SP. For administrators and auditors; each call is an event.
 */
export const checkpointRoutes = (options: CheckpointRoutesOptions): Route[] => [
  route('/api/v1/checkpoint', 'GetCheckpoint', askCheckpoint, options),
  route('/api/v1/checkpoint/key', 'GetCheckpointKey', askKey, options),
  route('/api/v1/consistency', 'GetConsistencyProof', askConsistency, options),
  route('/api/v1/proof', 'GetInclusionProof', askProof, options),
]

function route(path: string, eventName: string, ask: Ask, options: CheckpointRoutesOptions): Route {
  const call: CallName = { eventSource: 'cloudtrail.amazonaws.com', eventName, readOnly: true, category: 'Management' }
  return {
    method: 'GET',
    path,
    async handle(exchange) {
      const caller = await authenticateCaller(exchange, call, options)
      const text = await answer(exchange, caller, call, ask, options)
      exchange.respond({ status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: text })
    },
  }
}

/** The answer, once the call that asked for it is durable. */
async function answer(
  exchange: Exchange,
  caller: Caller,
  call: CallName,
  ask: Ask,
  options: CheckpointRoutesOptions,
): Promise<string> {
  const parameters = new URLSearchParams(exchange.query)
  const query: Query = { ...caller, regions: options.regions, parameters }
  let text: string
  try {
    authorise(caller, call)
    text = await ask(query, options)
  } catch (error) {
    const failure = translate(error, exchange, call, options)
    await recordCall(exchange, caller, call, parameters, options, failure)
    throw failure
  }
  await recordCall(exchange, caller, call, parameters, options)
  return text
}

function authorise({ principal }: Caller, { eventName }: CallName): void {
  if (principal.role === 'administrator' || principal.role === 'auditor') return
  const action = `cloudtrail:${eventName}`
  throw new ApiError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    { status: 403 },
  )
}

/** What the caller can act on in its words; what is our mistake is told to the log. */
function translate(error: unknown, exchange: Exchange, { eventName }: CallName, { onFault }: CheckpointRoutesOptions) {
  if (error instanceof ApiError) return error
  if (error instanceof CipherError)
    return new ApiError('EventErasedException', 'The record is erased: its key was destroyed.', { status: 410 })
  if (error instanceof LeavesLostError)
    return new ApiError('ProofUnavailableException', `This cannot be proved any more: ${error.message}.`, {
      status: 410,
    })
  const isTemporary =
    error instanceof PostingsUnavailableError ||
    error instanceof JournalUnavailableError ||
    error instanceof ControlUnavailableError
  if (!isTemporary) onFault(error, `${eventName} ${exchange.requestId}`)
  return isTemporary
    ? new ApiError('ServiceUnavailable', 'This cannot be answered at the moment; try again.', {
        cause: error,
        status: 503,
      })
    : new ApiError('InternalFailure', internalFailureText, { cause: error, status: 500 })
}

/** @throws {ApiError} ServiceUnavailable: what could not be recorded is not answered. */
async function recordCall(
  exchange: Exchange,
  caller: Caller,
  call: CallName,
  parameters: URLSearchParams,
  { trail, onFault }: CheckpointRoutesOptions,
  failure?: ApiError,
): Promise<void> {
  const denied = failure?.code === 'AccessDeniedException'
  const asked = recordedParameters.flatMap((name) => {
    const value = parameters.get(name)
    return value === null ? [] : [[name, value.slice(0, recordedCharactersMax)] as const]
  })
  try {
    await trail.record({
      ...describeCall(exchange, call, { kind: 'user', principal: caller.principal }, caller.region),
      // A denied call is recorded without its parameters and under IAM's shorter name of the error, as CloudTrail does it.
      ...(!denied && { requestParameters: Object.fromEntries(asked) }),
      ...(failure && { errorCode: denied ? 'AccessDenied' : failure.code, errorMessage: failure.message }),
    })
  } catch (cause) {
    onFault(cause, `record of ${call.eventName}`)
    throw new ApiError('ServiceUnavailable', 'The call could not be recorded. Try again.', { status: 503, cause })
  }
}
