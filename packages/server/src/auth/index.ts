export { AuthenticationError, type Claim } from './authentication-error.ts'
export { hasBearerToken, verifyBearer } from './bearer.ts'
export {
  canonicalRequest,
  decodeEscapes,
  headerValues,
  queryParameters,
  splitTarget,
  type PathStyle,
  type WireRequest,
} from './canonical-request.ts'
export { createChunkedPayload, type ChunkedPayload, type ChunkedPayloadOptions } from './chunked-payload.ts'
export { type PayloadKind } from './payload.ts'
export { readSignature, type PresentedSignature } from './presented-signature.ts'
export { createSigner, presignTarget, signRequest, type SigningIdentity, type UnsignedRequest } from './signer.ts'
export {
  clockSkewMs,
  createSigV4Verifier,
  type ChunkSeed,
  type SignatureRules,
  type SigningCredential,
  type SigV4Verifier,
  type SigV4VerifierOptions,
  type VerifiedPayload,
  type VerifiedRequest,
} from './sigv4.ts'
