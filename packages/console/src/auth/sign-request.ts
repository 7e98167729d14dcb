import type { Credentials } from './credentials.ts'

export interface RequestToSign {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** As it is sent: each segment percent-encoded. */
  readonly path: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** As the browser sends it: name and port. */
  readonly host: string
  readonly body: string
  /** Of the scope; absent: `cloudtrail`. */
  readonly service?: 's3'
  /** More headers that are signed: names in small letters. */
  readonly headers?: Readonly<Record<string, string>>
}

const algorithm = 'AWS4-HMAC-SHA256'

/**
 * The headers that sign a request with AWS's Signature Version 4, by the browser's own cryptography. `host` is signed but not among them:
 * the browser sets it. `now` in milliseconds. Source: AWS IAM User Guide, "Create a signed AWS API request".
 */
export async function signRequest(
  request: RequestToSign,
  credentials: Credentials,
  region: string,
  now: number,
): Promise<Record<string, string>> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const payloadHash = hex(await sha256(request.body))
  const service = request.service ?? 'cloudtrail'
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': date,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
  }
  const signed = Object.entries({ ...headers, host: request.host }).sort(byName)
  const signedNames = signed.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    // Services other than S3 encode the path once more.
    service === 's3' ? request.path : request.path.split('/').map(encode).join('/'),
    canonicalQuery(request.parameters),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    signedNames,
    payloadHash,
  ].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  const text = [algorithm, date, scope, hex(await sha256(canonical))].join('\n')
  const signature = hex(await hmac(await signingKey(credentials.secretAccessKey, scope), text))
  const authorization = `${algorithm} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`
  return { ...headers, authorization }
}

/** The query in the order and form that is signed; sent so, too. */
export const canonicalQuery = (parameters: RequestToSign['parameters']): string =>
  parameters
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** RFC 3986: everything but the unreserved characters. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

async function signingKey(secret: string, scope: string): Promise<ArrayBuffer> {
  let key: ArrayBuffer | Uint8Array<ArrayBuffer> = utf8(`AWS4${secret}`)
  for (const part of scope.split('/')) key = await hmac(key, part)
  return key as ArrayBuffer
}

async function hmac(key: ArrayBuffer | Uint8Array<ArrayBuffer>, text: string): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return crypto.subtle.sign('HMAC', imported, utf8(text))
}

const sha256 = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest('SHA-256', utf8(text))
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
const compare = (a: string, b: string): number => Number(a > b) - Number(a < b)
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => compare(a, b)
