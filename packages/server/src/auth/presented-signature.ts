import { createHash } from 'node:crypto'
import { parseAmzDate, amzDate } from './amz-date.ts'
import { incomplete, invalidSignature, missingToken, type Claim } from './authentication-error.ts'
import { headerValues, queryParameters, splitTarget, type WireRequest } from './canonical-request.ts'
import type { CredentialScope } from './signing-key.ts'

/** A signature as the request presents it: well formed, but nothing about it is proven yet. */
export interface PresentedSignature {
  readonly form: 'header' | 'presigned'
  readonly claim: Claim
  readonly scope: CredentialScope
  /** Lower case, without repetition, in the order presented. */
  readonly signedNames: readonly string[]
  readonly signature: string
  readonly amzDate: string
  /** `amzDate` in milliseconds since the epoch. */
  readonly signedAt: number
  /** Presigned form only: seconds of validity from `signedAt`. */
  readonly expiresSeconds?: number
  readonly securityToken?: string
}

const algorithm = 'AWS4-HMAC-SHA256'
/** More than any client signs; bounds the work per request. */
const signedNamesMax = 100
/** AWS's limit: a week. */
const expiresSecondsMax = 604_800

/** Headers that decide who calls and what is meant: two of them could be read differently by two readers. */
const singleHeaders = new Set([
  'authorization',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-target',
])

/** @throws {AuthenticationError} there is no signature, more than one, or not a whole one. */
export function readSignature(request: WireRequest): PresentedSignature {
  const headers = deciding(request.rawHeaders)
  const authorization = headers.get('authorization')
  const query = splitTarget(request.target).query
  const presigned = /(?:^|&)X-Amz-(?:Algorithm|Signature|Credential)=/.test(query)
  if (authorization !== undefined && presigned) {
    throw invalidSignature(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the ' +
        'Authorization header should be specified.',
    )
  }
  if (authorization !== undefined) return fromHeader(authorization, headers, request)
  if (presigned) return fromQuery(query)
  throw missingToken()
}

/** The values of `singleHeaders`. */
function deciding(rawHeaders: readonly string[]): Map<string, string> {
  const values = new Map<string, string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!singleHeaders.has(name)) continue
    if (values.has(name)) throw incomplete(`The header '${name}' is given twice.`)
    values.set(name, rawHeaders[i + 1]!)
  }
  return values
}

function fromHeader(
  authorization: string,
  headers: ReadonlyMap<string, string>,
  request: WireRequest,
): PresentedSignature {
  const space = authorization.indexOf(' ')
  const scheme = space < 0 ? authorization : authorization.slice(0, space)
  if (scheme !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${printable(scheme)}'.`)
  const fields = headerFields(authorization.slice(space + 1))
  const date = headers.get('x-amz-date') ?? plainDate(request)
  const missing = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.has(name))
    .map((name) => `Authorization header requires '${name}' parameter.`)
  if (date === undefined) {
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  }
  if (missing.length > 0 || date === undefined) {
    const digest = createHash('sha256').update(authorization, 'latin1').digest('base64')
    throw incomplete(`${missing.join(' ')} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`)
  }
  const securityToken = headers.get('x-amz-security-token')
  return assemble('header', {
    credential: fields.get('Credential')!,
    signedHeaders: fields.get('SignedHeaders')!,
    signature: fields.get('Signature')!,
    date,
    ...(securityToken !== undefined && { securityToken }),
  })
}

function headerFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const piece of text.split(',')) {
    const equals = piece.indexOf('=')
    const name = piece.slice(0, Math.max(equals, 0)).trim()
    if (equals < 0 || fields.has(name)) {
      throw incomplete(
        `'${printable(piece.trim())}' not a valid key=value pair (missing equal-sign) in Authorization header.`,
      )
    }
    fields.set(name, piece.slice(equals + 1).trim())
  }
  return fields
}

/** The Date header, which may also stand in HTTP's own form. */
function plainDate(request: WireRequest): string | undefined {
  const [date] = headerValues(request.rawHeaders, 'date')
  if (date === undefined || !date.includes(',')) return date
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : amzDate(time)
}

