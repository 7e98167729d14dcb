import assert from 'node:assert/strict'
import type { SigV4Verifier } from '../auth/index.ts'
import { credentialOf, exampleKey } from '../auth/sigv4.testing.ts'
import { systemClocks } from '../clock/index.ts'
import { createMemoryControlStore } from '../control/index.ts'
import { fuzzFront, type FuzzOptions, type FuzzSummary } from '../http/front-fuzz.testing.ts'
import { createRefusalRecorder, type Answer, type Exchange, type Route } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import { openQueues } from './open-queues.ts'
import { account, region, noon, plainCipher, recordingTrail } from './queues.testing.ts'
import { sqsOperations } from './sqs-operations.ts'

/** Inputs before everything starts afresh: what was sent is held in memory. */
const inputsPerWorld = 4_000
/** Stands for all messages: nothing of it may get into a record. */
const secretText = 'the-secret-that-no-record-holds'

/**
 * Sends `inputs` requests, most of them valid but for a few changes, through SQS's front, in both protocols. Each has to be
 * answered once, in the form of the protocol it spoke, without a failure of ours. The signature check is left out, so that
 * what is behind it is reached. @throws with seed, number and request of the first other one.
 */
export const fuzzSqs = (options: FuzzOptions): Promise<FuzzSummary> =>
  fuzzFront(options, {
    inputsPerWorld,
    openWorld,
    buildRequest,
    async sendChecked(world, request) {
      const outcome = await sendChecked(world, request)
      if (request.isDeletion) await makeQueues(world)
      return outcome
    },
  })

type Next = () => number
type Structure = Readonly<Record<string, unknown>>

interface World {
  readonly front: Route
  readonly calls: ApiCall[]
  readonly faults: unknown[]
  readonly clock: { now: number }
  tidy(): Promise<void>
  /** Receipt handles that were given out, to be sent again. */
  readonly handles: string[]
}
const handlesMax = 50

/** Whoever calls is an administrator, without proof. */
const trusting: SigV4Verifier = {
  verify: () => ({
    principal: credentialOf(exampleKey).principal,
    region: 'eu-west-1',
    service: 'sqs',
    payload: { kind: 'checked' },
  }),
}

async function openWorld(next: Next): Promise<World> {
  const random = { bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) }
  const control = createMemoryControlStore()
  const clock = { now: noon }
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const queues = await openQueues({
    control,
    cipher: plainCipher,
    receiptKey: Buffer.alloc(32, 7),
    clocks: { ...systemClocks, domain: () => clock.now },
    random,
    onFault,
  })
  // Nobody would send what a receive could wait for.
  queues.endWaits()
  const selfTrail = recordingTrail(control)
  const front = queues.front({
    verifier: trusting,
    credentials: { accessKey: () => undefined },
    regions: new Set(['eu-west-1']),
    selfTrail,
    refusals: createRefusalRecorder({ selfTrail, random, account, region, onFault }),
    home: { account, region },
    onFault,
  })
  const tidy = async () => {
    for (const job of queues.jobs) await job.run(clock.now)
  }
  const world: World = { front, calls: selfTrail.calls, faults, clock, tidy, handles: [] }
  await makeQueues(world)
  return world
}

/** Those that are there already stay as they are. */
async function makeQueues(world: World): Promise<void> {
  for (const [name, attributes] of [
    ['dead', {}],
    ['q', { VisibilityTimeout: '5', RedrivePolicy: redrivePolicy }],
    ['f.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' }],
  ] as const)
    await sendChecked(world, jsonRequest('CreateQueue', { QueueName: name, Attributes: attributes }))
}

const arnOf = (name: string) => `arn:aws:sqs:eu-west-1:${account}:${name}`
const redrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 2 })
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'a', Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' }],
})

interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly isDeletion?: boolean
  /** Its bytes were changed: what was a message may have become part of another parameter. */
  readonly isDamaged?: boolean
}

const jsonRequest = (name: string, input: unknown): FuzzRequest => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${name}` },
  body: Buffer.from(typeof input === 'string' ? input : JSON.stringify(input)),
})

const pick = <T>(next: Next, list: readonly T[]): T => list[Math.floor(next() * list.length)]!
const operationNames = [...sqsOperations.keys()]
const often = ['SendMessage', 'SendMessageBatch', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility']
const urls = ['q', 'q', 'q', 'f.fifo', 'f.fifo', 'dead', 'made', 'nope'].map((name) => `http://h/${account}/${name}`)

