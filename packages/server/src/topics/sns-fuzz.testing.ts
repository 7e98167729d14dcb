import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks } from '../clock/index.ts'
import { createMemoryControlStore } from '../control/index.ts'
import { fuzzFront, type FuzzOptions, type FuzzSummary } from '../http/front-fuzz.testing.ts'
import { createRefusalRecorder, type Answer, type Exchange, type Route, type SharedPathService } from '../http/index.ts'
import { auditorKey, producerKey } from '../http/http.testing.ts'
import type { ApiCall } from '../selftrail/index.ts'
import { createTestCipher } from '../journal/cipher.testing.ts'
import { fakeKeyRing } from '../signing-keys/signing-keys.testing.ts'
import { openTopics, type Topics } from './open-topics.ts'
import { snsOperationNames } from './sns-front.ts'
import { account, createFakeQueues, createRecordingTrail, region, topicArnOf, trailPolicy } from './topics.testing.ts'

/** Inputs before everything starts afresh: what was made is held in memory. */
const inputsPerWorld = 2_000
/** Deliveries go on in between. */
const inputsPerSettling = 500
/** Stands for what messages say: nothing of it may get into a record. */
const secretText = 'the secret that no record holds'

/**
 * Sends `inputs` requests, most of them valid but for a few changes, into the front of the built-in topics. Each has to be
 * answered once, in the Query protocol's form, without a failure of ours. @throws with seed, number and request of the first other one.
 */
export const fuzzSns = (options: FuzzOptions): Promise<FuzzSummary> =>
  fuzzFront(options, {
    inputsPerWorld,
    openWorld: openFuzzWorld,
    closeWorld: ({ topics }) => topics.close(),
    buildRequest,
    async sendChecked(world, request, number) {
      const outcome = await sendChecked(world, request)
      if (number % inputsPerSettling === 0) await settle(world)
      return outcome
    },
  })

interface FuzzWorld {
  readonly topics: Topics
  readonly service: SharedPathService
  readonly routes: readonly Route[]
  readonly calls: ApiCall[]
  readonly faults: unknown[]
  readonly time: { now: number }
  /** ARNs of topics and subscriptions, and tokens, as they were answered. */
  readonly known: string[]
}

const keyRing = {
  ...fakeKeyRing(),
  cipher: createTestCipher(),
  derive: (purpose: string) => createHmac('sha256', 'test').update(purpose).digest(),
}
const signing = createMemoryControlStore()
const credentials = credentialSource(
  credentialOf(exampleKey),
  credentialOf(auditorKey, 'auditor'),
  credentialOf(producerKey, 'producer'),
)

async function openFuzzWorld(): Promise<FuzzWorld> {
  const control = createMemoryControlStore({ commitDelay: () => Promise.resolve() })
  // Making a key takes longer than a thousand inputs.
  const key = (await signing.get('topics/signing'))?.value
  if (key !== undefined) await control.transact([{ key: 'topics/signing', value: key }])
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
  const time = { now: Date.parse('2026-03-04T12:00:00Z') }
  const faults: unknown[] = []
  const onFault = (error: unknown): void => void faults.push(error)
  const topics = await openTopics({
    control,
    keyRing,
    queues: createFakeQueues(),
    clocks: { ...systemClocks, domain: () => time.now },
    random,
    events: { failed() {}, lost() {}, fault: (_, error) => onFault(error) },
    subscriberNetworks: [],
    resolve: () => Promise.reject(new Error('no names here')),
    limits: { topicsMax: 40, subscriptionsMax: 20, pendingMax: 50 },
  })
  const made = (await control.get('topics/signing'))!.value
  if (key === undefined) await signing.transact([{ key: 'topics/signing', value: made }])
  const trail = createRecordingTrail(() => control)
  const { service, routes } = topics.front({
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => Date.now() }),
    credentials,
    regions: new Set<string>([region]),
    home: { account, region },
    selfTrail: trail,
    refusals: createRefusalRecorder({ selfTrail: trail, random, account, region, onFault }),
    onFault,
  })
  topics.begin('http://127.0.0.1:4580')
  const world = { topics, service, routes, calls: trail.calls, faults, time, known: [] }
  for (const name of ['a', 'b']) await send(world, signed({ Action: 'CreateTopic', Name: name }))
  return world
}

