import type { Region } from '@opentrail/core/event'
import type { CredentialSource, Principal } from '../accounts/index.ts'
import {
  hasBearerToken,
  verifyBearer,
  type PayloadKind,
  type SignatureRules,
  type SigV4Verifier,
  type VerifiedPayload,
} from '../auth/index.ts'
import { isLoopback } from '../config/index.ts'
import { recordRefusedCall, type CallName, type Exchange, type RefusedCallOptions } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'

export interface AuthenticationOptions extends RefusedCallOptions {
  readonly verifier: SigV4Verifier
  readonly credentials: CredentialSource
  /** Where the calls of bearer tokens belong, which name no Region. */
  readonly leadingRegion: Region
}

/** Who calls a route below `/events`, proven but for what `payload` says is left to check. */
export interface Caller {
  readonly principal: Principal
  readonly region: Region
  readonly payload: VerifiedPayload
  /** The whole body, where its hash was needed to check the signature. */
  readonly body?: Buffer
}

/** The event source of all calls below `/events`. */
export const eventsSource = 'cloudtrail-data.amazonaws.com'
const signedPayloads: PayloadKind[] = ['signed-chunks', 'signed-chunks-trailer']
/**
 * Without `x-amz-content-sha256` (`curl --aws-sigv4`) the signature can be checked only with the body at hand, that is: with
 * a stranger's body in memory.
 */
const unannouncedBytesMax = 8 * 1024 * 1024

/**
 * By SigV4 (service `cloudtrail`) or bearer token. A caller who proves nothing is recorded as such, up to a rate per source.
 * @throws {ApiError} who calls is not proven, or the body that had to be read for it is too long.
 */
export async function authenticateCaller(
  exchange: Exchange,
  call: CallName,
  options: AuthenticationOptions,
): Promise<Caller> {
  try {
    return await authenticate(exchange, options)
  } catch (error) {
    await recordRefusedCall(exchange, call, error, options)
    throw error
  }
}

async function authenticate(exchange: Exchange, options: AuthenticationOptions): Promise<Caller> {
  const { rawHeaders } = exchange.wire
  if (hasBearerToken(rawHeaders)) {
    const principal = verifyBearer(rawHeaders, options.credentials)
    return { principal, region: options.leadingRegion, payload: { kind: 'unsigned' } }
  }
  // An unsigned payload is only as good as the connection it comes over.
  const trusted = exchange.tls !== undefined || isLoopback(exchange.incoming.socket.remoteAddress ?? '')
  const isSigned = exchange.header('authorization') !== undefined
  const isAnnounced = exchange.header('x-amz-content-sha256') !== undefined
  const body = isSigned && !isAnnounced ? await exchange.readBody(unannouncedBytesMax) : undefined
  const rules: SignatureRules = {
    service: 'cloudtrail',
    isRegion: (name) => options.regions.has(name),
    pathStyle: 'normalised',
    payloads: trusted ? [...signedPayloads, 'unsigned', 'unsigned-chunks-trailer'] : signedPayloads,
  }
  const { principal, region, payload } = options.verifier.verify(exchange.wire, rules, body)
  return { principal, region: region as Region, payload, ...(body && { body }) }
}

/** What a call below `/events` is about, as its record names it. */
export const channelOf = ({ principal: { account }, region }: Caller): NonNullable<ApiCall['resources']> => [
  {
    accountId: account,
    type: 'AWS::CloudTrail::Channel',
    ARN: `arn:aws:cloudtrail:${region}:${account}:channel/events`,
  },
]
