import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { ApiError } from '../api-error/index.ts'
import type { Claim } from '../auth/index.ts'
import type { ApiCall, CallIdentity } from '../selftrail/index.ts'
import type { Exchange } from './exchange.ts'
import type { RefusalRecorder } from './refusal-recorder.ts'

/** As much of the user agent as CloudTrail keeps. */
const userAgentCharactersMax = 1_024

/** What is called, as its record names it. */
export interface CallName {
  readonly eventSource: string
  readonly eventName: string
  readonly readOnly: boolean
  readonly category: 'Management' | 'Data'
}

export interface RefusedCallOptions {
  readonly credentials: { accessKey(accessKeyId: string): { readonly principal: Principal } | undefined }
  readonly regions: ReadonlySet<string>
  readonly refusals: RefusalRecorder
  /** The account and Region that calls of unknown keys are recorded in. */
  readonly home: { readonly account: Principal['account']; readonly region: Region }
}

/** The part of a call's record that the request itself tells. */
export const describeCall = (exchange: Exchange, call: CallName, identity: CallIdentity, region: Region): ApiCall => ({
  ...call,
  identity,
  region,
  requestId: exchange.requestId,
  sourceIPAddress: exchange.sourceIPAddress,
  userAgent: exchange.userAgent.slice(0, userAgentCharactersMax),
  ...(exchange.tls && { tls: exchange.tls }),
})

/**
 * Records a call whose caller did not prove who it is, up to a rate per source. The caller is whoever knows the key's
 * id: an identity that is claimed, never the user's own.
 */
export async function recordRefusedCall(
  exchange: Exchange,
  call: CallName,
  { code, message }: ApiError,
  claim: Claim | undefined,
  options: RefusedCallOptions,
): Promise<void> {
  const account = (claim && options.credentials.accessKey(claim.accessKeyId)?.principal.account) ?? options.home.account
  const region = claim && options.regions.has(claim.region) ? (claim.region as Region) : options.home.region
  const identity: CallIdentity = { kind: 'unknown-key', accessKeyId: claim?.accessKeyId ?? '', account }
  await options.refusals.record({
    ...describeCall(exchange, call, identity, region),
    errorCode: code,
    errorMessage: message,
  })
}
