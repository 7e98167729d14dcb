import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { signRequest } from '../auth/index.ts'
import { TopicError, type TopicPublisher } from './topic-publisher.ts'

export interface RemoteTopicPublisherOptions {
  /** `https://sns.example.org`; `{region}` stands for the topic's Region. */
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: { reveal(): string } }
  /** Wall clock, ms. */
  readonly wall: () => number
  readonly timeoutMs?: number
}

export interface RemoteTopicPublisher extends TopicPublisher {
  close(): void
}

/** Who waits for it is a notification, which tries again, or CreateTrail, whose caller does. */
const timeoutMsDefault = 10_000
/** The answer to Publish has some 300 bytes, an error a little more. */
const answerBytesMax = 64 * 1_024
const socketsMax = 16
const charsMax = 1_024

/**
 * Publishes to AWS's SNS, or to what speaks its protocol. Who may publish is a matter of the credentials and of the topic's
 * policy there. Each call is tried once, and no redirect is followed.
 */
export function createRemoteTopicPublisher(options: RemoteTopicPublisherOptions): RemoteTopicPublisher {
  const { endpoint, credentials, wall, timeoutMs = timeoutMsDefault } = options
  const limits = { keepAlive: true, maxSockets: socketsMax }
  const agents = { http: new HttpAgent(limits), https: new HttpsAgent(limits) }
  return {
    async publish({ topicArn, message }) {
      const region = regionOf(topicArn)
      const url = new URL(endpoint.replaceAll('{region}', region))
      const form = { Action: 'Publish', Version: '2010-03-31', TopicArn: topicArn, Message: message }
      const body = Buffer.from(new URLSearchParams(form).toString())
      const identity = { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal(), region, service: 'sns' }
      const unsigned = {
        method: 'POST',
        target: url.pathname,
        body,
        headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      }
      const headers = { ...signRequest(unsigned, identity, wall()), 'content-length': String(body.length) }
      const { status, text } = await send(url, headers, body, agents, timeoutMs)
      if (status !== 200) throw refusal(status, text)
      if (!/<MessageId>[^<]+<\/MessageId>/.test(text)) throw invalidResponse('no message id')
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

function regionOf(topicArn: string): string {
  const region = /^arn:[a-z-]+:sns:([a-z0-9-]{1,32}):\d{12}:/.exec(topicArn)?.[1]
  if (region === undefined) throw new TopicError('InvalidParameter', `not the ARN of a topic: ${topicArn}`)
  return region
}

interface RemoteAnswer {
  readonly status: number
  readonly text: string
}

function send(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
  timeoutMs: number,
): Promise<RemoteAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { method: 'POST', headers, signal }
  return new Promise<RemoteAnswer>((resolve, reject) => {
    const answered = (incoming: IncomingMessage): void => void readAnswer(incoming).then(resolve, reject)
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, answered)
        : httpRequest(url, { ...options, agent: agents.http }, answered)
    // Stays: a late error of a request that has its answer would else end the process.
    outgoing.on('error', reject).end(body)
  }).catch((cause: unknown) => {
    if (cause instanceof TopicError) throw cause
    const [code, what] = signal.aborted
      ? ['RequestTimeout', `did not answer in ${timeoutMs} ms`]
      : ['NetworkingError', 'cannot be reached']
    throw new TopicError(code, `The notification service at ${url.origin} ${what}.`, { cause })
  })
}

/** Untrusted: bounded. */
async function readAnswer(incoming: IncomingMessage): Promise<RemoteAnswer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > answerBytesMax) throw invalidResponse(`more than ${answerBytesMax} bytes`)
    pieces.push(piece)
  }
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }
}

const invalidResponse = (what: string): TopicError =>
  new TopicError('InvalidResponse', `The notification service answered with ${what}.`)

/** What stands between, a proxy for example, answers in other words. */
function refusal(status: number, text: string): TopicError {
  const code = /<Code>([A-Za-z][A-Za-z0-9.]{0,127})<\/Code>/.exec(text)?.[1]
  if (code === undefined) return invalidResponse(`status ${status}`)
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? code
  return new TopicError(code, message.slice(0, charsMax))
}
