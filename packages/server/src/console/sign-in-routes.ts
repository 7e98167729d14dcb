import type { ApiSession, ApiSignInAnswer } from '@opentrail/core/api'
import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import { AuthenticationError, type Claim } from '../auth/index.ts'
import {
  authenticateCall,
  describeCall,
  parseJsonObject,
  type CallName,
  type Exchange,
  type Route,
  type SignedCallOptions,
  type Throttle,
} from '../http/index.ts'
import type { ApiCall, CallIdentity, SelfTrail } from '../selftrail/index.ts'
import type { ConsoleSession, ConsoleSessions } from './sessions.ts'

export interface SignInOptions extends SignedCallOptions {
  readonly sessions: ConsoleSessions
  readonly throttle: Throttle
  readonly trail: Pick<SelfTrail, 'record'>
  /** What `GET /api/v1/session` answers. */
  session(principal: Principal, region: Region): ApiSession
  onFault(error: unknown, where: string): void
}

const signInPath = '/api/v1/sign-in'
const signOutPath = '/api/v1/sign-out'
/** A token and what stands around it. */
const bodyBytesMax = 1_024
/** Per address. Nobody guesses 256 bits; but each wrong guess is work and a line in the trail. */
const attemptsPerSecond = 2

const signIn: CallName = {
  eventSource: 'signin.amazonaws.com',
  eventName: 'ConsoleLogin',
  readOnly: false,
  category: 'Management',
}
const signOut: CallName = { ...signIn, eventName: 'ConsoleLogout' }

/**
 * `POST /api/v1/sign-in`: with a link's token, unsigned, opens a session; signed, says that a person signs in with that key. `POST
 * /api/v1/sign-out` ends a session. Both are events of `signin.amazonaws.com`; attempts that fail up to a rate per source.
 */
export function signInRoutes(options: SignInOptions): readonly Route[] {
  return [
    { method: 'POST', path: signInPath, bodyBytesMax, handle: (exchange) => handleSignIn(exchange, options) },
    { method: 'POST', path: signOutPath, bodyBytesMax, handle: (exchange) => handleSignOut(exchange, options) },
  ]
}

interface SignedIn {
  readonly principal: Principal
  readonly region: Region
  readonly opened?: ConsoleSession
}

async function handleSignIn(exchange: Exchange, options: SignInOptions): Promise<void> {
  if (!options.throttle.allows(`sign-in ${exchange.sourceIPAddress}`, attemptsPerSecond)) {
    const error = new ApiError('ThrottlingException', 'Too many attempts to sign in. Try again in a second.', {
      status: 429,
    })
    await recordFailure(exchange, error, undefined, options)
    throw error
  }
  const body = await exchange.readBody(bodyBytesMax)
  const { token } = body.length === 0 ? {} : parseJsonObject(body)
  const signedIn =
    token === undefined ? await bySignature(exchange, body, options) : await byToken(exchange, token, options)
  const { principal, region, opened } = signedIn
  try {
    await record(exchange, { kind: 'user', principal }, region, { outcome: 'Success' }, options)
  } catch (error) {
    if (opened) options.sessions.end(opened.accessKeyId)
    throw error
  }
  const answer: ApiSignInAnswer = {
    session: options.session(principal, region),
    ...(opened && { credentials: credentialsOf(opened) }),
  }
  exchange.respond({
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: JSON.stringify(answer),
  })
}

const credentialsOf = ({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: ConsoleSession) => ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiresAt: new Date(expiresAt).toISOString(),
})

async function byToken(exchange: Exchange, token: unknown, options: SignInOptions): Promise<SignedIn> {
  const opened = typeof token === 'string' ? options.sessions.redeem(token) : undefined
  if (opened) return { principal: opened.principal, region: options.home.region, opened }
  const error = new AuthenticationError(
    'AccessDeniedException',
    'This link has been used already, or is too old. "opentrail console" prints a new one.',
  )
  await recordFailure(exchange, error, undefined, options)
  throw error
}

async function bySignature(exchange: Exchange, body: Buffer, options: SignInOptions): Promise<SignedIn> {
  const isRegion = (region: string) => options.regions.has(region)
  try {
    const rules = { service: 'cloudtrail', pathStyle: 'normalised' as const, isRegion }
    const verified = options.verifier.verify(exchange.wire, rules, body)
    return { principal: verified.principal, region: verified.region as Region }
  } catch (error) {
    if (error instanceof AuthenticationError) await recordFailure(exchange, error, error.claim, options)
    throw error
  }
}

async function handleSignOut(exchange: Exchange, options: SignInOptions): Promise<void> {
  const body = await exchange.readBody(bodyBytesMax)
  const { principal, region } = await authenticateCall(exchange, signOut, { service: 'cloudtrail' }, options, body)
  options.sessions.end(principal.accessKeyId)
  const call = describeCall(exchange, signOut, { kind: 'user', principal }, region)
  await options.trail.record({ ...call, eventType: 'AwsConsoleSignIn' })
  exchange.respond({ status: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' })
}

/** @throws {ApiError} ServiceUnavailable: who could not be recorded is not let in. */
async function record(
  exchange: Exchange,
  identity: CallIdentity,
  region: Region,
  { outcome }: { readonly outcome: 'Success' },
  { trail, onFault }: SignInOptions,
): Promise<void> {
  try {
    await trail.record(loginCall(exchange, identity, region, outcome))
  } catch (cause) {
    onFault(cause, 'record of ConsoleLogin')
    throw new ApiError('ServiceUnavailable', 'The call could not be recorded. Try again.', { status: 503, cause })
  }
}

async function recordFailure(
  exchange: Exchange,
  error: ApiError,
  claim: Claim | undefined,
  { credentials, home, regions, refusals }: SignInOptions,
): Promise<void> {
  const accessKeyId = claim?.accessKeyId ?? ''
  const account = credentials.accessKey(accessKeyId)?.principal.account ?? home.account
  const region = claim && regions.has(claim.region) ? (claim.region as Region) : home.region
  const call = loginCall(exchange, { kind: 'unknown-key', accessKeyId, account }, region, 'Failure')
  await refusals.record({ ...call, errorCode: error.code, errorMessage: error.message })
}

const loginCall = (
  exchange: Exchange,
  identity: CallIdentity,
  region: Region,
  outcome: 'Success' | 'Failure',
): ApiCall => ({
  ...describeCall(exchange, signIn, identity, region),
  eventType: 'AwsConsoleSignIn',
  keepsParameterNames: true,
  responseElements: { ConsoleLogin: outcome },
  additionalEventData: { LoginTo: loginTo(exchange), MobileVersion: 'No', MFAUsed: 'No' },
})

/** As much of a Host header as an address needs. */
const hostCharactersMax = 255

const loginTo = (exchange: Exchange): string =>
  `${exchange.tls ? 'https' : 'http'}://${(exchange.header('host') ?? '').slice(0, hostCharactersMax)}/console/`
