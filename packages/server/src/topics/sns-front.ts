import type { Region } from '@opentrail/core/event'
import { ApiError } from '../api-error/index.ts'
import {
  authenticateCall,
  describeCall,
  internalFailureText,
  parseQueryParameters,
  queryAnswer,
  queryErrorAnswer,
  queryErrorCode,
  queryMember,
  signedService,
  type Answer,
  type CallName,
  type Exchange,
  type QueryNode,
  type SharedPathService,
  type SignedCallOptions,
  type SignedCallRules,
} from '../http/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { publishOperations } from './publish-operations.ts'
import { resultXml, type SnsCall, type SnsOperation, type SnsOutput, type SnsParts } from './sns-call.ts'
import { excerpt, SnsError } from './sns-error.ts'
import { calledResources, requestParameters } from './sns-record.ts'
import { subscriptionOperations } from './subscription-operations.ts'
import type { RequestConditions } from './topic-access.ts'
import { topicOperations } from './topic-operations.ts'
import { tagOperations } from './topic-tags.ts'

export interface SnsFrontOptions extends SignedCallOptions {
  readonly selfTrail: SelfTrail
  onFault(error: unknown, where: string): void
}

/** A batch of the largest messages, each byte of which may be three in a form. */
export const snsBodyBytesMax = 1_048_576

export const snsProtocol = { namespace: 'http://sns.amazonaws.com/doc/2010-03-31/' }
export const snsEventSource = 'sns.amazonaws.com'

const operations = new Map<string, SnsOperation>(
  [...topicOperations, ...subscriptionOperations, ...publishOperations, ...tagOperations].map((each) => [
    each.name,
    each,
  ]),
)
/** What this version does of SNS. */
export const snsOperationNames: readonly string[] = [...operations.keys()].sort()

/** SNS's protocol at `/`: every request that is signed for the service `sns`. */
export function createSnsService(parts: SnsParts, options: SnsFrontOptions): SharedPathService {
  return {
    claims: ({ wire }) => signedService(wire) === 'sns',
    async handle(exchange) {
      exchange.respond(await answer(exchange, parts, options))
    },
  }
}

async function answer(exchange: Exchange, parts: SnsParts, options: SnsFrontOptions): Promise<Answer> {
  try {
    const body = await exchange.readBody(snsBodyBytesMax)
    const input = readInput(exchange, body)
    const operation = findOperation('fault' in input ? undefined : queryMember.string(input, 'Action'))
    const output = await perform(exchange, body, input, operation, parts, options)
    const result = output && resultXml(output)
    return queryAnswer(snsProtocol, operation.name, exchange.requestId, result)
  } catch (error) {
    return errorAnswer(exchange, error, options)
  }
}

/** Where the parameters cannot be read, the call is refused only once it is known who makes it. */
type Input = QueryNode | { readonly fault: ApiError }

function readInput(exchange: Exchange, body: Uint8Array): Input {
  try {
    return parseQueryParameters(body, exchange.query)
  } catch (error) {
    if (error instanceof ApiError) return { fault: error }
    throw error
  }
}

const unreadable: SnsOperation = {
  name: 'Unknown',
  readOnly: true,
  category: 'Management',
  handle: () => Promise.reject(new SnsError('InvalidAction', 'The request names no action.')),
}

function findOperation(name: string | undefined): SnsOperation {
  if (name === undefined) return unreadable
  const operation = operations.get(name)
  if (operation) return operation
  throw new SnsError(
    'InvalidAction',
    `The action ${excerpt(name)} is not valid, or not built in this version of OpenTrail.`,
  )
}

const signedRules: SignedCallRules = { service: 'sns', presigned: true }

async function perform(
  exchange: Exchange,
  body: Uint8Array,
  input: Input,
  operation: SnsOperation,
  parts: SnsParts,
  options: SnsFrontOptions,
): Promise<SnsOutput | undefined> {
  const name = callName(operation)
  const { principal, region } = await authenticateCall(exchange, name, signedRules, options, body)
  if ('fault' in input) throw input.fault
  const call: ApiCall = {
    ...describeCall(exchange, name, { kind: 'user', principal }, region),
    ...calledResources(input, parts.directory),
  }
  const parameters = { requestParameters: requestParameters(input) }
  let isCommitted = false
  const snsCall: SnsCall = {
    input,
    principal,
    region,
    conditions: requestConditions(exchange, region, parts),
    commit: (output) => async (writes) => {
      await options.selfTrail.commit(writes, { ...call, ...parameters, ...responseElements(output) })
      isCommitted = true
    },
  }
  const outcome = await attempt(operation, snsCall, parts, options)
  if (!isCommitted) await record({ ...call, ...parameters, ...recordedOutcome(operation, outcome) }, options)
  if ('error' in outcome) throw outcome.error
  return outcome.output
}

type Outcome = { readonly output: SnsOutput | undefined } | { readonly error: ApiError }

async function attempt(
  operation: SnsOperation,
  call: SnsCall,
  parts: SnsParts,
  options: SnsFrontOptions,
): Promise<Outcome> {
  try {
    return { output: await operation.handle(call, parts) }
  } catch (error) {
    if (error instanceof ApiError) return { error }
    options.onFault(error, operation.name)
    // What the store or the journal did not take may be taken the next time.
    return {
      error: new SnsError('ServiceUnavailable', 'The call could not be completed. Try again.', { cause: error }),
    }
  }
}

async function record(call: ApiCall, options: SnsFrontOptions): Promise<void> {
  try {
    await options.selfTrail.record(call)
  } catch (cause) {
    options.onFault(cause, `record of ${call.eventName}`)
    throw new SnsError('ServiceUnavailable', 'The call could not be recorded. Try again.', { cause })
  }
}

const responseElements = (output: SnsOutput | undefined): Partial<ApiCall> =>
  output && Object.keys(output).length > 0 ? { responseElements: output } : {}

/** A denied call is recorded without its parameters, as CloudTrail does it. */
function recordedOutcome({ readOnly }: SnsOperation, outcome: Outcome): Partial<ApiCall> {
  if ('output' in outcome) return readOnly ? {} : responseElements(outcome.output)
  const { code, message } = outcome.error
  return {
    errorCode: code,
    errorMessage: message,
    ...(code === 'AuthorizationError' && { requestParameters: undefined }),
  }
}

export const callName = ({ name, readOnly, category }: SnsOperation): CallName => ({
  eventSource: snsEventSource,
  eventName: name,
  readOnly,
  category,
})

/** Of a policy's condition keys as many as a request tells. */
function requestConditions(exchange: Exchange, region: Region, { now }: Pick<SnsParts, 'now'>): RequestConditions {
  const time = now()
  return {
    'aws:SourceIp': exchange.sourceIPAddress,
    'aws:SecureTransport': String(exchange.tls !== undefined),
    'aws:UserAgent': exchange.userAgent.slice(0, userAgentCharsMax),
    'aws:RequestedRegion': region,
    'aws:CurrentTime': new Date(time).toISOString(),
    'aws:EpochTime': String(Math.floor(time / 1_000)),
  }
}
const userAgentCharsMax = 512

export function errorAnswer(exchange: Exchange, error: unknown, options: Pick<SnsFrontOptions, 'onFault'>): Answer {
  if (error instanceof ApiError) {
    const { message, status } = error
    return queryErrorAnswer(snsProtocol, { code: queryErrorCode(error), message, status }, exchange.requestId)
  }
  options.onFault(error, 'SNS')
  return queryErrorAnswer(
    snsProtocol,
    { code: 'InternalError', message: internalFailureText, status: 500 },
    exchange.requestId,
  )
}
