import type { Region } from '@opentrail/core/event'
import type { CredentialSource, Role } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import { hasBearerToken, verifyBearer, type PayloadKind } from '../auth/index.ts'
import { isLoopback } from '../config/index.ts'
import {
  authenticateCall,
  proveCaller,
  type CallName,
  type Exchange,
  type SignedCall,
  type SignedCallOptions,
} from '../http/index.ts'

export interface AuthenticationOptions extends SignedCallOptions {
  readonly credentials: CredentialSource
  /** Where the calls of bearer tokens belong, which name no Region. */
  readonly leadingRegion: Region
}

/** Who calls a route of our own, proven but for what `payload` says is left to check. */
export interface Caller extends SignedCall {
  /** The whole body, where its hash was needed to check the signature. */
  readonly body?: Buffer
}

const signedPayloads: readonly PayloadKind[] = ['signed-chunks', 'signed-chunks-trailer']
/** An unsigned payload is only as good as the connection it comes over. */
const trustedPayloads: readonly PayloadKind[] = [...signedPayloads, 'unsigned', 'unsigned-chunks-trailer']
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
  const { rawHeaders } = exchange.wire
  if (hasBearerToken(rawHeaders)) {
    const prove = () => verifyBearer(rawHeaders, options.credentials)
    const principal = await proveCaller(exchange, call, options, prove)
    return { principal, region: options.leadingRegion, payload: { kind: 'unsigned' } }
  }
  const trusted = exchange.tls !== undefined || isLoopback(exchange.incoming.socket.remoteAddress ?? '')
  const isSigned = exchange.header('authorization') !== undefined
  const isAnnounced = exchange.header('x-amz-content-sha256') !== undefined
  const body = isSigned && !isAnnounced ? await exchange.readBody(unannouncedBytesMax) : undefined
  const rules = { service: 'cloudtrail', payloads: trusted ? trustedPayloads : signedPayloads }
  const signed = await authenticateCall(exchange, call, rules, options, body)
  return { ...signed, ...(body && { body }) }
}

/** @throws {ApiError} AccessDeniedException in IAM's words: the caller has none of these roles. */
export function requireRole({ principal }: Caller, roles: readonly Role[], { eventSource, eventName }: CallName): void {
  if (roles.includes(principal.role)) return
  const action = `${eventSource.split('.', 1)[0]}:${eventName}`
  throw new ApiError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    { status: 403 },
  )
}