const queryNames = ['Algorithm', 'Credential', 'Date', 'SignedHeaders', 'Signature', 'Expires', 'Security-Token']

function fromQuery(query: string): PresentedSignature {
  const given = new Map<string, string>()
  for (const [name, value] of queryParameters(query)) {
    if (!name.startsWith('X-Amz-') || !queryNames.includes(name.slice(6))) continue
    if (given.has(name)) throw incomplete(`The query parameter '${name}' is given twice.`)
    given.set(name, value)
  }
  const missing = queryNames.slice(0, 5).filter((name) => !given.has(`X-Amz-${name}`))
  if (missing.length > 0) {
    throw incomplete(missing.map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`).join(' '))
  }
  const scheme = given.get('X-Amz-Algorithm')!
  if (scheme !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${printable(scheme)}'.`)
  const securityToken = given.get('X-Amz-Security-Token')
  const expires = given.get('X-Amz-Expires')
  return assemble('presigned', {
    credential: given.get('X-Amz-Credential')!,
    signedHeaders: given.get('X-Amz-SignedHeaders')!,
    signature: given.get('X-Amz-Signature')!,
    date: given.get('X-Amz-Date')!,
    ...(expires !== undefined && { expiresSeconds: expirySeconds(expires) }),
    ...(securityToken !== undefined && { securityToken }),
  })
}

function expirySeconds(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw incomplete('X-Amz-Expires should be a number')
  const seconds = Number(text)
  if (seconds < 1) throw incomplete('X-Amz-Expires must be non-negative')
  if (seconds > expiresSecondsMax) {
    throw incomplete('X-Amz-Expires must be less than a week (in seconds) that is 604800')
  }
  return seconds
}

interface Fields {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly date: string
  readonly expiresSeconds?: number
  readonly securityToken?: string
}

function assemble(form: PresentedSignature['form'], fields: Fields): PresentedSignature {
  const elements = fields.credential.split('/')
  const [accessKeyId, day, region, service, terminator] = elements
  if (elements.length !== 5 || !accessKeyId || !day || !region || !service) {
    throw incomplete(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got ' +
        `'${printable(fields.credential)}'`,
    )
  }
  if (!/^\w{1,128}$/.test(accessKeyId)) throw incomplete(`'${printable(accessKeyId)}' is not an access key id.`)
  const claim: Claim = { accessKeyId, region, service }
  if (terminator !== 'aws4_request') {
    throw invalidSignature(
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${printable(terminator!)}'.`,
      claim,
    )
  }
  const signedAt = parseAmzDate(fields.date)
  if (signedAt === undefined) {
    throw incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${printable(fields.date)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      claim,
    )
  }
  if (fields.date.slice(0, 8) !== day) {
    throw invalidSignature(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${printable(day)}' != ` +
        `'${fields.date.slice(0, 8)}', from '${fields.date}'.`,
      claim,
    )
  }
  return {
    form,
    claim,
    scope: { day, region, service },
    signedNames: signedNames(fields.signedHeaders, claim),
    signature: fields.signature,
    amzDate: fields.date,
    signedAt,
    ...(fields.expiresSeconds !== undefined && { expiresSeconds: fields.expiresSeconds }),
    ...(fields.securityToken !== undefined && { securityToken: fields.securityToken }),
  }
}

function signedNames(list: string, claim: Claim): string[] {
  const names = list.split(';')
  const wellFormed = names.every((name) => /^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name))
  if (!wellFormed || names.length > signedNamesMax || new Set(names).size !== names.length) {
    throw incomplete(
      'SignedHeaders must list header names in lower case, each once, with semicolons between them.',
      claim,
    )
  }
  if (!names.includes('host')) {
    throw invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", claim)
  }
  return names
}

/** Untrusted text inside a message: printable ASCII, shortened. */
const printable = (text: string): string => text.slice(0, 128).replace(/[^\x20-\x7e]/g, '?')
