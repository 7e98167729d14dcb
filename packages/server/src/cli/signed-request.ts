import { signRequest } from '../auth/index.ts'
import { CommandError } from './command-error.ts'
import type { Connection } from './connection.ts'
import { request, type HttpAnswer } from './http-client.ts'
import { errorText } from './test-clock.ts'

/** Generous: a lookup may wait for a restarting engine, an intake for a slow disk. */
const answerMs = 60_000

export interface SignedRequest {
  readonly path: string
  readonly region: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Wall clock, ms. */
  readonly now: number
  /** A minute where absent. */
  readonly timeoutMs?: number
}

/** One POST, signed with SigV4 for the service `cloudtrail`. @throws {CommandError} when nothing answers. */
export function signedPost(connection: Connection, post: SignedRequest): Promise<HttpAnswer> {
  const url = new URL(post.path, connection.endpoint)
  const { host: _host, ...headers } = signRequest(
    {
      method: 'POST',
      target: `${url.pathname}${url.search}`,
      headers: { ...post.headers, host: url.host },
      body: post.body,
    },
    { ...connection.credentials, region: post.region, service: 'cloudtrail' },
    post.now,
  )
  // `host` is signed, but sent by the HTTP client itself.
  return request({ method: 'POST', url: url.href, headers, body: post.body, timeoutMs: post.timeoutMs ?? answerMs })
}

/** One GET, signed alike. @throws {CommandError} when nothing answers. */
export function signedGet(connection: Connection, target: string, now: number): Promise<HttpAnswer> {
  const url = new URL(target, connection.endpoint)
  const { host: _host, ...headers } = signedHeaders(connection, target, now)
  return request({ method: 'GET', url: url.href, headers, timeoutMs: answerMs })
}

/** The headers of such a GET, `host` among them. */
export function signedHeaders(connection: Connection, target: string, now: number): Record<string, string> {
  const url = new URL(target, connection.endpoint)
  return signRequest(
    { method: 'GET', target: `${url.pathname}${url.search}`, headers: { host: url.host } },
    { ...connection.credentials, region: connection.region, service: 'cloudtrail' },
    now,
  )
}

/** Calls one CloudTrail operation (AWS JSON 1.1). @throws {CommandError} with the service's own code and message. */
export async function callOperation<Answer>(
  connection: Connection,
  call: { operation: string; input: object; region?: string; now: number; userAgent?: string },
): Promise<Answer> {
  const answer = await signedPost(connection, {
    path: '/',
    region: call.region ?? connection.region,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.${call.operation}`,
      'user-agent': call.userAgent ?? 'opentrail-cli',
    },
    body: Buffer.from(JSON.stringify(call.input)),
    now: call.now,
  })
  if (answer.status !== 200) throw new OperationError(call.operation, answer)
  return JSON.parse(answer.text) as Answer
}

export class OperationError extends CommandError {
  readonly code: string
  constructor(operation: string, { status, text }: HttpAnswer) {
    const code = errorCode(text) ?? `status ${status}`
    super(`${operation} failed (${code}): ${errorText(text, status)}${advice(code)}`)
    this.code = code
  }
}

function errorCode(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { __type?: string }).__type?.replace(/^.*#/, '')
  } catch {
    return undefined
  }
}

/** What helps with the refusals that newcomers meet first. */
function advice(code: string): string {
  if (code === 'UnrecognizedClientException')
    return '\nThe server does not know this access key: use the one that "opentrail env" prints, or create one with "opentrail key create".'
  if (code === 'InvalidSignatureException' || code === 'SignatureDoesNotMatch')
    return '\nThe secret access key is wrong, or the clocks differ by more than 15 minutes ("opentrail doctor" compares them).'
  return ''
}
