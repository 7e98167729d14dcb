import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { ApiError } from '../api-error/index.ts'
import { AuthenticationError, type SignatureRules, type SigV4Verifier, type VerifiedPayload } from '../auth/index.ts'
import type { Exchange } from './exchange.ts'
import { recordRefusedCall, type CallName, type RefusedCallOptions } from './refused-call.ts'

export interface SignedCallOptions extends RefusedCallOptions {
  readonly verifier: SigV4Verifier
}

/** How the calls of one service are signed: what AWS does unless told otherwise. */
export interface SignedCallRules extends Omit<SignatureRules, 'isRegion' | 'pathStyle'> {
  /** `normalised` where absent. */
  readonly pathStyle?: SignatureRules['pathStyle']
  /** Regions that a signature may be for; the configured ones where absent. */
  readonly isRegion?: SignatureRules['isRegion']
  /** A refusal in the service's own words: as it is recorded and thrown. As it came where absent. */
  refusalOf?(error: AuthenticationError): ApiError
}

/** Who signed a call, and in which Region. */
export interface SignedCall {
  readonly principal: Principal
  readonly region: Region
  /** What is left to prove of the body; nothing where it was at hand. */
  readonly payload: VerifiedPayload
}

/**
 * Who makes a signed call of the API. Every front begins with it, before it looks at anything but the call's name; without
 * `body` all but the body is proven. A caller who proves nothing is recorded as such, up to a rate per source.
 * @throws {ApiError} who calls is not proven: an AuthenticationError, or what `refusalOf` makes of it.
 */
export function authenticateCall(
  exchange: Exchange,
  call: CallName,
  { refusalOf, ...rules }: SignedCallRules,
  options: SignedCallOptions,
  body?: Uint8Array,
): Promise<SignedCall> {
  const isRegion = (region: string) => options.regions.has(region)
  const prove = (): SignedCall => {
    const verified = options.verifier.verify(exchange.wire, { pathStyle: 'normalised', isRegion, ...rules }, body)
    return { principal: verified.principal, region: verified.region as Region, payload: verified.payload }
  }
  return proveCaller(exchange, call, options, prove, refusalOf)
}

/** The same for any other proof, such as a token: what `prove` returns. A refusal is recorded before it is thrown. */
export async function proveCaller<Proven>(
  exchange: Exchange,
  call: CallName,
  options: RefusedCallOptions,
  prove: () => Proven,
  refusalOf?: (error: AuthenticationError) => ApiError,
): Promise<Proven> {
  try {
    return prove()
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error
    const refusal = refusalOf?.(error) ?? error
    await recordRefusedCall(exchange, call, refusal, error.claim, options)
    throw refusal
  }
}
