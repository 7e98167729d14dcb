import { isRegionName } from '@opentrail/core/event'
import type { AccessKeyCredential, Principal } from '../accounts/index.ts'
import { amzDate } from './amz-date.ts'
import { incomplete, invalidSignature, signatureMismatch, unrecognisedClient } from './authentication-error.ts'
import {
  canonicalHeaders,
  canonicalRequest,
  headerValues,
  sha256Hex,
  stringToSign,
  type PathStyle,
  type WireRequest,
} from './canonical-request.ts'
import { payloadKind, type PayloadKind } from './payload.ts'
import { readSignature, type PresentedSignature } from './presented-signature.ts'
import { createSigningKeyCache, sameText, scopeText, signature, type SigningKey } from './signing-key.ts'

/** An access key; one of temporary credentials also has the session token that must come with it. */
export type SigningCredential = AccessKeyCredential & { readonly sessionToken?: string }

/** What a route accepts. */
export interface SignatureRules {
  /** The scope's service, for example `cloudtrail`. */
  readonly service: string
  isRegion(region: string): boolean
  readonly pathStyle: PathStyle
  /** Kinds of payload accepted beside a hash of the body. */
  readonly payloads?: readonly PayloadKind[]
  /** Headers (lower case) that must be signed where they are present, beside `host`. */
  readonly mustBeSigned?: readonly string[]
  /** Whether signatures in the query are accepted. */
  readonly presigned?: boolean
  /** How long such a request is valid, in milliseconds, whatever it says itself; as long as it says where absent. */
  readonly presignedMs?: number
}

/** Proven: the holder of the secret key signed this request for this Region and service. */
export interface VerifiedRequest {
  readonly principal: Principal
  readonly region: string
  readonly service: string
  readonly payload: VerifiedPayload
}

