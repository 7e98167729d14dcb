import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { signRequest } from '../auth/index.ts'
import { KeyServiceError } from './key-service.ts'

export interface KmsClientOptions {
  /** `https://kms.example.org`; `{region}` stands for the Region that is called. */
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: { reveal(): string } }
  /** Wall clock, ms. */
  readonly wall: () => number
  readonly timeoutMs?: number
}

export interface KmsClient {
  /** @throws {KeyServiceError} the service's code, or NetworkingError, RequestTimeout, InvalidResponse */
  call(region: string, operation: string, input: object): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

/** A KMS answers within milliseconds; who waits for it is a delivery, which tries again. */
const timeoutMsDefault = 10_000
/** A description has 8,192 characters, a ciphertext 6 KiB. */
const answerBytesMax = 64 * 1_024
const socketsMax = 16
const charsMax = 1_024

/** Four calls of AWS JSON 1.1, each tried once. No redirect is followed. */
export function createKmsClient({ endpoint, credentials, wall, timeoutMs }: KmsClientOptions): KmsClient {
  const limits = { keepAlive: true, maxSockets: socketsMax }
  const agents = { http: new HttpAgent(limits), https: new HttpsAgent(limits) }
  return {
    async call(region, operation, input) {
      const url = new URL(endpoint.replaceAll('{region}', region))
      const body = Buffer.from(JSON.stringify(input))
      const identity = { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal(), region, service: 'kms' }
      const unsigned = {
        method: 'POST',
        target: url.pathname,
        body,
        headers: {
          host: url.host,
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `TrentService.${operation}`,
        },
      }
      const headers = signRequest(unsigned, identity, wall())
      const answer = await send(url, headers, body, agents, timeoutMs ?? timeoutMsDefault)
      if (answer.status === 200) return answer.members
      throw refusal(answer)
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

interface KmsAnswer {
  readonly status: number
  readonly members: Readonly<Record<string, unknown>>
}

function send(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
  timeoutMs: number,
): Promise<KmsAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { method: 'POST', headers: { ...headers, 'content-length': body.length }, signal }
  return new Promise<KmsAnswer>((resolve, reject) => {
    const answered = (incoming: IncomingMessage): void => void readAnswer(incoming).then(resolve, reject)
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, answered)
        : httpRequest(url, { ...options, agent: agents.http }, answered)
    outgoing.once('error', reject).end(body)
  }).catch((cause: unknown) => {
    if (cause instanceof KeyServiceError) throw cause
    const [code, what] = signal.aborted
      ? ['RequestTimeout', `did not answer in ${timeoutMs} ms`]
      : ['NetworkingError', 'cannot be reached']
    throw new KeyServiceError(code, `The key service at ${url.origin} ${what}.`, { cause })
  })
}

/** Untrusted: bounded, and nothing but a JSON object. */
async function readAnswer(incoming: IncomingMessage): Promise<KmsAnswer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > answerBytesMax) throw invalidResponse(`more than ${answerBytesMax} bytes`)
    pieces.push(piece)
  }
  const status = incoming.statusCode ?? 0
  const members = parse(Buffer.concat(pieces).toString('utf8'))
  if (members) return { status, members }
  // What stands between, a proxy for example, answers in other words.
  throw status === 200 ? invalidResponse('no JSON object') : invalidResponse(`status ${status}`)
}

/** An operation without an output has no body, or null for one. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text === '' || text === 'null') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

export const invalidResponse = (what: string): KeyServiceError =>
  new KeyServiceError('InvalidResponse', `The key service answered with ${what}.`)

/** `__type` may have a namespace in front: `com.amazonaws.kms#NotFoundException`. */
function refusal({ status, members }: KmsAnswer): KeyServiceError {
  const type = members['__type']
  const code = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : ''
  if (!/^[A-Za-z][A-Za-z0-9]{0,127}$/.test(code)) return invalidResponse(`status ${status}`)
  const message = members['message'] ?? members['Message']
  return new KeyServiceError(code, typeof message === 'string' ? message.slice(0, charsMax) : code)
}
