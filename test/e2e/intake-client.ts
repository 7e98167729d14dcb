import { createHash, randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callControlSocket } from '../../packages/server/src/accounts/index.ts'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import { readRunningServer } from '../../packages/server/src/config/index.ts'
import type { IntakeAnswer } from '../../packages/server/src/intake/index.ts'
import { account, credentials } from '../wire/test-server.ts'

export interface Reply {
  readonly status: number
  readonly code: string | undefined
  readonly requestId: string
  readonly answer: IntakeAnswer & { readonly Message?: string }
}

export interface Post {
  readonly endpoint: string
  readonly body: string | Uint8Array | (() => Iterable<Uint8Array>)
  readonly headers?: Record<string, string>
  /** A bearer token; else the request is signed. */
  readonly token?: string
  readonly key?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly region?: string
  /** What stands for the body in the signature; by default its hash. */
  readonly payload?: 'UNSIGNED-PAYLOAD'
  readonly tls?: RequestOptions
}

/** `POST /events`, streamed where the body is a function. */
export async function post(options: Post): Promise<Reply> {
  const url = new URL('/events', options.endpoint)
  const pieces = typeof options.body === 'function' ? options.body : () => [Buffer.from(options.body as Uint8Array)]
  const headers = { host: url.host, ...options.headers }
  const all =
    options.token === undefined
      ? sign(options, headers, pieces)
      : { ...headers, authorization: `Bearer ${options.token}` }
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = request(url, { method: 'POST', headers: all, agent: false, ...options.tls })
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.once('response', resolve).once('error', reject),
  )
  // A server that refuses early closes while the body is still on its way; its answer is what counts.
  const sent = pipeline(Readable.from(pieces(), { objectMode: false }), outgoing).catch(() => {})
  const incoming = await answered
  const answer = (await json(incoming)) as Reply['answer']
  await sent
  const { 'x-amzn-errortype': code, 'x-amzn-requestid': requestId } = incoming.headers
  return { status: incoming.statusCode!, code: code as string | undefined, requestId: requestId as string, answer }
}

/** `GET /events/reports/<id>`, signed, or with a bearer token, or with nothing. */
export function getReport(
  endpoint: string,
  id: string,
  by: { readonly key?: Post['key']; readonly token?: string } = { key: credentials },
): Promise<Response> {
  const url = new URL(`/events/reports/${id}`, endpoint)
  const identity = by.key && { ...by.key, region: 'us-east-1', service: 'cloudtrail' }
  const signed = { method: 'GET', target: url.pathname, headers: { host: url.host }, body: Buffer.alloc(0) }
  const headers = identity
    ? signRequest(signed, identity, Date.now())
    : { ...(by.token !== undefined && { authorization: `Bearer ${by.token}` }) }
  return fetch(url, { headers })
}

function sign(
  options: Post,
  headers: Record<string, string>,
  pieces: () => Iterable<Uint8Array>,
): Record<string, string> {
  const identity = { ...(options.key ?? credentials), region: options.region ?? 'us-east-1', service: 'cloudtrail' }
  const body = options.payload ?? sha256(pieces())
  return signRequest({ method: 'POST', target: '/events', headers, body }, identity, Date.now())
}

function sha256(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

const socketOf = (endpoint: string) =>
  readRunningServer(join(tmpdir(), `opentrail-test-${new URL(endpoint).port}.json`))!.controlSocket!

/** What the machine's owner may do: `/users/create`, ... */
export const administer = (endpoint: string, route: string, body: object) =>
  callControlSocket(socketOf(endpoint), route, body)

/** A new user with one key. */
export async function newKey(
  endpoint: string,
  role: 'administrator' | 'auditor' | 'producer',
  kind: 'signature' | 'bearer',
  ofAccount: string = account,
): Promise<{ accessKeyId: string; secretAccessKey: string; account: string; userName: string }> {
  const userName = `user-${randomUUID().slice(0, 8)}`
  await administer(endpoint, '/users/create', { account: ofAccount, userName, role })
  const created = await administer(endpoint, '/keys/create', { account: ofAccount, userName, kind })
  const { accessKeyId, secret } = created as { accessKeyId: string; secret: string }
  return { accessKeyId, secretAccessKey: secret, account: ofAccount, userName }
}

/** About 1 KB a line, each with an id of its own; `blocks` times a MiB or so. The same every time. */
export function largeBody(blocks: number, seed: string): () => Iterable<Uint8Array> {
  const linesPerBlock = 1_024
  const id = `${seed}-0000-4000-8000-000000000000`
  const line = (place: number) =>
    `${JSON.stringify({
      eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      userIdentity: { type: 'IAMUser', userName: `user-${place % 50}` },
      sourceIPAddress: '203.0.113.7',
      requestParameters: { filler: createHash('sha512').update(`${place}`).digest('base64').repeat(8) },
      eventID: id,
      readOnly: false,
    })}\n`
  const block = Buffer.from(Array.from({ length: linesPerBlock }, (_, place) => line(place)).join(''))
  const places: number[] = []
  for (let at = block.indexOf(id); at >= 0; at = block.indexOf(id, at + 1)) places.push(at + id.length - 12)
  return function* () {
    for (let number = 0; number < blocks; number++) {
      const numbered = Buffer.from(block)
      for (const [index, place] of places.entries())
        numbered.write(String(number * linesPerBlock + index).padStart(12, '0'), place, 'latin1')
      yield numbered
    }
  }
}
export const linesPerBlock = 1_024
