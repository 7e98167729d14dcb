import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { signRequest } from '../auth/index.ts'

export interface SignedClientOptions {
  /** Of the credential's scope, such as `kms`. */
  readonly service: string
  /** `https://kms.example.org`; `{region}` stands for the Region that is called. */
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: { reveal(): string } }
  /** Wall clock, ms. */
  readonly wall: () => number
  readonly timeoutMs?: number
}

export interface SignedAnswer {
  readonly status: number
  readonly text: string
}

/** Calls of another server's AWS protocol: each is tried once, answers are bounded, and no redirect is followed. */
export interface SignedClient {
  /** @throws {SignedCallError} */
  post(region: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<SignedAnswer>
  close(): void
}

/** Whether the other server did what it was asked is not known. `fault`: what it did instead, to follow its name. */
export class SignedCallError extends Error {
  override readonly name = 'SignedCallError'
  readonly code: 'NetworkingError' | 'RequestTimeout' | 'InvalidResponse'
  constructor(code: SignedCallError['code'], fault: string, options?: ErrorOptions) {
    super(fault, options)
    this.code = code
  }
}

/** These services answer within milliseconds; who waits is tried again, or does it himself. */
const timeoutMsDefault = 10_000
/** A key's description has 8,192 characters, a ciphertext 6 KiB, the answer to Publish some 300 bytes. */
const answerBytesMax = 64 * 1_024
const socketsMax = 16

export function createSignedClient(options: SignedClientOptions): SignedClient {
  const { service, endpoint, credentials, wall, timeoutMs = timeoutMsDefault } = options
  const limits = { keepAlive: true, maxSockets: socketsMax }
  const agents = { http: new HttpAgent(limits), https: new HttpsAgent(limits) }
  return {
    async post(region, given, body) {
      const url = new URL(endpoint.replaceAll('{region}', region))
      const unsigned = { method: 'POST', target: url.pathname, body, headers: { host: url.host, ...given } }
      const identity = { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal(), region, service }
      const headers = { ...signRequest(unsigned, identity, wall()), 'content-length': String(body.length) }
      return send(url, headers, body, agents, timeoutMs)
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

function send(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
  timeoutMs: number,
): Promise<SignedAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { method: 'POST', headers, signal }
  return new Promise<SignedAnswer>((resolve, reject) => {
    const answered = (incoming: IncomingMessage): void => void readAnswer(incoming).then(resolve, reject)
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, answered)
        : httpRequest(url, { ...options, agent: agents.http }, answered)
    // Stays: a late error of a request that has its answer would else end the process.
    outgoing.on('error', reject).end(body)
  }).catch((cause: unknown) => {
    if (cause instanceof SignedCallError) throw cause
    if (signal.aborted)
      throw new SignedCallError('RequestTimeout', `at ${url.origin} did not answer in ${timeoutMs} ms`, { cause })
    throw new SignedCallError('NetworkingError', `at ${url.origin} cannot be reached`, { cause })
  })
}

/** Untrusted: bounded. */
async function readAnswer(incoming: IncomingMessage): Promise<SignedAnswer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > answerBytesMax)
      throw new SignedCallError('InvalidResponse', `answered with more than ${answerBytesMax} bytes`)
    pieces.push(piece)
  }
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }
}
