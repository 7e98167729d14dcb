import { hash } from 'node:crypto'
import type { Region } from '@opentrail/core/event'
import type { PayloadKind, VerifiedPayload } from '../auth/index.ts'
import { uuid, type Random } from '../clock/index.ts'
import {
  authenticateCall,
  describeCall,
  internalFailureText,
  jsonError,
  type Exchange,
  type Route,
  type SignedCallOptions,
  type SignedCallRules,
} from '../http/index.ts'
import type { ApiCall, CallIdentity, SelfTrail } from '../selftrail/index.ts'
import { createBucketPolicies } from './bucket-access.ts'
import { callName, responseElements, s3Fields, signatureForm } from './call-record.ts'
import { claimsRequest, isAnonymous, isOldSignature } from './claims.ts'
import { handlers } from './handlers.ts'
import { openCall, type OpenedCall } from './open-call.ts'
import { createRequestBody } from './request-body.ts'
import type { Caller, S3Answer, S3Handler, S3Stores } from './s3-call.ts'
import { asS3Error, errorDocument, fromAuthenticationError, S3Error } from './s3-error.ts'
import { readS3Request, type S3Request } from './s3-request.ts'
import { sendContent } from './send-content.ts'

export interface S3FrontOptions extends SignedCallOptions {
  readonly stores: S3Stores
  readonly selfTrail: SelfTrail
  readonly random: Random
  /** Domain time, milliseconds since the epoch. */
  readonly now: () => number
  /** Host names whose first labels name a bucket. `localhost` where absent: `http://b.localhost:4580/key`. */
  readonly domains?: readonly string[]
  onFault(error: unknown, where: string): void
}

const defaultDomains = ['localhost']

/** Beside a hash of the body. */
const payloads: readonly PayloadKind[] = [
  'unsigned',
  'signed-chunks',
  'signed-chunks-trailer',
  'unsigned-chunks-trailer',
]

interface Front extends S3FrontOptions {
  readonly policies: ReturnType<typeof createBucketPolicies>
}

/**
 * S3's REST protocol in front of the object store: a route for every request that is signed for the service `s3`, whatever
 * its path, and one for what is not signed at all and has no other route: buckets may be open to everyone.
 */
export function createS3Front(options: S3FrontOptions): readonly Route[] {
  const domains = options.domains ?? defaultDomains
  const front: Front = { ...options, policies: createBucketPolicies() }
  const run = (exchange: Exchange) => handle(exchange, readS3Request(exchange.wire, domains), front)
  return [
    { method: '*', path: 's3', claims: (wire) => claimsRequest(wire), handle: run },
    {
      method: '*',
      path: 's3 anonymous',
      match: 'rest',
      handle(exchange) {
        const request = readS3Request(exchange.wire, domains)
        // What is signed for a service that nobody knows is told so by S3: what has paths of its own was asked before.
        if (request.bucket !== undefined && !request.fault) return handle(exchange, request, front)
        return exchange.respond(jsonError(404, 'NotFoundException', 'There is nothing at this path.'))
      },
    },
  ]
}

async function handle(exchange: Exchange, request: S3Request, front: Front): Promise<void> {
  const hostId = hash('sha256', Buffer.from(front.random.bytes(32)), 'base64')
  let answer: S3Answer
  try {
    answer = await performCall(exchange, request, front, hostId)
  } catch (error) {
    answer = errorAnswer(exchange, told(error, request, front), hostId)
  }
  const headers = { ...answer.headers, 'x-amz-request-id': exchange.requestId, 'x-amz-id-2': hostId }
  if (!answer.content) return exchange.respond({ ...answer, headers })
  try {
    await sendContent(exchange, { ...answer, headers }, answer.content)
  } catch (error) {
    // Once the answer has begun, breaking it off is the only way to say so.
    if (exchange.outgoing.headersSent) throw error
    exchange.respond(errorAnswer(exchange, told(error, request, front), hostId))
  }
}

/** Authenticate, answer, record; what is answered is sent by the caller only after it was recorded. */
async function performCall(exchange: Exchange, request: S3Request, front: Front, hostId: string): Promise<S3Answer> {
  const { caller, region, payload } = await authenticate(exchange, request, front)
  const opened = await openCall({
    exchange,
    request,
    caller,
    region,
    body: (header) => createRequestBody(exchange, payload, header),
    ...front,
    recordFirst: (call) => record(call, { status: 200 }),
  })
  const answer = await attempt(opened, front)
  try {
    // What was recorded before it was done has a second record only if it failed.
    if (!opened.isRecorded || 'error' in answer) await record(opened, answer)
  } catch (error) {
    if (!('error' in answer)) await answer.content?.close()
    throw error
  }
  return 'error' in answer ? errorAnswer(exchange, answer.error, hostId) : answer

  async function record(call: OpenedCall, outcome: S3Answer | Failed): Promise<void> {
    try {
      await recordCall(call, outcome, front, hostId)
    } catch (cause) {
      front.onFault(cause, `record of ${request.operation.name}`)
      throw new S3Error('ServiceUnavailable', 503, 'The call could not be recorded. Try again.', { cause })
    }
  }
}