export type VerifiedPayload =
  /** The body was at hand and is the signed one. */
  | { readonly kind: 'checked' }
  /** The body was not at hand: what is read must have this SHA-256, else nothing of it may be used. */
  | { readonly kind: 'hash'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  /** aws-chunked: decode with `createChunkedPayload`. */
  | { readonly kind: 'chunked'; readonly seed: ChunkSeed }

/** What the signatures of a chunked body build upon. */
export interface ChunkSeed {
  readonly signed: boolean
  readonly trailer: boolean
  readonly signingKey: SigningKey
  readonly amzDate: string
  readonly scope: string
  /** The signature of the request's head: the first chunk's predecessor. */
  readonly signature: string
}

export interface SigV4VerifierOptions {
  credential(accessKeyId: string): SigningCredential | undefined
  /** Wall clock, milliseconds since the epoch: signatures live in real time even where events do not. */
  wall(): number
  /** Keys in the cache; an entry is some 300 bytes. */
  readonly signingKeysMax?: number
}

/** How far a signer's clock may be off, both ways: AWS's 15 minutes. */
export const clockSkewMs = 15 * 60_000

const signingKeysMaxDefault = 4_096

export interface SigV4Verifier {
  /**
   * Checks a request. Without `body` all but the body is proven, and `payload` says what is left to check.
   * @throws {AuthenticationError} with AWS's code and words.
   */
  verify(request: WireRequest, rules: SignatureRules, body?: Uint8Array): VerifiedRequest
}

/** Checks exactly the headers that the signer chose to sign; never re-signs with a choice of its own. */
export function createSigV4Verifier(options: SigV4VerifierOptions): SigV4Verifier {
  const signingKeys = createSigningKeyCache(options.signingKeysMax ?? signingKeysMaxDefault)
  return {
    verify(request, rules, body) {
      const presented = readSignature(request)
      const { claim, scope } = presented
      if (presented.form === 'presigned' && !rules.presigned) {
        throw invalidSignature(
          'Signatures in the query are not accepted here; sign with the Authorization header.',
          claim,
        )
      }
      const credential = options.credential(claim.accessKeyId)
      if (!credential) throw unrecognisedClient(claim)
      checkSessionToken(credential, presented)
      checkScope(presented, rules)
      checkTime(presented, options.wall(), rules)
      checkMustBeSigned(request, presented, rules)

      const declared = declaredPayload(request, presented, rules, body)
      const headers = canonicalHeaders(request.rawHeaders, presented.signedNames)
      if ('absent' in headers) {
        throw invalidSignature(`'${headers.absent}' is a 'SignedHeader', but the request does not have it.`, claim)
      }
      const canonical = canonicalRequest({
        method: request.method,
        target: request.target,
        pathStyle: rules.pathStyle,
        headerLines: headers.lines,
        signedNames: presented.signedNames,
        payloadHash: declared.word,
      })
      const signingKey = signingKeys.get(claim.accessKeyId, credential.secretAccessKey, scope)
      const expected = signature(signingKey, stringToSign(presented.amzDate, scopeText(scope), canonical))
      if (!sameText(expected, presented.signature)) throw signatureMismatch(claim)
      return {
        principal: credential.principal,
        region: scope.region,
        service: scope.service,
        payload: verifiedPayload(declared, body, presented, signingKey),
      }
    },
  }
}

function checkSessionToken(credential: SigningCredential, presented: PresentedSignature): void {
  const { sessionToken } = credential
  const given = presented.securityToken
  const matches =
    sessionToken === undefined ? given === undefined : given !== undefined && sameText(sessionToken, given)
  if (!matches) throw unrecognisedClient(presented.claim)
}

function checkScope({ claim, scope }: PresentedSignature, rules: SignatureRules): void {
  if (!isRegionName(scope.region)) throw invalidSignature('Credential should be scoped to a valid region.', claim)
  if (scope.service !== rules.service) {
    throw invalidSignature(`Credential should be scoped to correct service: '${rules.service}'.`, claim)
  }
  // AWS answers the same where a Region exists but the account has not opted in.
  if (!rules.isRegion(scope.region)) throw unrecognisedClient(claim)
}

function checkTime(
  { claim, amzDate: date, signedAt, expiresSeconds }: PresentedSignature,
  now: number,
  { presignedMs }: SignatureRules,
): void {
  const validMs = expiresSeconds === undefined ? clockSkewMs : (presignedMs ?? expiresSeconds * 1_000)
  if (now > signedAt + validMs) {
    const window = validMs === clockSkewMs ? '15 min.' : `${validMs / 1_000} s`
    throw invalidSignature(
      `Signature expired: ${date} is now earlier than ${amzDate(now - validMs)} (${amzDate(now)} - ${window})`,
      claim,
    )
  }
  if (signedAt > now + clockSkewMs) {
    throw invalidSignature(
      `Signature not yet current: ${date} is still later than ${amzDate(now + clockSkewMs)} (${amzDate(now)} + 15 min.)`,
      claim,
    )
  }
}

function checkMustBeSigned(request: WireRequest, presented: PresentedSignature, rules: SignatureRules): void {
  const unsigned = (rules.mustBeSigned ?? []).filter(
    (name) => !presented.signedNames.includes(name) && headerValues(request.rawHeaders, name).length > 0,
  )
  if (unsigned.length > 0)
    throw invalidSignature(
      `'${unsigned.join(', ')}' must be a 'SignedHeader' in the AWS Authorization.`,
      presented.claim,
    )
}

interface DeclaredPayload {
  readonly kind: PayloadKind
  /** As it stands in the canonical request. */
  readonly word: string
}

function declaredPayload(
  request: WireRequest,
  presented: PresentedSignature,
  rules: SignatureRules,
  body: Uint8Array | undefined,
): DeclaredPayload {
  const [header] = headerValues(request.rawHeaders, 'x-amz-content-sha256')
  if (header === undefined) {
    if (presented.form === 'presigned' && rules.payloads?.includes('unsigned')) {
      return { kind: 'unsigned', word: 'UNSIGNED-PAYLOAD' }
    }
    if (body) return { kind: 'hash', word: sha256Hex(body) }
    throw incomplete('Missing required header for this request: x-amz-content-sha256', presented.claim)
  }
  const kind = payloadKind(header, presented.claim)
  if (kind !== 'hash' && !rules.payloads?.includes(kind)) {
    throw invalidSignature(`The payload must be signed with its hash here; ${header} is not accepted.`, presented.claim)
  }
  return { kind, word: header }
}

function verifiedPayload(
  declared: DeclaredPayload,
  body: Uint8Array | undefined,
  presented: PresentedSignature,
  signingKey: SigningKey,
): VerifiedPayload {
  switch (declared.kind) {
    case 'hash':
      if (!body) return { kind: 'hash', sha256: declared.word }
      if (!sameText(sha256Hex(body), declared.word)) throw signatureMismatch(presented.claim)
      return { kind: 'checked' }
    case 'unsigned':
      return { kind: 'unsigned' }
    default:
      return {
        kind: 'chunked',
        seed: {
          signed: declared.kind !== 'unsigned-chunks-trailer',
          trailer: declared.kind !== 'signed-chunks',
          signingKey,
          amzDate: presented.amzDate,
          scope: scopeText(presented.scope),
          signature: presented.signature,
        },
      }
  }
}