async function settle({ topics, time, faults }: FuzzWorld): Promise<void> {
  time.now += 20_000
  const [job] = topics.jobs
  if (job && 'settled' in job) {
    await job.run(time.now)
    await job.settled()
  }
  assert.equal(faults.length, 0, String(faults[0]))
}

interface FuzzRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function signed(parameters: Readonly<Record<string, string>>): FuzzRequest {
  const body = Buffer.from(new URLSearchParams(parameters).toString())
  const request = { method: 'POST', target: '/', headers: { host: 'sns.test' }, body }
  return {
    ...request,
    headers: signRequest(request, identityOf({ ...exampleKey, region, service: 'sns' }), Date.now()),
  }
}

async function send(world: FuzzWorld, { method, target, headers, body }: FuzzRequest): Promise<Answer | undefined> {
  const answers: Answer[] = []
  const [path = '', query = ''] = target.split('?', 2)
  const exchange = {
    wire: { method, target, rawHeaders: Object.entries(headers).flat() },
    path,
    query,
    requestId: '0b1c2d3e-0000-4000-8000-000000000000',
    sourceIPAddress: '192.0.2.1',
    userAgent: headers['user-agent'] ?? '',
    header: (name: string) => headers[name],
    readBody: async () => body,
    respond: (answer: Answer) => void answers.push(answer),
  } as unknown as Exchange
  const route = world.routes.find((each) => each.claims?.(exchange.wire))
  if (route) await route.handle(exchange)
  else if (world.service.claims(exchange)) await world.service.handle(exchange)
  else return undefined
  assert.equal(answers.length, 1)
  return answers[0]
}

const statuses = new Set([200, 400, 403, 404, 429])

async function sendChecked(world: FuzzWorld, request: FuzzRequest): Promise<string> {
  const { calls, faults, known } = world
  const before = calls.length
  const answer = await send(world, request)
  if (!answer) return 'not ours'
  assert.equal(faults.length, 0, String(faults[0]))
  const text = String(answer.body)
  assert.ok(statuses.has(answer.status), `status ${answer.status}: ${text}`)
  assert.equal(answer.headers?.['Content-Type'], 'text/xml')
  checkXml(text)
  const records = JSON.stringify(calls.slice(before))
  // Behind an equals sign it is part of another parameter: the byte between the two was changed.
  assert.ok(!new RegExp(`(?<!=)${secretText}`).test(records), 'a record holds what a message says')
  for (const [, value] of text.matchAll(/<(?:TopicArn|SubscriptionArn)>([^<]+)</g)) known.push(value!)
  if (known.length > 50) known.splice(0, known.length - 50)
  if (calls.length > 1_000) calls.splice(0, 900)
  if (answer.status === 200) return 'ok'
  const code = /<Error><Type>(?:Sender|Receiver)<\/Type><Code>([A-Za-z]+)<\/Code><Message>/.exec(text)?.[1]
  assert.ok(code, text.slice(0, 500))
  assert.ok(text.length < 20_000, `an error of ${text.length} characters`)
  return code
}

