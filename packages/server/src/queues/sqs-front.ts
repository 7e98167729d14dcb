import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import { headerValues, type WireRequest } from '../auth/index.ts'
import {
  authenticateCall,
  describeCall,
  internalFailureText,
  signedService,
  type Answer,
  type Exchange,
  type Route,
  type SignedCallOptions,
  type SignedCallRules,
} from '../http/index.ts'
import { ApiError } from '../operations/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import type { Change } from '../trails/index.ts'
import { authorise } from './authorise.ts'
import { callName, recordedInput, recordedOutput, recordedQueue } from './call-record.ts'
import { missingParameter, noSuchQueue, unavailable } from './queue-error.ts'
import type { Queue, QueueName } from './queue.ts'
import { readQueueUrl } from './sqs-input.ts'
import type { SqsCall, SqsInput, SqsOperation, SqsOutput, SqsParts } from './sqs-operation.ts'
import { protocolOf, targetPrefix, type SqsProtocol } from './sqs-protocol.ts'

export interface SqsFrontOptions extends SignedCallOptions {
  readonly selfTrail: SelfTrail
  onFault(error: unknown, where: string): void
}

/** A batch of 256 KiB whose every byte is escaped, and then some. */
const bodyBytesMax = 2 * 1_048_576

/** SQS's protocols in front of the built-in queues: a route for what is signed for the service `sqs`, whatever its path. */
export const createSqsFront = (parts: SqsParts, options: SqsFrontOptions): Route => ({
  method: '*',
  path: 'sqs',
  bodyBytesMax,
  claims: claimsRequest,
  handle: (exchange) => handle(exchange, parts, options),
})

/** What is not signed at all is ours only if it says so: it gets its refusal in SQS's own form. */
function claimsRequest(request: WireRequest): boolean {
  const service = signedService(request)
  if (service !== undefined) return service === 'sqs'
  return headerValues(request.rawHeaders, 'x-amz-target')[0]?.startsWith(targetPrefix) === true
}

async function handle(exchange: Exchange, parts: SqsParts, options: SqsFrontOptions): Promise<void> {
  const protocol = protocolOf(exchange)
  let answer: Answer
  try {
    answer = await performCall(exchange, protocol, parts, options)
  } catch (error) {
    answer = protocol.error(exchange, asApiError(error, 'sqs', options))
  }
  exchange.respond(answer)
}

/** Authenticate, read, authorise, act, record, and only then answer. @throws {ApiError} */
async function performCall(
  exchange: Exchange,
  protocol: SqsProtocol,
  parts: SqsParts,
  options: SqsFrontOptions,
): Promise<Answer> {
  const body = await exchange.readBody(bodyBytesMax)
  const { operation, readInput } = protocol.readCall(exchange, body)
  const name = callName(operation)
  const { principal, region } = await authenticateCall(exchange, name, signedRules, options, body)
  const call = describeCall(exchange, name, { kind: 'user', principal }, region)
  const outcome = await attempt({ exchange, operation, readInput, principal, region, call }, parts, options)
  if (!outcome.isCommitted) await record({ ...call, ...recordedOutcome(operation, outcome) }, options)
  if ('error' in outcome) throw outcome.error
  return protocol.answer(exchange, operation, outcome.output)
}

/** Whoever can change the target can turn one signed call into another. */
const signedRules: SignedCallRules = { service: 'sqs', mustBeSigned: ['x-amz-target'], presigned: true }

interface Attempt {
  readonly exchange: Exchange
  readonly operation: SqsOperation
  readInput(): SqsInput
  readonly principal: Principal
  readonly region: Region
  /** What the request's head tells of the call's record. */
  readonly call: ApiCall
}

type Outcome = {
  readonly input?: SqsInput
  readonly queue?: Queue
  /** A change was recorded together with itself. */
  readonly isCommitted: boolean
} & ({ readonly output: SqsOutput } | { readonly error: ApiError })

