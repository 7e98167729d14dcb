import assert from 'node:assert/strict'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom, systemTimers, type Timers } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { home, send, startServer, type Reply } from '../http/http.testing.ts'
import type { RecordCipher } from '../keyring/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { openQueues, type Queues } from './open-queues.ts'

export const { account, region } = home
export const otherAccount = '999988887777'
export const noon = Date.parse('2026-11-21T12:00:00Z')
export const auditorKey = { accessKeyId: 'AKIDAUDITOR', secretAccessKey: 'auditor-secret' }
export const producerKey = { accessKeyId: 'AKIDPRODUCER', secretAccessKey: 'producer-secret' }
/** An administrator of another account. */
export const strangerKey = { accessKeyId: 'AKIDSTRANGER', secretAccessKey: 'stranger-secret' }

const stranger: SigningCredential = {
  ...credentialOf(strangerKey),
  principal: {
    ...credentialOf(strangerKey).principal,
    account: otherAccount as typeof account,
    arn: `arn:aws:iam::${otherAccount}:user/mallory`,
  },
}

/** Leaves everything readable but says who may read it. */
export const plainCipher: RecordCipher = {
  prepare: () => Promise.resolve(),
  seal: (of, plaintext, context) => Buffer.concat([Buffer.from(`${of}\n${context}\n`), ...plaintext]),
  open(of, sealed, context) {
    const head = `${of}\n${context}\n`
    const text = Buffer.from(sealed)
    if (!text.subarray(0, Buffer.byteLength(head)).equals(Buffer.from(head))) throw new Error('of another place')
    return Promise.resolve(text.subarray(Buffer.byteLength(head)))
  },
}

/** Records calls, and makes changes where they belong. */
export function recordingTrail(control: ControlStore): SelfTrail & { readonly calls: ApiCall[]; failing: boolean } {
  const trail = {
    calls: [] as ApiCall[],
    failing: false,
    record(call: ApiCall) {
      if (trail.failing) return Promise.reject(new Error('the journal is full'))
      trail.calls.push(call)
      return Promise.resolve()
    },
    async commit(...[writes, call, options]: Parameters<SelfTrail['commit']>) {
      if (trail.failing) throw new Error('the journal is full')
      await control.transact(writes)
      options?.committed?.()
      trail.calls.push(call)
    },
  }
  return trail
}

export interface TestOptions {
  readonly control?: ControlStore
  readonly cipher?: RecordCipher
  readonly timers?: Timers
  readonly waitersMax?: number
}

/** Queues with SQS in front of them on a socket, by a clock that the test sets. */
export async function startQueues({ control = createMemoryControlStore(), ...options }: TestOptions = {}) {
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const clock = { now: noon }
  const queues = await openQueues({
    control,
    cipher: plainCipher,
    receiptKey: Buffer.alloc(32, 7),
    clocks: { ...systemClocks, domain: () => clock.now },
    random: systemRandom,
    timers: systemTimers,
    onFault,
    ...options,
  })
  const source = credentialSource(
    credentialOf(exampleKey),
    credentialOf(auditorKey, 'auditor'),
    credentialOf(producerKey, 'producer'),
    stranger,
  )
  const selfTrail = recordingTrail(control)
  const front = queues.front({
    verifier: createSigV4Verifier({ credential: (id) => source.accessKey(id), wall: () => systemClocks.wall() }),
    credentials: source,
    regions: new Set(['eu-west-1', 'us-east-1']),
    selfTrail,
    refusals: createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault }),
    home,
    onFault,
  })
  const { server } = await startServer({ routes: [front], onFault })
  const caller = callerOf(server)
  return {
    ...caller,
    server,
    queues,
    control,
    clock,
    selfTrail,
    faults,
    /** What the schedule would do now. */
    runJobs: () => runJobs(queues, clock.now),
    [Symbol.asyncDispose]: async () => {
      queues.endWaits()
      await server.close(0)
    },
  }
}

async function runJobs({ jobs }: Queues, now: number): Promise<void> {
  for (const job of jobs) await job.run(now)
}

export interface CallOptions {
  readonly key?: typeof exampleKey
  readonly region?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

type Output = Readonly<Record<string, unknown>>
export interface Message {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly MD5OfBody: string
  readonly Attributes?: Readonly<Record<string, string>>
  readonly MessageAttributes?: Readonly<Record<string, Output>>
  readonly MD5OfMessageAttributes?: string
}

function callerOf(server: HttpServer) {
  const post = (body: string | Buffer, headers: Readonly<Record<string, string>>, options: CallOptions) =>
    signed(server, { body, ...options, headers: { ...headers, ...options.headers } })
  const json = (name: string, input: object, options: CallOptions = {}): Promise<Reply> =>
    post(
      JSON.stringify(input),
      { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${name}` },
      options,
    )
  const query = (name: string, parameters: Readonly<Record<string, string>>, options: CallOptions = {}) =>
    post(
      new URLSearchParams({ Action: name, Version: '2012-11-05', ...parameters }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      options,
    )
  /** The output of a call that must succeed. */
  async function call(name: string, input: object, options: CallOptions = {}): Promise<Output> {
    const { status, text } = await json(name, input, options)
    assert.equal(status, 200, `${name}: ${text}`)
    return JSON.parse(text) as Output
  }
  return {
    json,
    query,
    call,
    /** The Query protocol's code of a call that must fail. */
    async refusal(name: string, input: object, options: CallOptions = {}): Promise<string> {
      const { status, headers, text } = await json(name, input, options)
      assert.notEqual(status, 200, text)
      return String(headers['x-amzn-query-error']).split(';')[0]!
    },
    /** The URL of a new queue. */
    async createQueue(name = 'q', attributes: Readonly<Record<string, string>> = {}): Promise<string> {
      return String((await call('CreateQueue', { QueueName: name, Attributes: attributes }))['QueueUrl'])
    },
    async receive(url: string, input: object = {}): Promise<readonly Message[]> {
      const { Messages = [] } = await call('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10, ...input })
      return Messages as Message[]
    },
  }
}

/** A signed request as written. */
export function signed(
  server: HttpServer,
  request: CallOptions & { readonly body: string | Buffer; readonly method?: string; readonly service?: string },
): Promise<Reply> {
  const { body, key = exampleKey, region = 'eu-west-1', path = '/', method = 'POST', service = 'sqs' } = request
  const headers = signRequest(
    {
      method,
      target: path,
      body: Buffer.from(body),
      headers: { host: `${server.host}:${server.port}`, ...request.headers },
    },
    { ...key, region, service },
    Date.now(),
  )
  return send(server, { method, path, headers, body })
}