/** One root in SNS's namespace, every element closed in its order, no character that XML has no place for. */
function checkXml(text: string): void {
  assert.match(text, /^<\?xml version="1\.0"\?><\w+Response xmlns="http:\/\/sns\.amazonaws\.com\/doc\/2010-03-31\/">/)
  // oxlint-disable-next-line no-control-regex -- exactly these are meant
  assert.ok(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text))
  const open: string[] = []
  for (const [, close, name, selfClosing] of text.slice(21).matchAll(/<(\/?)([A-Za-z]\w*)[^<>]*?(\/?)>/g))
    if (close) assert.equal(open.pop(), name)
    else if (!selfClosing) open.push(name!)
  assert.deepEqual(open, [])
  assert.ok(!/&(?!(?:amp|lt|gt|quot|#13);)/.test(text))
}

type Next = () => number
const pick = <T>(next: Next, list: readonly T[]): T => list[Math.floor(next() * list.length)]!

function buildRequest(next: Next, world: FuzzWorld): FuzzRequest {
  let parameters = Object.entries(validParameters(next, world))
  for (let changes = Math.floor(next() * 4); changes > 0; changes--) parameters = changed(next, parameters, world)
  let form: Buffer = Buffer.from(new URLSearchParams(parameters).toString())
  if (next() < 0.1) form = changedBytes(next, form)
  if (next() < 0.1) return link(next, world, form)
  const request = {
    method: 'POST',
    target: next() < 0.03 ? `/?${form.toString('latin1')}` : '/',
    headers: { host: 'sns.test' },
    body: form,
  }
  if (next() < 0.01) return request
  const key =
    next() < 0.85
      ? exampleKey
      : pick(next, [auditorKey, producerKey, { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }])
  const scope = { region: next() < 0.98 ? region : 'xx-none-1', service: next() < 0.99 ? 'sns' : 'sqs' }
  const headers = signRequest(request, identityOf({ ...key, ...scope }), Date.now())
  if (next() < 0.02)
    headers['authorization'] = changedBytes(next, Buffer.from(headers['authorization']!)).toString('latin1')
  return { ...request, headers }
}

/** A message's link, as it was or nearly. */
function link(next: Next, { known }: FuzzWorld, form: Buffer): FuzzRequest {
  const arn = encodeURIComponent(known.length > 0 ? pick(next, known) : topicArnOf('a'))
  const token = next() < 0.5 ? '0'.repeat(96) : `${arn.slice(-36).replaceAll('-', '')}${'a'.repeat(64)}`
  const query = pick(next, [
    `Action=ConfirmSubscription&TopicArn=${arn}&Token=${token}`,
    `Action=Unsubscribe&SubscriptionArn=${arn}&Token=${token}`,
    form.toString('latin1'),
  ])
  const target = `/?${next() < 0.3 ? changedBytes(next, Buffer.from(query)).toString('latin1') : query}`
  return {
    method: pick(next, ['GET', 'GET', 'GET', 'HEAD', 'PUT']),
    target,
    headers: { host: 'sns.test' },
    body: Buffer.alloc(0),
  }
}

/** A call that SNS takes. */
function validParameters(next: Next, { known }: FuzzWorld): Record<string, string> {
  const Action = pick(next, snsOperationNames)
  const name = pick(next, ['a', 'b', 'c', 'files', 'x'.repeat(256)])
  const TopicArn =
    next() < 0.7 ? topicArnOf(pick(next, ['a', 'b'])) : known.length > 0 ? pick(next, known) : topicArnOf('none')
  const SubscriptionArn = known.findLast((arn) => arn.split(':').length === 7) ?? `${TopicArn}:none`
  const ofTopic = { Action, TopicArn }
  const entry = (list: string, [key, value]: readonly [string, string]) => ({
    [`${list}.entry.1.key`]: key,
    [`${list}.entry.1.value`]: value,
  })
  const tag = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'security' }
  const retry =
    '{"healthyRetryPolicy":{"numRetries":3,"minDelayTarget":1,"maxDelayTarget":2,"backoffFunction":"geometric"}}'
  const redrive = JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:${region}:${account}:dead` })
  const attribute = pick(next, [
    ['Policy', trailPolicy('a')],
    ['DisplayName', 'Files'],
    ['SignatureVersion', '2'],
    ['DeliveryPolicy', `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`],
    ['KmsMasterKeyId', 'alias/aws/sns'],
  ] as const)
  const ofSubscription = pick(next, [
    ['RawMessageDelivery', 'true'],
    ['RedrivePolicy', redrive],
    ['DeliveryPolicy', retry],
    ['FilterPolicy', '{"a":["b"]}'],
    ['FilterPolicyScope', 'MessageBody'],
  ] as const)
  const message = {
    Message: next() < 0.8 ? secretText : JSON.stringify({ default: secretText, sqs: 'x' }),
    ...(next() < 0.3 && { Subject: secretText }),
    ...(next() < 0.3 && { MessageStructure: 'json' }),
    ...(next() < 0.3 && {
      'MessageAttributes.entry.1.Name': 'kind',
      'MessageAttributes.entry.1.Value.DataType': pick(next, ['String', 'Number', 'Binary', 'String.Array']),
      'MessageAttributes.entry.1.Value.StringValue': '12',
      'MessageAttributes.entry.1.Value.BinaryValue': 'AAAA',
    }),
  }
  const [Protocol, Endpoint] = pick(next, [
    ['sqs', `arn:aws:sqs:${region}:${account}:${pick(next, ['p', 'q'])}`],
    ['sqs', `arn:aws:sqs:${region}:999988887777:theirs`],
    ['http', 'http://hook.example/x'],
    ['https', 'https://user:password@hook.example:8443/x?token=1'],
  ] as const)
  const batch = Object.fromEntries(
    [1, 2].flatMap((n) => [
      [`PublishBatchRequestEntries.member.${n}.Id`, `e${n}`],
      [`PublishBatchRequestEntries.member.${n}.Message`, secretText],
    ]),
  )
  const byAction: Record<string, Record<string, string>> = {
    CreateTopic: {
      Action,
      Name: name,
      ...(next() < 0.3 && entry('Attributes', attribute)),
      ...(next() < 0.3 && tag),
    },
    ListTopics: { Action, NextToken: '' },
    SetTopicAttributes: { ...ofTopic, AttributeName: attribute[0], AttributeValue: attribute[1] },
    AddPermission: {
      ...ofTopic,
      Label: 'l',
      'AWSAccountId.member.1': '999988887777',
      'ActionName.member.1': 'Publish',
    },
    RemovePermission: { ...ofTopic, Label: 'l' },
    Subscribe: {
      ...ofTopic,
      Protocol,
      Endpoint,
      ReturnSubscriptionArn: 'true',
      ...(next() < 0.4 && entry('Attributes', ofSubscription)),
    },
    ConfirmSubscription: { ...ofTopic, Token: '0'.repeat(96) },
    Unsubscribe: { Action, SubscriptionArn },
    ListSubscriptions: { Action },
    GetSubscriptionAttributes: { Action, SubscriptionArn },
    SetSubscriptionAttributes: {
      Action,
      SubscriptionArn,
      AttributeName: ofSubscription[0],
      AttributeValue: ofSubscription[1],
    },
    Publish: { ...ofTopic, ...message },
    PublishBatch: { ...ofTopic, ...batch },
    TagResource: { Action, ResourceArn: TopicArn, ...tag },
    UntagResource: { Action, ResourceArn: TopicArn, 'TagKeys.member.1': 'team' },
    ListTagsForResource: { Action, ResourceArn: TopicArn },
  }
  return byAction[Action] ?? ofTopic
}

const oddTexts = [
  '',
  ' ',
  '\u0000',
  '\ufffe',
  '😀',
  '-1',
  '1e999',
  '{}',
  '[]',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
  '['.repeat(2_000),
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '<a>&b;</a>',
  'true',
  'x'.repeat(5_000),
  'arn:aws:sns:::',
  'http://169.254.169.254/latest/meta-data/',
] as const

type Parameters = (readonly [string, string])[]

function changed(next: Next, parameters: Parameters, { known }: FuzzWorld): [string, string][] {
  const list = parameters.map(([key, value]): [string, string] => [key, value])
  // Mostly not the action: nothing else would be looked at.
  const at = next() < 0.05 ? 0 : 1 + Math.floor(next() * (list.length - 1))
  const one = list[at] ?? ['Action', 'Publish']
  switch (Math.floor(next() * 7)) {
    case 0:
      list.splice(at, 1)
      break
    case 1:
      list.splice(at, 1, [one[0], pick(next, oddTexts)])
      break
    case 2:
      list.push(one)
      break
    case 3:
      list.push([
        pick(next, ['__proto__', 'A.B.C', 'Tags.member.9999999.Key', 'Attributes.entry.1', 'Message', one[0]]),
        pick(next, oddTexts),
      ])
      break
    case 4:
      list.splice(at, 1, [one[0], changedBytes(next, Buffer.from(one[1])).toString('latin1')])
      break
    case 5:
      list.splice(at, 1, [one[0], known.length > 0 ? pick(next, known) : 'x'])
      break
    default:
      list.splice(at, 1, [changedBytes(next, Buffer.from(one[0])).toString('latin1'), one[1]])
  }
  return list
}

function changedBytes(next: Next, bytes: Buffer): Buffer {
  const changedCopy = Buffer.from(bytes)
  for (let count = 1 + Math.floor(next() * 3); count > 0 && changedCopy.length > 0; count--)
    changedCopy[Math.floor(next() * changedCopy.length)] = Math.floor(next() * 256)
  return next() < 0.3 ? changedCopy.subarray(0, Math.floor(next() * changedCopy.length)) : changedCopy
}
