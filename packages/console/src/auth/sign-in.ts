import type { ApiSession, ApiSignInAnswer } from '@opentrail/core/api'
import { createApiClient } from '../api/client.ts'
import { ApiFailure, failureOf } from '../api/failure.ts'
import type { Credentials } from './credentials.ts'

export interface SignedIn {
  readonly credentials: Credentials
  readonly session: ApiSession
}

const signInPath = '/api/v1/sign-in'

/** The token of a sign-in link, taken out of the address so that it stays in no history. */
export function takeLinkToken(): string | undefined {
  const token = /^#sign-in=([\w-]{20,100})$/.exec(location.hash)?.[1]
  if (token !== undefined) history.replaceState(null, '', '#/events')
  return token
}

/** @throws {ApiFailure} */
export async function signInByLink(token: string): Promise<SignedIn> {
  const answer = await fetch(signInPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
    credentials: 'omit',
  }).catch((cause: unknown) => {
    throw new ApiFailure('unreachable', 'The server cannot be reached.', { cause })
  })
  const text = await answer.text()
  if (!answer.ok) throw failureOf(answer.status, text, undefined)
  const { session, credentials } = JSON.parse(text) as ApiSignInAnswer
  if (!credentials) throw new ApiFailure('unavailable', 'The server opened no session.')
  return { session, credentials }
}

/** The secret signs here and is sent nowhere. @throws {ApiFailure} */
export async function signInByKey(credentials: Credentials, region: string): Promise<SignedIn> {
  const client = clientOf(credentials, region, () => {})
  const { session } = await client.post<ApiSignInAnswer>(signInPath, {})
  return { session, credentials }
}

/** Who a session that was kept is of. @throws {ApiFailure} */
export const resume = async (credentials: Credentials, region: string): Promise<SignedIn> => ({
  credentials,
  session: await clientOf(credentials, region, () => {}).get<ApiSession>('/api/v1/session'),
})

export const clientOf = (credentials: Credentials, region: string, onSignedOut: (failure: ApiFailure) => void) =>
  createApiClient({
    credentials,
    region,
    host: location.host,
    now: () => Date.now(),
    fetch: (input, init) => fetch(input, init),
    onSignedOut,
  })
