import type { AccountId, Region } from '@opentrail/core/event'
import type { PolicyRequest } from '@opentrail/core/policy'
import type { Principal } from '../../accounts/index.ts'
import { uuid } from '../../clock/index.ts'
import {
  authenticateCall,
  describeCall,
  internalFailureText,
  parseJsonObject,
  type Answer,
  type CallName,
  type Exchange,
  type SharedPathService,
  type SignedCallOptions,
  type SignedCallRules,
} from '../../http/index.ts'
import { ApiError } from '../../operations/index.ts'
import type { ApiCall, SelfTrail } from '../../selftrail/index.ts'
import type { Change } from '../../trails/index.ts'
import { keyArn } from '../key-documents.ts'
import { KeyServiceError } from '../key-service.ts'
import type { BuiltInKeys } from '../key-use.ts'
import { recordedAnswer, recordedParameters } from './call-record.ts'
import { isForKms } from './claims.ts'
import { findKmsOperation, type KmsOperation } from './handlers.ts'
import type { KmsInput } from './input.ts'
import type { KmsCall } from './kms-call.ts'
import { contentType, failureAnswer, internalFailure, kmsFailure, type KmsFailure } from './kms-error.ts'

export interface KmsFrontOptions extends SignedCallOptions {
  readonly keys: BuiltInKeys
  readonly selfTrail: SelfTrail
  onFault(error: unknown, where: string): void
}

/** A policy has 128 K characters at most, each of which may be escaped. */
const bodyBytesMax = 1_048_576
const targetPrefix = 'TrentService.'
const eventSource = 'kms.amazonaws.com'

/** KMS's protocol, AWS JSON 1.1, in front of the built-in keys: shares `/` with the other services. */
export function createKmsFront(options: KmsFrontOptions): SharedPathService {
  return {
    claims: ({ wire }) => isForKms(wire),
    async handle(exchange) {
      let answer: Answer
      try {
        answer = await performCall(exchange, options)
      } catch (error) {
        answer = failureAnswer(asFailure(error, 'KMS', options))
      }
      exchange.respond(answer)
    },
  }
}

/** Authenticate, parse, authorise, handle, record, and only then answer. @throws what `asFailure` puts into words */
async function performCall(exchange: Exchange, options: KmsFrontOptions): Promise<Answer> {
  const operation = operationOf(exchange)
  const name = callName(operation)
  const body = await exchange.readBody(bodyBytesMax)
  const { principal, region } = await authenticateCall(exchange, name, signedRules, options, body)
  const call = describeCall(exchange, name, { kind: 'user', principal }, region)
  const outcome = await attempt(exchange, operation, body, options, principal, { ...call, keepsParameterNames: true })
  await record(outcome, operation, options)
  return outcome.answer
}

function operationOf(exchange: Exchange): KmsOperation {
  const target = exchange.header('x-amz-target') ?? ''
  const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : ''
  const operation = findKmsOperation(name)
  if (!operation) throw new ApiError('UnknownOperationException', 'The target is not an operation of KMS.')
  return operation
}

const callName = ({ name, readOnly }: KmsOperation): CallName => ({
  eventSource,
  eventName: name,
  readOnly,
  category: 'Management',
})

/** Whoever can change the target can turn a signed Encrypt into a ScheduleKeyDeletion. */
const signedRules: SignedCallRules = { service: 'kms', mustBeSigned: ['x-amz-target'] }

interface Outcome {
  readonly answer: Answer
  /** As it is to be recorded; absent of a change, which was recorded together with itself. */
  readonly call?: ApiCall
  /** Other accounts whose keys the call was allowed to use. */
  readonly owners: ReadonlySet<AccountId>
}