interface Failed {
  readonly error: S3Error
}

/** A store that cannot be asked is an outcome of the call, to be recorded like any other. */
async function attempt(opened: OpenedCall, front: Front): Promise<S3Answer | Failed> {
  const { request, call } = opened
  try {
    if (request.fault) throw request.fault
    await opened.admit()
    return await handlerOf(request)(call)
  } catch (error) {
    return { error: told(error, request, front) }
  }
}

function handlerOf({ operation: { name } }: S3Request): S3Handler {
  const handler = handlers.get(name)
  if (handler) return handler
  if (name.startsWith('REST.'))
    throw new S3Error('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.')
  throw new S3Error('NotImplemented', 501, `${name} is not built in this version of OpenTrail.`)
}

async function authenticate(
  exchange: Exchange,
  request: S3Request,
  front: Front,
): Promise<{ readonly caller: Caller; readonly region: Region; readonly payload: VerifiedPayload }> {
  if (isAnonymous(exchange.wire))
    return { caller: { kind: 'anonymous' }, region: front.home.region, payload: anonymousPayload(exchange) }
  const rules: SignedCallRules = {
    service: 's3',
    pathStyle: 'verbatim',
    presigned: true,
    payloads,
    // As S3: whoever is in between must not be able to say anything that the signer did not.
    mustBeSigned: Object.keys(exchange.incoming.headers).filter((name) => name.startsWith('x-amz-')),
    refusalOf: (error) =>
      fromAuthenticationError(error, {
        form: signatureForm(exchange),
        isOld: isOldSignature(exchange.wire),
        regions: front.regions,
        homeRegion: front.home.region,
      }),
  }
  const { principal, region, payload } = await authenticateCall(exchange, callName(request.operation), rules, front)
  return { caller: { kind: 'user', principal }, region, payload }
}

/** Who signs nothing may send chunks with a checksum behind them all the same. */
function anonymousPayload(exchange: Exchange): VerifiedPayload {
  if (exchange.header('x-amz-content-sha256') !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { kind: 'unsigned' }
  const seed = { signed: false, trailer: true, signingKey: Buffer.alloc(0), amzDate: '', scope: '', signature: '' }
  return { kind: 'chunked', seed }
}

/** In the caller's account and, where the bucket is another one's and the call was let through, in the owner's. */
async function recordCall(opened: OpenedCall, outcome: S3Answer | Failed, front: Front, hostId: string): Promise<void> {
  const { exchange, request, caller, region, owner } = opened
  // Nobody asks for nothing: there is no account to record it in.
  if (caller.kind === 'anonymous' && owner === undefined) return
  const identity: CallIdentity =
    caller.kind === 'user' ? { kind: 'user', principal: caller.principal } : { kind: 'anonymous', account: owner! }
  const call: ApiCall = {
    ...describeCall(exchange, callName(request.operation), identity, region),
    ...s3Fields(exchange, request, {
      owner,
      hostId,
      bytesIn: opened.bytesIn,
      bytesOut: bytesOut(exchange, outcome),
      noted: opened.noted,
      responseElements: 'error' in outcome ? undefined : responseElements(request.operation, outcome.headers),
    }),
    ...('error' in outcome && { errorCode: outcome.error.code, errorMessage: outcome.error.message }),
  }
  // Strangers must not be able to fill the journal.
  if (caller.kind === 'anonymous' && !opened.isAdmitted) return front.refusals.record(call)
  const isForeign =
    caller.kind === 'user' && opened.isAdmitted && owner !== undefined && owner !== caller.principal.account
  if (!isForeign) return front.selfTrail.record(call)
  const shared = { ...call, sharedEventId: uuid(front.random) }
  await front.selfTrail.record(shared)
  await front.selfTrail.record({ ...shared, recipient: owner })
}

function bytesOut(exchange: Exchange, outcome: S3Answer | Failed): number {
  if ('error' in outcome || exchange.wire.method === 'HEAD') return 0
  return outcome.content?.size ?? Buffer.byteLength(outcome.body ?? '')
}

/** Every failure in S3's words; one that is a bug of ours is told to the log alone. */
function told(error: unknown, { bucket, key, operation }: S3Request, front: Front): S3Error {
  const about = { ...(bucket !== undefined && { bucket }), ...(key !== undefined && { key }) }
  const known = asS3Error(error, about)
  if (known) return known
  front.onFault(error, operation.name)
  return new S3Error('InternalError', 500, internalFailureText, { cause: error })
}

/** An answer to HEAD has no body, so there the status has to say it all. */
function errorAnswer(exchange: Exchange, error: S3Error, hostId: string): S3Answer {
  const about = { resource: exchange.path, requestId: exchange.requestId, hostId }
  const headers = { ...error.headers, 'Content-Type': 'application/xml' }
  const isHead = exchange.wire.method === 'HEAD'
  return { status: error.status, headers, ...(!isHead && { body: errorDocument(error, about) }) }
}
