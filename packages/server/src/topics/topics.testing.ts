import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createHmac, randomBytes } from 'node:crypto'
import type { AccountId, Region } from '@opentrail/core/event'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { createAwsPlane, createRefusalRecorder } from '../http/index.ts'
import { auditorKey, producerKey, send, startServer, type Reply } from '../http/http.testing.ts'
import { createOperationRegistry, type OperationContext } from '../operations/index.ts'
import { QueueSinkError, type QueueSink } from '../queues/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { createTestCipher } from '../journal/cipher.testing.ts'
import { fakeKeyRing } from '../signing-keys/signing-keys.testing.ts'
import type { TopicEvents } from './fan-out.ts'
import { openTopics, type TopicsOptions } from './open-topics.ts'

export { auditorKey, producerKey, exampleKey }
export const account = '111122223333' as AccountId
export const region = 'eu-west-1' as Region
export const topicArnOf = (name: string): string => `arn:aws:sns:${region}:${account}:${name}`
export const queueArnOf = (name: string, of: string = account): string => `arn:aws:sqs:${region}:${of}:${name}`
export const trailArn = `arn:aws:cloudtrail:${region}:${account}:trail/main`

/** Lets CloudTrail publish, as a trail's setup script does it. */
export const trailPolicy = (name: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailSNSPolicy20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 'SNS:Publish',
        Resource: topicArnOf(name),
        Condition: { StringEquals: { 'aws:SourceArn': trailArn } },
      },
    ],
  })

export interface SentToQueue {
  readonly queueArn: string
  readonly body: string
  readonly attributes?: Readonly<Record<string, { readonly dataType: string; readonly stringValue?: string }>>
  readonly senderArn: string
}

/** Queues that take what they get, unless a test says otherwise. */
export function createFakeQueues() {
  const sent: SentToQueue[] = []
  const failures = new Map<string, QueueSinkError['code']>()
  const sink: QueueSink = {
    async send(message) {
      const code = failures.get(message.queueArn)
      if (code !== undefined) throw new QueueSinkError(code, `${message.queueArn} does not take it`)
      sent.push(message)
    },
    ownerOf: async (queueArn) => queueArn.split(':')[4],
  }
  return { ...sink, sent, failures, bodies: (queueArn: string) => sent.filter((each) => each.queueArn === queueArn) }
}

/** A self-trail that makes the changes and keeps the calls. */
export function createRecordingTrail(control: () => ControlStore) {
  const calls: ApiCall[] = []
  const trail: SelfTrail = {
    async record(call) {
      calls.push(call)
    },
    async commit(writes, call, options) {
      await control().transact(writes)
      options?.committed?.()
      calls.push(call)
    },
  }
  return { ...trail, calls }
}

export type TopicsRig = Awaited<ReturnType<typeof startTopics>>

const keyRing = {
  ...fakeKeyRing(),
  cipher: createTestCipher(),
  derive: (purpose: string) => createHmac('sha256', 'test').update(purpose).digest(),
}

