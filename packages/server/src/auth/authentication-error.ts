import { ApiError } from '../api-error/index.ts'

/** What a refused request said about itself. Claimed, not proven. */
export interface Claim {
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
}

/**
 * The caller is not who it says, or does not say who it is. `claim` is there once the credential could be read;
 * `message` follows AWS's own words, which tools and people search for.
 */
export class AuthenticationError extends ApiError {
  readonly claim: Claim | undefined
  constructor(code: string, message: string, claim?: Claim) {
    super(code, message, { status: 403 })
    this.claim = claim
  }
}

export const missingToken = () =>
  new AuthenticationError('MissingAuthenticationTokenException', 'Missing Authentication Token')

export const incomplete = (message: string, claim?: Claim) =>
  new AuthenticationError('IncompleteSignatureException', message, claim)

export const invalidSignature = (message: string, claim?: Claim) =>
  new AuthenticationError('InvalidSignatureException', message, claim)

export const unrecognisedClient = (claim?: Claim) =>
  new AuthenticationError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
    claim,
  )

export const signatureMismatch = (claim: Claim) =>
  invalidSignature(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
    claim,
  )
