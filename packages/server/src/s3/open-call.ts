import type { AccountId, Region } from '@opentrail/core/event'
import type { PolicyRequest } from '@opentrail/core/policy'
import { BucketError } from '../buckets/index.ts'
import type { Exchange } from '../http/index.ts'
import { actionOf } from './actions.ts'
import { checkExpectedOwner, contextOf, denied, existingTags, refusal, type AskedBucket } from './authorise.ts'
import type { BucketPolicy } from './bucket-access.ts'
import { signatureForm } from './call-record.ts'
import { isAnonymous } from './claims.ts'
import type { HeaderReader, RequestBody } from './request-body.ts'
import type { Caller, ObjectPlace, S3Call, S3Stores } from './s3-call.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

export interface OpenCallOptions {
  readonly exchange: Exchange
  readonly request: S3Request
  readonly caller: Caller
  readonly region: Region
  body(header: HeaderReader): RequestBody
  readonly stores: S3Stores
  readonly regions: ReadonlySet<string>
  readonly policies: (settings: AskedBucket['settings']) => BucketPolicy | undefined
  readonly now: () => number
  recordFirst(call: OpenedCall): Promise<void>
}

/** A call with what becomes known of it on its way, for its record. */
export interface OpenedCall {
  readonly exchange: Exchange
  readonly request: S3Request
  readonly caller: Caller
  readonly region: Region
  readonly call: S3Call
  /** Whose bucket it is; undefined: there is none. */
  readonly owner: AccountId | undefined
  readonly noted: Readonly<Record<string, unknown>>
  readonly bytesIn: number
  /** Its record was made before its change. */
  readonly isRecorded: boolean
  /** It was let through. */
  readonly isAdmitted: boolean
  /** Lets it through. @throws {S3Error} AccessDenied, NoSuchBucket; BucketError: the store cannot be asked */
  admit(): Promise<void>
}

export async function openCall(options: OpenCallOptions): Promise<OpenedCall> {
  const { exchange, request, caller, region, stores, now } = options
  const { bucket = '', key = '', parameters } = request
  const header = headerReader(exchange, parameters)
  const body = options.body(header)
  const asked = await findBucket(options, bucket).catch((error: unknown) => ({ error }))
  const isOwned = asked && !('error' in asked) && !isOfNoBucket(request)
  const owner = isOwned ? (asked.settings.description.owner as AccountId) : undefined
  const state = { noted: {}, isRecorded: false, isAdmitted: false }

  async function whyNot(action: string, place: Partial<ObjectPlace>): Promise<string | undefined> {
    const whole = { bucket, key, ...place }
    const found = whole.bucket === bucket ? asked : await findBucket(options, whole.bucket)
    const known = found && !('error' in found) && !isOfNoBucket(request) ? found : undefined
    // A source of a copy that is not there is told apart only by who could see it.
    if (!known && whole.bucket !== bucket)
      throw new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist', {
        details: { BucketName: whole.bucket },
      })
    return refusal(caller, { action, place: whole, bucket: known, context: await conditionsOf(known, whole) })
  }

  /** Only a policy has conditions. */
  async function conditionsOf(known: AskedBucket | undefined, place: ObjectPlace): Promise<PolicyRequest['context']> {
    if (!known?.policy) return {}
    const context = contextOf(exchange, caller, {
      header,
      parameter: (name) => parameters.get(name),
      now: now(),
      owner: known.settings.description.owner,
    })
    const tags = place.key === '' ? {} : await existingTags(known.policy, () => stores.objects.marks(place))
    return { ...context, ...tags }
  }

  const opened: OpenedCall = {
    exchange,
    request,
    caller,
    region,
    owner,
    get noted() {
      return state.noted
    },
    get bytesIn() {
      return body.bytesIn
    },
    get isRecorded() {
      return state.isRecorded
    },
    get isAdmitted() {
      return state.isAdmitted
    },
    async admit() {
      if (asked && 'error' in asked) throw asked.error
      checkExpectedOwner(exchange, owner)
      const isAbsent = bucket !== '' && !asked && !isOfNoBucket(request)
      const action = actionOf(request)
      // Who is nobody has no permissions to be asked about.
      if (action !== undefined && !(isAbsent && caller.kind === 'anonymous')) await call.authorise(action)
      if (isAbsent) throw new BucketError('NoSuchBucket', `there is no bucket ${bucket}`)
      state.isAdmitted = true
    },
    get call() {
      return call
    },
  }
  const call: S3Call = {
    ...stores,
    exchange,
    request,
    caller,
    region,
    regions: options.regions,
    bucket,
    key,
    owner: owner ?? ('' as AccountId),
    body,
    header,
    now,
    parameter: (name) => parameters.get(name),
    user: userOf(caller),
    may: async (action, place = {}) => (await whyNot(action, place)) === undefined,
    async authorise(action, place = {}) {
      const reason = await whyNot(action, place)
      if (reason !== undefined) throw denied(caller, action, { bucket, key, ...place }, reason)
    },
    note(parameters) {
      state.noted = { ...state.noted, ...parameters }
    },
    async recordFirst() {
      await options.recordFirst(opened)
      state.isRecorded = true
    },
  }
  return opened
}

/** Whose policy a bucket of that name may have is no matter for who wants to make one. */
const isOfNoBucket = ({ operation: { name } }: S3Request): boolean => name === 'CreateBucket' || name === 'ListBuckets'

async function findBucket({ stores, policies }: OpenCallOptions, bucket: string): Promise<AskedBucket | undefined> {
  if (bucket === '') return undefined
  try {
    const settings = await stores.objects.settings(bucket)
    return { settings, policy: policies(settings) }
  } catch (error) {
    if (error instanceof BucketError && /^(?:NoSuchBucket|InvalidBucketName)$/.test(error.code)) return undefined
    throw error
  }
}

const userOf = (caller: Caller): S3Call['user'] =>
  caller.kind === 'user'
    ? { kind: 'account', account: caller.principal.account, arn: caller.principal.arn }
    : // No key's policy lets this one in: what is encrypted under KMS is not for everyone, as with S3.
      { kind: 'account', account: '000000000000', arn: 'anonymous' }

/** S3 takes its own headers from the query of a presigned request, too. */
function headerReader(exchange: Exchange, parameters: ReadonlyMap<string, string>): HeaderReader {
  if (isAnonymous(exchange.wire) || signatureForm(exchange) === 'header') return exchange.header
  const inQuery = new Map([...parameters].map(([name, value]) => [name.toLowerCase(), value]))
  return (name) => exchange.header(name) ?? (name.startsWith('x-amz-') ? inQuery.get(name) : undefined)
}