async function attempt(
  exchange: Exchange,
  operation: KmsOperation,
  body: Buffer,
  options: KmsFrontOptions,
  principal: Principal,
  bare: ApiCall,
): Promise<Outcome> {
  const resources = new Map<string, NonNullable<ApiCall['resources']>[number]>()
  let parameters: Partial<ApiCall> = {}
  let isCommitted = false
  const owners = new Set<AccountId>()
  const described = (): ApiCall => ({
    ...bare,
    ...parameters,
    ...(resources.size > 0 && { resources: [...resources.values()] }),
  })
  try {
    const input = readInput(exchange, body)
    parameters = recordedParameters(operation.name, input)
    const kmsCall: KmsCall = {
      input,
      principal,
      region: bare.region,
      keys: options.keys,
      conditions: conditionsOf(exchange, principal, bare.region, options),
      touch: (key) => resources.set(key.id, { ARN: keyArn(key), accountId: key.account, type: 'AWS::KMS::Key' }),
      crossed: (key) => void owners.add(key.account),
      async commit(change) {
        await commitChange(change, { ...described(), ...recordedAnswer(change.output) }, options)
        isCommitted = true
      },
    }
    const output = await operation.handle(kmsCall)
    const answer: Answer = {
      status: 200,
      headers: { 'Content-Type': contentType },
      ...(output && { body: JSON.stringify(output) }),
    }
    return { answer, owners, ...(!isCommitted && { call: described() }) }
  } catch (error) {
    const failure = asFailure(error, operation.name, options)
    // A denied call is recorded without its parameters, as CloudTrail does it.
    if (failure.code === 'AccessDeniedException') parameters = {}
    return { answer: failureAnswer(failure), owners, call: { ...described(), ...recordedFailure(failure) } }
  }
}

const jsonTypes = new Set(['application/x-amz-json-1.1', 'application/x-amz-json-1.0'])

function readInput(exchange: Exchange, body: Buffer): KmsInput {
  const type = exchange.header('content-type')?.split(';', 1)[0]!.trim().toLowerCase()
  if (type !== undefined && !jsonTypes.has(type))
    throw new ApiError('SerializationException', 'The content type must be application/x-amz-json-1.1.')
  return parseJsonObject(body)
}

/** Global condition keys. Times are those of the domain, as everything that policies are about. */
function conditionsOf(
  exchange: Exchange,
  { account, arn, userId, userName }: Principal,
  region: Region,
  { keys }: KmsFrontOptions,
): PolicyRequest['context'] {
  const now = keys.now()
  return {
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1_000)),
    'aws:PrincipalAccount': account,
    'aws:PrincipalArn': arn,
    'aws:PrincipalIsAWSService': 'false',
    'aws:PrincipalType': 'User',
    'aws:RequestedRegion': region,
    'aws:SecureTransport': String(exchange.tls !== undefined),
    'aws:SourceIp': exchange.sourceIPAddress,
    'aws:UserAgent': exchange.userAgent.slice(0, userAgentCharsMax),
    'aws:userid': userId,
    'aws:username': userName,
    'kms:CallerAccount': account,
  }
}

/** The evaluator takes 16 K characters of a request in all, half of which an encryption context may need. */
const userAgentCharsMax = 1_024

/** Where the journal takes no event there is no change either. @throws {KeyServiceError} KMSInternalException */
async function commitChange({ writes, committed }: Change, call: ApiCall, options: KmsFrontOptions): Promise<void> {
  try {
    await options.selfTrail.commit(writes, call, committed ? { committed } : {})
  } catch (cause) {
    throw new KeyServiceError('KMSInternalException', 'The change could not be made durable. Try again.', { cause })
  }
}

/** A call that could not be recorded is answered with a failure, whatever came out of it. @throws {KeyServiceError} */
async function record(
  { call, owners }: Outcome,
  { name }: KmsOperation,
  { selfTrail, keys }: KmsFrontOptions,
): Promise<void> {
  if (!call) return
  try {
    const sharedEventId = owners.size > 0 ? uuid(keys.random) : undefined
    const shared = { ...call, ...(sharedEventId !== undefined && { sharedEventId }) }
    await selfTrail.record(shared)
    for (const recipient of owners) await selfTrail.record({ ...shared, recipient })
  } catch (cause) {
    throw new KeyServiceError('KMSInternalException', `The call ${name} could not be recorded. Try again.`, { cause })
  }
}

/** Under IAM's shorter name where access was denied, as CloudTrail has it. */
const recordedFailure = ({ code, message }: KmsFailure): Partial<ApiCall> => ({
  errorCode: code === 'AccessDeniedException' ? 'AccessDenied' : code,
  ...(message !== '' && { errorMessage: message }),
})

/** Failures of ours are told to the log; the caller gets no more than that there was one. */
function asFailure(error: unknown, where: string, options: KmsFrontOptions): KmsFailure {
  const failure = kmsFailure(error)
  if (failure && (error instanceof ApiError || failure.status < 500)) return failure
  options.onFault(error, where)
  return failure ?? internalFailure(internalFailureText)
}