async function attempt(made: Attempt, parts: SqsParts, options: SqsFrontOptions): Promise<Outcome> {
  const { exchange, operation, principal, region } = made
  let input: SqsInput | undefined
  let queue: Queue | undefined
  let isCommitted = false
  const known = () => ({ ...(input && { input }), ...(queue && { queue }), isCommitted })
  try {
    const sent = (input = made.readInput())
    const base = { input: sent, caller: principal, region }
    queue = operation.about === 'queue' ? await findQueue(operation, base, parts) : undefined
    authorise(operation, principal, queue, exchange)
    const commit = async (change: Change) => {
      const recorded = { ...recordedInput(sent), ...recordedOutput(change.output), ...recordedQueue(queue) }
      await commitChange(change, { ...made.call, ...recorded }, options)
      isCommitted = true
    }
    const call: SqsCall = { ...parts, ...base, signal: exchange.signal, urlOf: urlsOf(exchange), commit }
    const output = await (operation.about === 'queue' ? operation.handle(call, queue!) : operation.handle(call))
    return { ...known(), output }
  } catch (error) {
    return { ...known(), error: asApiError(error, operation.name, options) }
  }
}

async function findQueue(
  operation: SqsOperation & { readonly about: 'queue' },
  call: Pick<SqsCall, 'input' | 'caller' | 'region'>,
  { directory }: SqsParts,
): Promise<Queue> {
  const name = operation.queueNameOf ? operation.queueNameOf(call) : queueNameOf(call)
  const queue = await directory.find(name)
  if (!queue) throw noSuchQueue()
  return queue
}

function queueNameOf({ input, region }: Pick<SqsCall, 'input' | 'region'>): QueueName {
  const { QueueUrl: url } = input
  if (typeof url !== 'string' || url === '') throw missingParameter('QueueUrl')
  return readQueueUrl(url, region)
}

const hostForm = /^[\w.-]{1,253}(?::\d{1,5})?$|^\[[\da-fA-F:.]{2,45}\](?::\d{1,5})?$/

/** URLs at the host that the client knows us by. */
function urlsOf(exchange: Exchange): (name: QueueName) => string {
  const host = exchange.header('host') ?? ''
  const origin = `${exchange.tls ? 'https' : 'http'}://${hostForm.test(host) ? host : 'localhost'}`
  return ({ account, name }) => `${origin}/${account}/${name}`
}

/** Where the journal takes no event there is no change either. @throws {ApiError} ServiceUnavailable */
async function commitChange({ writes, committed }: Change, call: ApiCall, options: SqsFrontOptions): Promise<void> {
  try {
    await options.selfTrail.commit(writes, call, committed && { committed })
  } catch (cause) {
    options.onFault(cause, `change by ${call.eventName}`)
    throw unavailable('The change could not be made durable. Try again.', cause)
  }
}

async function record(call: ApiCall, options: SqsFrontOptions): Promise<void> {
  try {
    await options.selfTrail.record(call)
  } catch (cause) {
    options.onFault(cause, `record of ${call.eventName}`)
    throw unavailable('The call could not be recorded. Try again.', cause)
  }
}

/** A denied call is recorded without its parameters, as CloudTrail does it. */
function recordedOutcome(operation: SqsOperation, outcome: Outcome): Partial<ApiCall> {
  const { input, queue } = outcome
  if ('output' in outcome)
    return {
      ...(input && recordedInput(input)),
      ...(!operation.readOnly && recordedOutput(outcome.output)),
      ...recordedQueue(queue),
    }
  const { code, message } = outcome.error
  const isDenied = code === 'AccessDenied'
  return {
    ...(input && !isDenied && recordedInput(input)),
    ...recordedQueue(queue),
    errorCode: code,
    errorMessage: message,
  }
}

function asApiError(error: unknown, where: string, options: SqsFrontOptions): ApiError {
  if (error instanceof ApiError) return error
  options.onFault(error, where)
  return new ApiError('InternalFailure', internalFailureText, { status: 500, cause: error })
}
