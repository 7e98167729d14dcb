import * as z from 'zod'
import type { AccountId, Region } from '@opentrail/core/event'
import { trailArn, type Trail } from '@opentrail/core/trail'
import type { AdministrationCaller, ControlRoutes } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import { BucketError } from '../buckets/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import type { Backfill, Backfilled } from './backfill.ts'

export interface BackfillRoutesOptions {
  readonly backfill: Pick<Backfill, 'run'>
  /** Every trail of every account. */
  readonly trails: () => readonly Trail[]
  readonly regions: readonly Region[]
  readonly trail: Pick<SelfTrail, 'record'>
  /** Where acts on no trail in particular are recorded. */
  readonly home: { readonly account: AccountId; readonly region: Region }
}

/** Name or ARN, and of the Regions only one. */
const wanted = z.strictObject({ trail: z.string().max(300), region: z.string().max(50).optional() })
type Wanted = z.infer<typeof wanted>

/**
 * Backfill digests on demand, over the control socket: there is no API of AWS's for them. Recorded before anything is made;
 * one that fails has a second event that says so.
 */
export function backfillRoutes(options: BackfillRoutesOptions): ControlRoutes {
  const { backfill, regions } = options
  const record = (caller: AdministrationCaller, input: Wanted, found?: Trail, error?: ApiError): Promise<void> =>
    options.trail.record(describe(caller, input, { ...options.home, ...(found && whereIs(found)) }, error))

  async function run(
    caller: AdministrationCaller,
    input: Wanted,
  ): Promise<{ readonly regions: readonly Backfilled[] }> {
    let found: Trail | undefined
    try {
      found = findTrail(options.trails(), input.trail)
      const chosen = chooseRegions(regions, input.region)
      await record(caller, input, found)
      return { regions: await backfill.run(found, chosen) }
    } catch (error) {
      const failure = asApiError(error)
      if (failure) await record(caller, input, found, failure)
      throw failure ?? error
    }
  }
  return { '/trails/backfill-digests': (body, { caller }) => run(caller, wanted.parse(body)) }
}

const arnOf = ({ account, homeRegion, name }: Trail): string => trailArn({ account, homeRegion, name })
const whereIs = (trail: Trail) => ({ account: trail.account, region: trail.homeRegion, arn: arnOf(trail) })

/** @throws {ApiError} */
function findTrail(trails: readonly Trail[], reference: string): Trail {
  const [found, ...more] = trails.filter((trail) => trail.name === reference || arnOf(trail) === reference)
  if (!found)
    throw new ApiError('TrailNotFoundException', `There is no trail ${JSON.stringify(reference)}.`, { status: 404 })
  if (more.length === 0) return found
  const arns = [found, ...more].map(arnOf).join(', ')
  throw new ApiError('InvalidTrailNameException', `Several trails have this name; give the ARN of one: ${arns}.`)
}

/** @throws {ApiError} */
function chooseRegions(regions: readonly Region[], wanted: string | undefined): readonly Region[] {
  if (wanted === undefined) return regions
  const region = regions.find((each) => each === wanted)
  if (region) return [region]
  throw new ApiError(
    'ValidationError',
    `This server has the Regions ${regions.join(', ')}, not ${JSON.stringify(wanted)}.`,
  )
}

function describe(
  { requestId, sourceIPAddress, userAgent, tls }: AdministrationCaller,
  { trail, region: onlyRegion }: Wanted,
  { account, region, arn }: { readonly account: AccountId; readonly region: Region; readonly arn?: string },
  error: ApiError | undefined,
): ApiCall {
  return {
    identity: { kind: 'machine-owner', account },
    region,
    eventSource: 'cloudtrail.amazonaws.com',
    eventName: 'BackfillDigests',
    readOnly: false,
    requestId,
    sourceIPAddress,
    userAgent,
    ...(tls && { tls }),
    requestParameters: { Name: trail, ...(onlyRegion !== undefined && { Region: onlyRegion }) },
    ...(arn !== undefined && { resources: [{ accountId: account, type: 'AWS::CloudTrail::Trail', ARN: arn }] }),
    ...(error && { errorCode: error.code, errorMessage: error.message }),
  }
}

/** Undefined: a bug, or stores that are not there at the moment, about which the caller learns nothing but that. */
function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof BucketError)) return undefined
  return new ApiError(error.code, `The bucket does not take a digest: ${error.message}`, { cause: error })
}
