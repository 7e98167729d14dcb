import { amzDate } from './amz-date.ts'
import {
  canonicalHeaders,
  canonicalRequest,
  emptySha256,
  encodeComponent,
  sha256Hex,
  splitTarget,
  stringToSign,
  wireText,
  type PathStyle,
} from './canonical-request.ts'
import { deriveSigningKey, scopeText, signature, type CredentialScope } from './signing-key.ts'

export interface SigningIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
  readonly service: string
  /** `normalised` (the default) for every service but S3. */
  readonly pathStyle?: PathStyle
}

export interface UnsignedRequest {
  readonly method: string
  /** Path and query as they will be sent, already encoded. */
  readonly target: string
  /** With `host`. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>
  /** The whole body, or the word that stands for it, such as `UNSIGNED-PAYLOAD`. */
  readonly body?: Uint8Array | string
}

/** Names that proxies change or add on the way: not signed. */
const unsignedNames = new Set(['authorization', 'connection', 'expect', 'transfer-encoding', 'user-agent'])

/**
 * The request's headers with `x-amz-date`, `x-amz-content-sha256` and `authorization` added (lower-case names).
 * `now` in milliseconds since the epoch. A `body` in words must be one of SigV4's payload words.
 */
export const signRequest = (request: UnsignedRequest, identity: SigningIdentity, now: number): Record<string, string> =>
  createSigner(identity)(request, now)

/** `signRequest` for many requests: the signing key is derived once a day, which otherwise is most of the work. */
export function createSigner(
  identity: SigningIdentity,
): (request: UnsignedRequest, now: number) => Record<string, string> {
  let derived: { readonly day: string; readonly key: Buffer } | undefined
  const keyOf = (scope: CredentialScope): Buffer => {
    if (derived?.day !== scope.day) derived = { day: scope.day, key: deriveSigningKey(identity.secretAccessKey, scope) }
    return derived.key
  }
  return (request, now) => signWith(keyOf, request, identity, now)
}

type KeyOf = (scope: CredentialScope) => Buffer

function signWith(
  keyOf: KeyOf,
  request: UnsignedRequest,
  identity: SigningIdentity,
  now: number,
): Record<string, string> {
  const date = amzDate(now)
  const payloadHash = hashOf(request.body)
  const headers: Record<string, string> = {
    ...lowerCaseNames(request.headers),
    'x-amz-date': date,
    'x-amz-content-sha256': payloadHash,
    ...(identity.sessionToken !== undefined && { 'x-amz-security-token': identity.sessionToken }),
  }
  const names = Object.keys(headers)
    .filter((name) => !unsignedNames.has(name))
    .sort()
  const scope = { day: date.slice(0, 8), region: identity.region, service: identity.service }
  const sealed = seal({ ...request, headers, names, payloadHash, identity, date, keyOf })
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${sealed}`
  return { ...headers, authorization }
}

/** The target of a presigned request, signed for `host` alone and valid for `expiresSeconds`. */
export function presignTarget(
  request: Omit<UnsignedRequest, 'headers'> & { readonly host: string },
  identity: SigningIdentity,
  now: number,
  expiresSeconds: number,
): string {
  const date = amzDate(now)
  const scope = { day: date.slice(0, 8), region: identity.region, service: identity.service }
  const added = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${identity.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(expiresSeconds)],
    ...(identity.sessionToken === undefined ? [] : [['X-Amz-Security-Token', identity.sessionToken]]),
    ['X-Amz-SignedHeaders', 'host'],
  ].map(([name, value]) => `${name}=${encodeComponent(value!)}`)
  const { path, query } = splitTarget(request.target)
  const target = `${path}?${[...(query === '' ? [] : [query]), ...added].join('&')}`
  const sealed = seal({
    method: request.method,
    target,
    headers: { host: request.host },
    names: ['host'],
    payloadHash: hashOf(request.body),
    identity,
    date,
    keyOf: (scope) => deriveSigningKey(identity.secretAccessKey, scope),
  })
  return `${target}&X-Amz-Signature=${sealed}`
}

const hashOf = (body: Uint8Array | string | undefined): string =>
  body === undefined ? emptySha256 : typeof body === 'string' ? body : sha256Hex(body)

function seal(parts: {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly names: readonly string[]
  readonly payloadHash: string
  readonly identity: SigningIdentity
  readonly date: string
  readonly keyOf: KeyOf
}): string {
  const rawHeaders = Object.entries(parts.headers).flatMap(([name, value]) => [name, wireText(value)])
  const lines = canonicalHeaders(rawHeaders, parts.names)
  if ('absent' in lines) throw new TypeError(`there is no header ${lines.absent} to sign`)
  const canonical = canonicalRequest({
    method: parts.method,
    target: wireText(parts.target),
    pathStyle: parts.identity.pathStyle ?? 'normalised',
    headerLines: lines.lines,
    signedNames: parts.names,
    payloadHash: parts.payloadHash,
  })
  const { region, service } = parts.identity
  const scope = { day: parts.date.slice(0, 8), region, service }
  return signature(parts.keyOf(scope), stringToSign(parts.date, scopeText(scope), canonical))
}

const lowerCaseNames = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
