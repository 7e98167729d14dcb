import { hash } from 'node:crypto'
import type { AccountId, Region } from '@opentrail/core/event'
import { AuthenticationError, type PayloadKind, type SigV4Verifier } from '../auth/index.ts'
import { BucketError, type BucketStore } from '../buckets/index.ts'
import type { Random } from '../clock/index.ts'
import {
  describeCall,
  internalFailureText,
  recordRefusedCall,
  type Answer,
  type Exchange,
  type RefusedCallOptions,
  type Route,
} from '../http/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { authorise, type Asking } from './authorise.ts'
import { callName, s3Fields, signatureForm } from './call-record.ts'
import { claimsRequest, isOldSignature } from './claims.ts'
import { dispatch, type BucketOwners } from './dispatch.ts'
import { createObjectMemory, type ObjectMemory } from './object-memory.ts'
import { errorDocument, fromAuthenticationError, fromBucketError, S3Error } from './s3-error.ts'
import { readS3Request, type S3Request } from './s3-request.ts'

export interface S3FrontOptions extends RefusedCallOptions {
  readonly buckets: BucketStore
  readonly owners: BucketOwners
  readonly verifier: SigV4Verifier
  readonly selfTrail: SelfTrail
  readonly random: Random
  /** Host names whose first labels name a bucket. `localhost` where absent: `http://b.localhost:4580/key`. */
  readonly domains?: readonly string[]
  /** Bytes of objects held in memory by all answers together. */
  readonly objectBytesMax?: number
  onFault(error: unknown, where: string): void
}

/** A log file has at most 50 MB before gzip; room for several at once, of any kind of reader. */
const objectBytesMaxDefault = 256 * 1_048_576
const defaultDomains = ['localhost']

/** What may be said about a body. None of the calls that are built has one, so what it says is not looked at. */
const payloads: readonly PayloadKind[] = [
  'unsigned',
  'signed-chunks',
  'signed-chunks-trailer',
  'unsigned-chunks-trailer',
]

/**
 * S3's REST protocol in front of a bucket store: what reads is built, everything else is answered NotImplemented. A route
 * for every request that is signed for the service `s3`, whatever its path.
 */
export function createS3Front(options: S3FrontOptions): Route {
  const domains = options.domains ?? defaultDomains
  const memory = createObjectMemory(options.objectBytesMax ?? objectBytesMaxDefault)
  return {
    method: '*',
    path: 's3',
    claims: claimsRequest,
    handle: (exchange) => handle(exchange, readS3Request(exchange.wire, domains), memory, options),
  }
}

async function handle(
  exchange: Exchange,
  request: S3Request,
  memory: ObjectMemory,
  options: S3FrontOptions,
): Promise<void> {
  const hostId = hash('sha256', Buffer.from(options.random.bytes(32)), 'base64')
  let answer: Answer
  try {
    answer = await performCall(exchange, request, memory, options, hostId)
  } catch (error) {
    answer = errorAnswer(exchange, asS3Error(error, request, options), hostId)
  }
  const headers = { ...answer.headers, 'x-amz-request-id': exchange.requestId, 'x-amz-id-2': hostId }
  exchange.respond({ ...answer, headers })
}

/** Authenticate, answer, record; what is answered is sent by the caller only after it was recorded. */
async function performCall(
  exchange: Exchange,
  request: S3Request,
  memory: ObjectMemory,
  options: S3FrontOptions,
  hostId: string,
): Promise<Answer> {
  const { principal, region } = await authenticate(exchange, request, options)
  const asked = await ownerOf(request, options)
  const { owner } = asked
  const outcome =
    asked.error === undefined
      ? await attempt(exchange, request, memory, options, { principal, owner })
      : { error: asked.error }
  const answer = 'error' in outcome ? errorAnswer(exchange, outcome.error, hostId) : outcome
  const bytesOut = exchange.wire.method === 'HEAD' ? 0 : Buffer.byteLength(answer.body ?? '')
  const call = describeCall(exchange, callName(request.operation), { kind: 'user', principal }, region)
  try {
    await options.selfTrail.record({
      ...call,
      ...s3Fields(exchange, request, { owner, hostId, bytesOut }),
      ...('error' in outcome && { errorCode: outcome.error.code, errorMessage: outcome.error.message }),
    })
  } catch (cause) {
    options.onFault(cause, `record of ${request.operation.name}`)
    throw new S3Error('ServiceUnavailable', 503, 'The call could not be recorded. Try again.', { cause })
  }
  return answer
}

async function authenticate(exchange: Exchange, request: S3Request, options: S3FrontOptions) {
  const rules = {
    service: 's3',
    isRegion: (region: string) => options.regions.has(region),
    pathStyle: 'verbatim',
    presigned: true,
    payloads,
  } as const
  try {
    const { principal, region } = options.verifier.verify(exchange.wire, rules)
    return { principal, region: region as Region }
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error
    const refusal = fromAuthenticationError(error, {
      form: signatureForm(exchange),
      isOld: isOldSignature(exchange.wire),
      regions: options.regions,
      homeRegion: options.home.region,
    })
    const recorded = new AuthenticationError(refusal.code, refusal.message, error.claim)
    await recordRefusedCall(exchange, callName(request.operation), recorded, options)
    throw refusal
  }
}

/** A store that cannot be asked is an outcome of the call, to be recorded like any other. */
async function ownerOf(
  request: S3Request,
  options: S3FrontOptions,
): Promise<{ readonly owner: AccountId | undefined; readonly error?: S3Error }> {
  if (request.bucket === undefined) return { owner: undefined }
  try {
    const found = await options.owners.describeBucket(request.bucket)
    return { owner: found?.owner as AccountId | undefined }
  } catch (error) {
    return { owner: undefined, error: asS3Error(error, request, options) }
  }
}

async function attempt(
  exchange: Exchange,
  request: S3Request,
  memory: ObjectMemory,
  options: S3FrontOptions,
  asking: Asking,
): Promise<Answer | { readonly error: S3Error }> {
  try {
    if (request.fault) throw request.fault
    authorise(exchange, request, asking)
    return await dispatch(exchange, request, asking, { ...options, objectBudget: memory.budgetOf(exchange) })
  } catch (error) {
    return { error: asS3Error(error, request, options) }
  }
}

/** Every failure in S3's words; one that is a bug of ours is told to the log alone. */
function asS3Error(error: unknown, { bucket, key, operation }: S3Request, options: S3FrontOptions): S3Error {
  if (error instanceof S3Error) return error
  const about = { ...(bucket !== undefined && { bucket }), ...(key !== undefined && { key }) }
  const known = error instanceof BucketError ? fromBucketError(error, about) : undefined
  if (known) return known
  options.onFault(error, operation.name)
  return new S3Error('InternalError', 500, internalFailureText, { cause: error })
}

/** An answer to HEAD has no body, so there the status has to say it all. */
function errorAnswer(exchange: Exchange, error: S3Error, hostId: string): Answer {
  const about = { resource: exchange.path, requestId: exchange.requestId, hostId }
  const headers = { ...error.headers, 'Content-Type': 'application/xml' }
  const isHead = exchange.wire.method === 'HEAD'
  return { status: error.status, headers, ...(!isHead && { body: errorDocument(error, about) }) }
}