/** A valid input of any operation: with every member that some operation knows. */
function validInput(next: Next, { handles }: World): Record<string, unknown> {
  const text = `${secretText} ${Math.floor(next() * 1_000)}`
  const handle = handles.length > 0 && next() < 0.9 ? pick(next, handles) : 'AAAA'
  const attribute = { DataType: 'String', StringValue: text }
  const messageAttributes = next() < 0.3 ? { MessageAttributes: { a: attribute, b: attribute } } : {}
  const message = {
    MessageBody: text,
    ...messageAttributes,
    ...(next() < 0.5 && { MessageGroupId: pick(next, ['g', 'h']) }),
  }
  return {
    QueueUrl: pick(next, urls),
    QueueName: pick(next, ['q', 'made', 'made.fifo', 'f.fifo']),
    ...message,
    ...(next() < 0.2 && { DelaySeconds: 1 }),
    ReceiptHandle: handle,
    VisibilityTimeout: pick(next, [0, 5, 30]),
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 1,
    AttributeNames: ['All'],
    MessageAttributeNames: ['All', 'a.*'],
    TagKeys: ['Env'],
    Tags: { Env: 'x' },
    Label: pick(next, ['a', 'b']),
    AWSAccountIds: ['999988887777'],
    Actions: ['SendMessage'],
    Entries: ['one', 'two'].map((Id) => ({ Id, ...message, ReceiptHandle: handle, VisibilityTimeout: 5 })),
  }
}

/** What only makes sense for one operation. */
function memberOf(next: Next, operation: string): Structure {
  if (operation !== 'SetQueueAttributes' && operation !== 'CreateQueue') return {}
  const attributes = [
    {},
    { VisibilityTimeout: '7' },
    { Policy: policy },
    { Policy: '' },
    { RedrivePolicy: redrivePolicy },
    { RedriveAllowPolicy: '{"redrivePermission":"byQueue","sourceQueueArns":["x"]}' },
    { FifoQueue: 'true' },
    { KmsMasterKeyId: 'alias/x' },
    { Unknown: 'x' },
  ]
  return { Attributes: pick(next, attributes) }
}

const hostileTexts = [
  '',
  '\u0000',
  '\ud800',
  '\ufffe',
  '../..',
  `http://h/${account}/../q`,
  '__proto__',
  'constructor',
  '<x>&amp;]]>',
  '%zz',
  '9'.repeat(30),
  'x'.repeat(3_000),
  '{"a":',
  '[[[[',
  'true',
  '-1',
  '1e9',
  arnOf('q'),
]
const hostileValues: readonly unknown[] = [
  ...hostileTexts,
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  [],
  {},
  [null],
  [[[]]],
  { a: { a: { a: {} } } },
  [{}],
  Array.from({ length: 12 }, (_, at) => ({ Id: `i${at}` })),
]

/** Some of the members, a few of them not what they should be. */
function mutate(next: Next, input: Record<string, unknown>): Record<string, unknown> {
  for (let times = Math.floor(next() * 3); times > 0; times--) {
    const name = pick(next, Object.keys(input))
    const kind = next()
    const value = input[name]
    if (kind < 0.25) delete input[name]
    else if (kind < 0.5 && typeof value === 'object' && value !== null && Object.keys(value).length > 0)
      input[name] = Array.isArray(value)
        ? value.map((item: unknown) => mutateItem(next, item))
        : mutateItem(next, value)
    else if (kind < 0.55) input[pick(next, hostileTexts)] = value
    else input[name] = pick(next, hostileValues)
    if (Object.keys(input).length === 0) return input
  }
  return input
}

const mutateItem = (next: Next, item: unknown): unknown =>
  typeof item === 'object' && item !== null && Object.keys(item).length > 0
    ? mutate(next, { ...item })
    : pick(next, hostileValues)

/** Changes bytes: what no encoder writes. */
function mutateBytes(next: Next, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  for (let times = 1 + Math.floor(next() * 3); times > 0 && changed.length > 0; times--)
    changed[Math.floor(next() * changed.length)] = Math.floor(next() * 256)
  return next() < 0.3 ? changed.subarray(0, Math.floor(next() * changed.length)) : changed
}

function buildRequest(next: Next, world: World): FuzzRequest {
  const operation = next() < 0.6 ? pick(next, often) : pick(next, operationNames)
  const input = mutate(next, { ...validInput(next, world), ...memberOf(next, operation) })
  const name = next() < 0.99 ? operation : pick(next, hostileTexts)
  const request = next() < 0.5 ? jsonRequest(name, input) : queryRequest(next, name, input)
  const isDamaged = next() < 0.1
  const body = isDamaged ? mutateBytes(next, request.body) : request.body
  const headers = next() < 0.01 ? { ...request.headers, 'content-type': pick(next, hostileTexts) } : request.headers
  return {
    ...request,
    headers: { host: next() < 0.02 ? pick(next, hostileTexts) : 'localhost:1', ...headers },
    body,
    isDeletion: operation === 'DeleteQueue',
    isDamaged,
  }
}