/** Topics behind a listening server, and a client that signs. */
export async function startTopics(options: Partial<TopicsOptions> & { readonly time?: { now: number } } = {}) {
  let control = options.control ?? createMemoryControlStore()
  const time = options.time ?? { now: Date.parse('2026-03-04T12:00:00.120Z') }
  const queues = createFakeQueues()
  const trail = createRecordingTrail(() => control)
  const told = { failed: [] as string[], lost: [] as Parameters<TopicEvents['lost']>[0][], faults: [] as unknown[] }
  const faults: unknown[] = []
  const open = () =>
    openTopics({
      keyRing,
      queues,
      clocks: { ...systemClocks, domain: () => time.now },
      random: systemRandom,
      events: {
        failed: (subscription, reason) => told.failed.push(`${subscription}: ${reason}`),
        lost: (message) => told.lost.push(message),
        fault: (_step, error) => told.faults.push(error),
      },
      subscriberNetworks: ['127.0.0.0/8'],
      ...options,
      control,
    })
  let topics = await open()
  const credentials = credentialSource(
    credentialOf(exampleKey),
    credentialOf(auditorKey, 'auditor'),
    credentialOf(producerKey, 'producer'),
  )
  const onFault = (error: unknown) => faults.push(error)
  const calls = {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => Date.now() }),
    credentials,
    regions: new Set<string>([region, 'us-east-1']),
    home: { account, region },
    selfTrail: trail,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, account, region, onFault }),
    onFault,
  }
  const front = topics.front(calls)
  const { server } = await startServer({
    onFault,
    routes: [
      ...front.routes,
      ...createAwsPlane({
        ...calls,
        registry: createOperationRegistry([]),
        otherServices: [front.service],
        context: () => ({}) as OperationContext,
      }),
    ],
  })
  topics.begin(server.url)

  async function post(parameters: Readonly<Record<string, string>>, by: CallBy = {}): Promise<Reply> {
    return postForm(new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString(), by)
  }
  function postForm(form: string, { key = exampleKey, service = 'sns', method = 'POST' }: CallBy = {}): Promise<Reply> {
    const headers = signRequest(
      {
        method,
        target: '/',
        body: Buffer.from(form),
        headers: {
          host: `${server.host}:${server.port}`,
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        },
      },
      identityOf({ ...key, region, service }),
      Date.now(),
    )
    return send(server, { method, path: '/', headers, body: form })
  }

  return {
    get topics() {
      return topics
    },
    control: () => control,
    queues,
    trail,
    told,
    faults,
    time,
    server,
    post,
    postForm,
    /** A call that succeeds; its answer's text. */
    async call(parameters: Readonly<Record<string, string>>, by: CallBy = {}): Promise<string> {
      const reply = await post(parameters, by)
      if (reply.status !== 200) throw new Error(`${parameters['Action']}: ${reply.text}`)
      return reply.text
    },
    /** `code: message` of a call that fails. */
    async refusal(parameters: Readonly<Record<string, string>>, by: CallBy = {}): Promise<string> {
      const { status, text: body } = await post(parameters, by)
      if (status === 200) throw new Error(`${parameters['Action']} succeeded: ${body}`)
      return `${element(body, 'Code')}: ${element(body, 'Message')}`
    },
    get: (url: string): Promise<Reply> => send(server, { path: url.slice(server.url.length) }),
    async createTopic(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
      return element(
        await this.call({ Action: 'CreateTopic', Name: name, ...entries('Attributes', attributes) }),
        'TopicArn',
      )
    },
    async subscribe(
      topicArn: string,
      protocol: string,
      endpoint: string,
      attributes: Readonly<Record<string, string>> = {},
    ): Promise<string> {
      const members = { TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint, ReturnSubscriptionArn: 'true' }
      const answer = await this.call({ Action: 'Subscribe', ...members, ...entries('Attributes', attributes) })
      return element(answer, 'SubscriptionArn')
    },
    publish: (topicArn: string, message: string, publisher = topics.publisher) =>
      publisher.publish({ topicArn, message, trailArn, account }),
    /** Everything that is due, and what it leads to, has been done. */
    async settle(): Promise<void> {
      const [job] = topics.jobs
      if (!job || !('settled' in job)) throw new Error('no job')
      for (;;) {
        await job.settled()
        if ((job.dueAt() ?? Infinity) > time.now) return
        await job.run(time.now)
      }
    },
    /** Another process on the same store, without this server's front. */
    async reopen(next: ControlStore): Promise<void> {
      await topics.close()
      control = next
      topics = await open()
      topics.begin(server.url)
    },
    async close(): Promise<void> {
      await server.close(0)
      await topics.close()
      await calls.refusals.close()
    },
  }
}

interface CallBy {
  readonly key?: typeof exampleKey
  readonly service?: string
  readonly method?: string
}

/** Attributes as the Query protocol sends them. */
export const entries = (name: string, values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([key, value], index) => [
      [`${name}.entry.${index + 1}.key`, key],
      [`${name}.entry.${index + 1}.value`, value],
    ]),
  )

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
const unescaped = (xml: string): string => xml.replace(/&(\w+);/g, (_, name: string) => named[name] ?? '?')

/** The text of the first element of that name. */
export const element = (xml: string, name: string): string => elements(xml, name)[0] ?? ''
export const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => unescaped(match[1]!))

export interface TakenRequest {
  readonly headers: IncomingMessage['headers']
  readonly url: string
  readonly body: string
}

/** An HTTP endpoint of a subscriber: takes everything, unless a test answers itself. */
export async function startSubscriber(
  answer: (request: TakenRequest, response: ServerResponse) => void = (_request, response) => response.end(),
) {
  const taken: TakenRequest[] = []
  const server: Server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const request = { headers: incoming.headers, url: incoming.url ?? '', body }
      taken.push(request)
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    taken,
    url: `http://127.0.0.1:${port}/hook`,
    messages: () => taken.map(({ body }) => JSON.parse(body) as Record<string, string>),
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const randomText = (): string => randomBytes(8).toString('hex')
