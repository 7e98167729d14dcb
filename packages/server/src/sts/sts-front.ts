import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import { clockSkewMs } from '../auth/index.ts'
import {
  authenticateCall,
  describeCall,
  internalFailureText,
  parseQueryParameters,
  queryMember,
  signedService,
  type Answer,
  type CallName,
  type Exchange,
  type QueryNode,
  type Route,
  type SignedCallOptions,
} from '../http/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { formOf } from './sts-answer.ts'

export interface StsFrontOptions extends SignedCallOptions {
  readonly selfTrail: SelfTrail
  onFault(error: unknown, where: string): void
}

/** A SAML assertion is the longest parameter there is: 100,000 characters, each of which may be three in a form. */
const bodyBytesMax = 524_288

const built = 'GetCallerIdentity'
/** Source: the service model of STS (2011-06-15). */
const notBuilt = new Set([
  'AssumeRole',
  'AssumeRoleWithSAML',
  'AssumeRoleWithWebIdentity',
  'AssumeRoot',
  'DecodeAuthorizationMessage',
  'GetAccessKeyInfo',
  'GetDelegatedAccessToken',
  'GetFederationToken',
  'GetSessionToken',
  'GetWebIdentityToken',
])

/**
 * STS's protocol, Query, for what is signed for the service `sts`: who am I. It needs no permission. Often the request is
 * presigned and made by somebody else, to whom the caller proves with it who it is; that one is a GET.
 */
export const createStsRoutes = (options: StsFrontOptions): readonly Route[] =>
  ['GET', 'POST'].map((method) => ({
    method,
    path: `sts ${method}`,
    bodyBytesMax,
    claims: (wire) => signedService(wire) === 'sts',
    handle: async (exchange) => exchange.respond(await answer(exchange, options)),
  }))

async function answer(exchange: Exchange, options: StsFrontOptions): Promise<Answer> {
  const form = formOf(exchange)
  try {
    return form.identity(await performCall(exchange, options), exchange.requestId)
  } catch (error) {
    if (error instanceof ApiError) return form.error(error, exchange.requestId)
    options.onFault(error, 'STS')
    return form.error(new ApiError('InternalFailure', internalFailureText, { status: 500 }), exchange.requestId)
  }
}

/** The Region that requests to STS's global endpoint are signed for, by default those of many tools, wherever they run. */
const globalRegion = 'us-east-1'

/** Authenticate, record, and only then answer. @throws {ApiError} */
async function performCall(exchange: Exchange, options: StsFrontOptions): Promise<Principal> {
  const body = await exchange.readBody(bodyBytesMax)
  const name = callName(parseQueryParameters(body, exchange.query))
  const rules = {
    service: 'sts',
    presigned: true,
    // As STS: tools say 60 seconds, and use what they have signed for 14 minutes.
    presignedMs: clockSkewMs,
    isRegion: (region: string) => options.regions.has(region) || region === globalRegion,
  }
  const { principal, region } = await authenticateCall(exchange, name, rules, options, body)
  const at: Region = options.regions.has(region) ? region : options.home.region
  const call = describeCall(exchange, name, { kind: 'user', principal }, at)
  if (name.eventName === built) {
    await record(call, options)
    return principal
  }
  const message = `${name.eventName} is not built in this version of OpenTrail: of STS it has ${built}.`
  const refusal = new ApiError('InvalidAction', message)
  await record({ ...call, errorCode: refusal.code, errorMessage: message }, options)
  throw refusal
}

/** @throws {ApiError} MissingAction, InvalidAction: nothing that STS has */
function callName(input: QueryNode): CallName {
  const eventName = queryMember.string(input, 'Action')
  if (eventName === undefined) throw new ApiError('MissingAction', 'The request names no action.')
  if (eventName !== built && !notBuilt.has(eventName))
    throw new ApiError('InvalidAction', `Could not find operation ${excerpt(eventName)} for version 2011-06-15`)
  return { eventSource: 'sts.amazonaws.com', eventName, readOnly: true, category: 'Management' }
}

async function record(call: ApiCall, { selfTrail, onFault }: StsFrontOptions): Promise<void> {
  try {
    await selfTrail.record(call)
  } catch (cause) {
    onFault(cause, `record of ${call.eventName}`)
    const message = 'The call could not be recorded. Try again.'
    throw new ApiError('ServiceUnavailable', message, { status: 503, cause })
  }
}

/** Untrusted text inside a message: printable ASCII, shortened. */
const excerpt = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')
