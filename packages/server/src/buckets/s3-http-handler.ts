import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { Exchange, ExchangeAnswer, ExchangeFault } from './s3-exchange.ts'

/** The SDK's request, as far as it is used. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  /** Percent-encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** `status` and `body` of a response are what the SDK's deserialisers read. */
interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Readable
}

/**
 * Sends the SDK's requests. Its own handler neither tells whether a request had been sent when it failed, nor bounds an answer's
 * body; a delivery depends on the one and the process's memory on the other. Answers are taken whole and never unpacked:
 * `Content-Encoding: gzip` belongs to the object.
 */
export interface S3HttpHandler {
  /** Notes in `exchange` what happens to the request that is sent with this signal. */
  watch(signal: AbortSignal, exchange: Exchange): void
  handle(request: SdkRequest, options?: { readonly abortSignal?: AbortSignal }): Promise<{ response: SdkResponse }>
  /** Closes all connections. */
  destroy(): void
}

/** A connection unused for so long is closed: stores and load balancers drop theirs after 5 to 60 s, and a put would find out. */
const idleMs = 4_000
/** Kept for the next delivery, per host. */
const freeSocketsMax = 4
/** An error is a few lines of XML; S3 echoes at most the canonical request. */
const errorBytesMax = 64 * 1024

export function createS3HttpHandler({ connectTimeoutMs }: { readonly connectTimeoutMs: number }): S3HttpHandler {
  const agentOptions = { keepAlive: true, maxFreeSockets: freeSocketsMax, timeout: idleMs, scheduling: 'lifo' } as const
  const plain = new HttpAgent(agentOptions)
  const tls = new HttpsAgent(agentOptions)
  const exchanges = new WeakMap<AbortSignal, Exchange>()
  const open = (request: SdkRequest, signal: AbortSignal): ClientRequest => {
    const isTls = request.protocol === 'https:'
    const options = {
      method: request.method,
      // IPv6 comes in brackets.
      host: request.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: request.port,
      path: request.path + queryText(request.query ?? {}),
      headers: request.headers,
      signal,
    }
    return isTls ? httpsRequest({ ...options, agent: tls }) : httpRequest({ ...options, agent: plain })
  }
  return {
    watch(signal, exchange) {
      exchanges.set(signal, exchange)
    },
    async handle(request, { abortSignal } = {}) {
      const exchange = abortSignal && exchanges.get(abortSignal)
      if (!exchange) throw new Error('a request of the S3 client that nobody watches')
      const outgoing = open(request, abortSignal)
      try {
        const answer = await exchangeOver(outgoing, request.body, exchange, connectTimeoutMs)
        exchange.answer = answer
        return { response: sdkResponse(answer) }
      } catch (error) {
        exchange.fault = abortSignal.aborted ? 'aborted' : faultOf(error, exchange)
        throw error
      } finally {
        // A request that failed before its end keeps its socket otherwise.
        if (exchange.answer === undefined) outgoing.destroy()
      }
    },
    destroy() {
      plain.destroy()
      tls.destroy()
    },
  }
}

async function exchangeOver(
  outgoing: ClientRequest,
  body: unknown,
  exchange: Exchange,
  connectTimeoutMs: number,
): Promise<ExchangeAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    noteSent(outgoing, exchange, connectTimeoutMs)
    outgoing.once('response', resolve)
    // Stays: a late error of a request that has its answer would else end the process.
    outgoing.on('error', reject)
    outgoing.once('close', () => reject(new Error('the connection was closed')))
    outgoing.end(bodyBytes(body))
  })
  const status = response.statusCode ?? 0
  exchange.status = status
  const bytesMax = status >= 300 ? errorBytesMax : exchange.bodyBytesMax
  return { status, headers: flatHeaders(response), body: await readBounded(response, bytesMax) }
}

/** Watches the connection being made; one that takes too long is given up before anything was sent. */
function noteSent(outgoing: ClientRequest, exchange: Exchange, connectTimeoutMs: number): void {
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket) {
      exchange.isSent = true
      return
    }
    const tooLate = new Error(`no connection within ${connectTimeoutMs} ms`)
    const timer = setTimeout(() => outgoing.destroy(tooLate), connectTimeoutMs)
    outgoing.once('close', () => clearTimeout(timer))
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      exchange.isSent = true
      clearTimeout(timer)
    })
  })
}

async function readBounded(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const declared = Number(response.headers['content-length'] ?? 0)
  // The answer to HEAD declares a body that does not come.
  if (response.headers['content-length'] !== undefined && !hasNoBody(response) && declared > bytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

const hasNoBody = (response: IncomingMessage): boolean =>
  (response as IncomingMessage & { readonly req: ClientRequest }).req.method === 'HEAD'

const tooLarge = (): Error => Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' })

function faultOf(error: unknown, { isSent }: Exchange): ExchangeFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ANSWER_TOO_LARGE') return 'answer-too-large'
  if (code.startsWith('HPE_')) return 'no-http'
  return isSent ? 'connection-lost' : 'no-connection'
}

function bodyBytes(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return body
  throw new Error('a request of the S3 client whose body is no bytes')
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  return flat
}

const sdkResponse = ({ status, headers, body }: ExchangeAnswer): SdkResponse => ({
  statusCode: status,
  headers,
  body: Readable.from(body.length === 0 ? [] : [body], { objectMode: false }),
})

/** Encoded as it was signed: RFC 3986, which leaves fewer characters alone than `encodeURIComponent`. */
function queryText(query: NonNullable<SdkRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) =>
      one === null ? encode(name) : `${encode(name)}=${encode(one)}`,
    ),
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
