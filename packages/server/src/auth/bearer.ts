import type { CredentialSource, Principal } from '../accounts/index.ts'
import { incomplete, missingToken, unrecognisedClient } from './authentication-error.ts'
import { headerValues } from './canonical-request.ts'

/** Longer than any token we issue. */
const tokenCharactersMax = 512

/** Whether the request brings a bearer token, so that a route which takes both forms knows which to check. */
export const hasBearerToken = (rawHeaders: readonly string[]): boolean =>
  /^bearer /i.test(headerValues(rawHeaders, 'authorization')[0] ?? '')

/**
 * Who holds the request's bearer token (RFC 6750, header form only: a token in a URL ends up in logs).
 * @throws {AuthenticationError}
 */
export function verifyBearer(rawHeaders: readonly string[], credentials: CredentialSource): Principal {
  const [authorization, second] = headerValues(rawHeaders, 'authorization')
  if (authorization === undefined) throw missingToken()
  if (second !== undefined) throw incomplete("The header 'authorization' is given twice.")
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization)?.[1]
  if (token === undefined || token.length > tokenCharactersMax) {
    throw incomplete('The Authorization header must be "Bearer" and a token.')
  }
  const principal = credentials.bearer(token)
  if (!principal) throw unrecognisedClient()
  return principal
}