/** The same input in the words of the Query protocol, as far as it has words for it. */
function queryRequest(next: Next, operation: string, input: Structure): FuzzRequest {
  const form = new URLSearchParams({ Action: operation })
  const add = (name: string, value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return form.append(name, String(value))
    if (depth > 8) return
    if (Array.isArray(value))
      return value.forEach((item, at) => add(`${singular(name, operation)}.${at + 1}`, item, depth + 1))
    if (/\.\d+$|Value$/.test(name))
      return Object.entries(value).forEach(([key, member]) => add(`${name}.${key}`, member, depth + 1))
    const key = name.startsWith('Tag') ? 'Key' : 'Name'
    Object.entries(value).forEach(([word, member], at) => {
      form.append(`${singular(name, operation)}.${at + 1}.${key}`, word)
      add(`${singular(name, operation)}.${at + 1}.Value`, member, depth + 1)
    })
  }
  for (const [name, value] of Object.entries(input)) add(name, value, 0)
  const text = form.toString()
  const inQuery = next() < 0.1
  return {
    method: inQuery ? 'GET' : 'POST',
    path: next() < 0.2 ? `/${account}/${pick(next, ['q', 'f.fifo', '..', ''])}` : '/',
    query: inQuery ? text : '',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Buffer.from(inQuery ? '' : text),
  }
}

const singular = (name: string, operation: string): string =>
  name === 'Entries' ? `${operation}RequestEntry` : name === 'Actions' ? 'ActionName' : name.replace(/s$/, '')

async function sendChecked(world: World, request: FuzzRequest): Promise<string> {
  const { headers, body } = request
  const before = world.calls.length
  const answers: Answer[] = []
  const exchange = {
    wire: {
      method: request.method,
      target: `${request.path}?${request.query}`,
      rawHeaders: Object.entries(headers).flat(),
    },
    path: request.path,
    query: request.query,
    requestId: 'request-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: 'fuzz',
    signal: new AbortController().signal,
    header: (name: string) => headers[name],
    readBody: () => Promise.resolve(body),
    respond: (answer: Answer) => void answers.push(answer),
  } as unknown as Exchange
  world.front.claims?.(exchange.wire)
  await world.front.handle(exchange)
  assert.equal(answers.length, 1, 'answers')
  assert.equal(world.faults.length, 0, String(world.faults[0]))
  const outcome = checkAnswer(answers[0]!, world)
  if (!request.isDamaged)
    assert.ok(!JSON.stringify(world.calls.slice(before)).includes(secretText), 'a record holds a message')
  if (world.calls.length > 1_000) {
    world.calls.length = 0
    world.clock.now += 20_000
    await world.tidy()
  }
  return outcome
}

const statuses = new Set([200, 400, 403, 404])

/** @returns `ok`, or the Query protocol's code. */
function checkAnswer({ status, headers = {}, body = '' }: Answer, { handles }: World): string {
  const text = String(body)
  assert.ok(statuses.has(status), `status ${status}: ${text}`)
  const isJson = headers['Content-Type'] === 'application/x-amz-json-1.0'
  assert.ok(isJson || headers['Content-Type'] === 'text/xml')
  if (!isJson) {
    // oxlint-disable-next-line no-control-regex -- what XML 1.0 has no place for
    assert.ok(text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text), text)
    const root = status === 200 ? '[A-Za-z]+Response' : 'ErrorResponse'
    assert.match(text, new RegExp(`^<\\?xml version="1.0"\\?><(${root}) xmlns="[^"]+">.*</\\1>$`, 's'))
    for (const [, handle] of text.matchAll(/<ReceiptHandle>(.*?)<\/ReceiptHandle>/g)) handles.push(handle!)
    while (handles.length > handlesMax) handles.shift()
    return status === 200 ? 'ok' : (/<Code>([\w.]+)<\/Code>/.exec(text)?.[1] ?? assert.fail(text))
  }
  const answer = JSON.parse(text) as Structure
  if (status === 200) {
    for (const { ReceiptHandle } of (answer['Messages'] ?? []) as { ReceiptHandle: string }[])
      handles.push(ReceiptHandle)
    while (handles.length > handlesMax) handles.shift()
    return 'ok'
  }
  assert.deepEqual(Object.keys(answer), ['__type', 'message'])
  assert.match(String(answer['__type']), /^com\.amazon(?:aws\.sqs|\.coral\.service)#\w+$/)
  assert.ok(typeof answer['message'] === 'string' && answer['message'].length < 1_000)
  const [code, fault] = (headers['x-amzn-query-error'] ?? '').split(';')
  assert.equal(fault, 'Sender')
  assert.match(code!, /^[\w.]+$/)
  return code!
}
