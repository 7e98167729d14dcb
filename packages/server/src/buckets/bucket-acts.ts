import type { AccountId, Region } from '@opentrail/core/event'
import type { AdministrationCaller } from '../accounts/index.ts'
import { ApiError } from '../operations/index.ts'
import { createMutex } from '../process/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { BucketError } from './bucket-store.ts'

/** One administrative act on a bucket, in the words of S3's event about it. */
export interface BucketAct {
  readonly eventName: string
  readonly bucket?: string
  /** Beside `bucketName`; under the names that S3's events have. */
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface BucketActsOptions {
  readonly trail: SelfTrail
  /** Where acts on no bucket in particular are recorded, and the Region of all of them. */
  readonly home: { readonly account: AccountId; readonly region: Region }
}

/** What an act is allowed to do once its event is durable. */
export interface Decided<Result> {
  /** Whose bucket it is; the event goes to this account. */
  readonly owner: AccountId
  readonly change: () => Promise<Result>
}

export interface BucketActs {
  /**
   * One act after the other: `decide` refuses what cannot be, then the event is made durable, then the change is made. A
   * change without its event there is not, whatever crashes; one that fails after its event has a second event that says so.
   * @throws {ApiError}
   */
  perform<Result>(act: BucketAct, caller: AdministrationCaller, decide: () => Promise<Decided<Result>>): Promise<Result>
}

export function createBucketActs({ trail, home }: BucketActsOptions): BucketActs {
  const inTurn = createMutex()
  const record = (act: BucketAct, caller: AdministrationCaller, account: AccountId, error?: ApiError) =>
    trail.record(describe(act, caller, account, home.region, error))

  async function run<Result>(act: BucketAct, caller: AdministrationCaller, decide: () => Promise<Decided<Result>>) {
    const decided = await decide().catch(async (error: unknown) => {
      const refusal = asApiError(error)
      if (refusal) await record(act, caller, home.account, refusal)
      throw refusal ?? error
    })
    await record(act, caller, decided.owner)
    try {
      return await decided.change()
    } catch (error) {
      const failure =
        asApiError(error) ?? new ApiError('InternalError', 'The bucket store failed.', { status: 500, cause: error })
      await record(act, caller, decided.owner, failure)
      throw failure
    }
  }
  return { perform: (act, caller, decide) => inTurn(() => run(act, caller, decide)) }
}

function describe(
  { eventName, bucket, parameters }: BucketAct,
  { requestId, sourceIPAddress, userAgent, tls }: AdministrationCaller,
  account: AccountId,
  region: Region,
  error: ApiError | undefined,
): ApiCall {
  const isOfBucket = bucket !== undefined && error?.code !== 'NoSuchBucket' && eventName !== 'CreateBucket'
  return {
    // The machine's owner: nobody else can open the control socket.
    identity: { kind: 'machine-owner', account },
    region,
    eventSource: 's3.amazonaws.com',
    eventName,
    readOnly: /^(?:Get|List)/.test(eventName),
    requestId,
    sourceIPAddress,
    userAgent,
    ...(tls && { tls }),
    requestParameters: { ...(bucket !== undefined && { bucketName: bucket }), ...parameters },
    keepsParameterNames: true,
    ...(isOfBucket && {
      resources: [{ accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` }],
    }),
    ...(error && { errorCode: error.code, errorMessage: error.message }),
  }
}

const statusOf: Readonly<Record<string, number>> = {
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  NoSuchBucket: 404,
  ServiceUnavailable: 503,
  SlowDown: 503,
}

/** Undefined: a bug or a broken disk, about which the caller learns nothing but that. */
function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof BucketError) || error.code === 'InternalError') return undefined
  return new ApiError(error.code, error.message, { status: statusOf[error.code] ?? 400, cause: error })
}
