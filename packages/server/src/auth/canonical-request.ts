import { hash } from 'node:crypto'

/**
 * A request as it stood on the wire. All text is in node's form of wire bytes: one character per byte (latin1).
 * Untrusted.
 */
export interface WireRequest {
  readonly method: string
  /** Path and query exactly as received, never decoded. */
  readonly target: string
  /** Names and values alternating, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[]
}

/**
 * How a path enters the canonical request. `normalised`: dot segments and repeated slashes removed, then encoded once
 * more than on the wire (every service but S3). `verbatim`: as it is, encoded once (S3, where `a//b` and `a/./b` are keys).
 */
export type PathStyle = 'normalised' | 'verbatim'

export interface TargetParts {
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
}

export function splitTarget(target: string): TargetParts {
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Text in the wire's form (latin1 of its UTF-8 bytes), as the functions here expect it. */
export const wireText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const unreserved = /^[A-Za-z0-9\-._~]*$/
const reservedByte = /[^A-Za-z0-9\-._~]/g
const reservedByteOfPath = /[^A-Za-z0-9\-._~/]/g

const escapeByte = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

/** Percent-encodes each byte outside RFC 3986's unreserved set. */
export const encodeComponent = (wire: string): string =>
  unreserved.test(wire) ? wire : wire.replace(reservedByte, escapeByte)

/** Resolves valid escapes; a `%` that starts none stays what it is. */
export const decodeEscapes = (wire: string): string =>
  wire.includes('%')
    ? wire.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : wire

export function canonicalPath(path: string, style: PathStyle): string {
  if (style === 'normalised') return withoutDotSegments(path).replace(reservedByteOfPath, escapeByte)
  // By segment, so that an encoded slash stays apart from one that separates.
  const segments = path.split('/').map((segment) => encodeComponent(decodeEscapes(segment)))
  return segments.join('/') || '/'
}

function withoutDotSegments(path: string): string {
  if (path === '/' || path === '') return '/'
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') kept.pop()
    else kept.push(segment)
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`
}

const decodeFormText = (wire: string): string => decodeEscapes(wire.replaceAll('+', ' '))

/** Name and value of each query parameter, decoded, in the order received. `+` is a space, as form readers take it. */
export function queryParameters(query: string): [name: string, value: string][] {
  if (query === '') return []
  return query
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=')
      return equals < 0
        ? [decodeFormText(piece), '']
        : [decodeFormText(piece.slice(0, equals)), decodeFormText(piece.slice(equals + 1))]
    })
}

/** Sorted by encoded name, then by encoded value. The signature itself (presigned form) is never part of what is signed. */
export function canonicalQuery(query: string): string {
  if (query === '') return ''
  return queryParameters(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeComponent(name), encodeComponent(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** All values of a header in the order received; `name` in lower case. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === name) values.push(rawHeaders[i + 1]!)
  }
  return values
}

/** ASCII white space only: byte A0 is part of many UTF-8 characters, and JavaScript would take it for a space. */
const whiteSpace = /[ \t\r\n\f\v]+/g

const canonicalValue = (value: string): string => value.replace(whiteSpace, ' ').replace(/^ | $/g, '')

/** One line per signed header. @returns the name of a signed header that the request does not have, if there is one. */
export function canonicalHeaders(
  rawHeaders: readonly string[],
  signedNames: readonly string[],
): { readonly lines: string } | { readonly absent: string } {
  const wanted = new Map<string, string[]>(signedNames.map((name) => [name, []]))
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    wanted.get(rawHeaders[i]!.toLowerCase())?.push(canonicalValue(rawHeaders[i + 1]!))
  }
  let lines = ''
  for (const [name, values] of wanted) {
    if (values.length === 0) return { absent: name }
    lines += `${name}:${values.join(',')}\n`
  }
  return { lines }
}

export interface CanonicalParts {
  readonly method: string
  readonly target: string
  readonly pathStyle: PathStyle
  /** As `canonicalHeaders` gives them. */
  readonly headerLines: string
  readonly signedNames: readonly string[]
  /** Hexadecimal SHA-256 of the body, or one of the literal words such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

/** Source: AWS Identity and Access Management User Guide, "Create a signed AWS API request". */
export function canonicalRequest(parts: CanonicalParts): string {
  const { path, query } = splitTarget(parts.target)
  return [
    parts.method,
    canonicalPath(path, parts.pathStyle),
    canonicalQuery(query),
    parts.headerLines,
    parts.signedNames.join(';'),
    parts.payloadHash,
  ].join('\n')
}

/** Hexadecimal SHA-256; text counts as wire bytes. */
export const sha256Hex = (data: Uint8Array | string): string =>
  hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex')

export const emptySha256 = sha256Hex('')

export const stringToSign = (amzDate: string, scope: string, canonical: string): string =>
  `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256Hex(canonical)}`
