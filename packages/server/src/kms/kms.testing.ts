import assert from 'node:assert/strict'
import { createSecretKey, hash, randomBytes } from 'node:crypto'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Principal, Role } from '../accounts/index.ts'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { systemRandom, type Random } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { createRefusalRecorder, type Answer, type Exchange, type SharedPathService } from '../http/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { openBytes, sealBytes } from '../keyring/sealed-bytes.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { createKmsFront } from './api/kms-front.ts'
import { createKeyJob } from './key-job.ts'
import { openBuiltInKeys } from './open-built-in-keys.ts'

export const account = '111122223333' as AccountId
export const otherAccount = '999988887777' as AccountId
export const region = 'eu-west-1' as Region
export const otherRegion = 'us-east-1' as Region
export const start = Date.parse('2026-03-04T12:00:00.250Z')
export const dayMs = 86_400_000

const principalOf = (userName: string, role: Role, of: AccountId): Principal => ({
  account: of,
  userName,
  userId: `AIDA${userName.toUpperCase()}`,
  arn: `arn:aws:iam::${of}:user/${userName}`,
  role,
  accessKeyId: `AKID${userName.toUpperCase()}`,
})
/** Alice administers the account and Bob another one. */
export const people = {
  alice: principalOf('alice', 'administrator', account),
  audrey: principalOf('audrey', 'auditor', account),
  paul: principalOf('paul', 'producer', account),
  bob: principalOf('bob', 'administrator', otherAccount),
  bea: principalOf('bea', 'auditor', otherAccount),
}
export type Person = keyof typeof people

const secretOf = ({ accessKeyId }: Principal): string => `secret of ${accessKeyId}`
const credentials = new Map<string, SigningCredential>(
  Object.values(people).map((principal) => [
    principal.accessKeyId,
    { principal, secretAccessKey: secretOf(principal) },
  ]),
)
export const credentialOf = (person: Person) => ({
  accessKeyId: people[person].accessKeyId,
  secretAccessKey: secretOf(people[person]),
})

/** What the key ring does, without its start. */
export function fakeKeyRing(): Pick<KeyRing, 'sealSecret' | 'openSecret' | 'derive'> {
  const root = randomBytes(32)
  const key = createSecretKey(root)
  return {
    sealSecret: (purpose, secret) => sealBytes(key, randomBytes(12), new Uint8Array(0), [secret], purpose),
    openSecret: (purpose, sealed) => openBytes(key, 0, sealed, purpose),
    derive: (purpose) => hash('sha256', Buffer.concat([root, Buffer.from(purpose)]), 'buffer'),
  }
}

export interface KmsWorldOptions {
  readonly control?: ControlStore
  readonly keyRing?: ReturnType<typeof fakeKeyRing>
  readonly time?: { now: number }
  readonly random?: Random
}

export interface KmsReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

export interface CallOptions {
  readonly as?: Person
  readonly region?: Region
}

/** One process of the built-in KMS with its front, but without sockets. */
export async function openKmsWorld(options: KmsWorldOptions = {}) {
  const control = options.control ?? createMemoryControlStore()
  const keyRing = options.keyRing ?? fakeKeyRing()
  const time = options.time ?? { now: start }
  const calls: ApiCall[] = []
  const faults: unknown[] = []
  const trail: SelfTrail & { refusal: Error | undefined } = {
    refusal: undefined,
    record: async (call) => {
      if (trail.refusal) throw trail.refusal
      calls.push(call)
    },
    async commit(writes, call, { committed } = {}) {
      if (trail.refusal) throw trail.refusal
      await control.transact(writes)
      committed?.()
      calls.push(call)
    },
  }
  const keys = await openBuiltInKeys({ control, keyRing, random: options.random ?? systemRandom, now: () => time.now })
  const onFault = (error: unknown): void => void faults.push(error)
  const front = createKmsFront({
    keys,
    selfTrail: trail,
    verifier: createSigV4Verifier({ credential: (id) => credentials.get(id), wall: () => Date.now() }),
    credentials: { accessKey: (id) => credentials.get(id) },
    regions: new Set([region, otherRegion]),
    home: { account, region },
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, account, region, onFault }),
    onFault,
  })
  const job = createKeyJob({ keys, trail, failed: onFault })

  const call = (name: string, input: object, { as = 'alice', region: called = region }: CallOptions = {}) => {
    const body = Buffer.from(JSON.stringify(input))
    const unsigned = {
      method: 'POST',
      target: '/',
      body,
      headers: {
        host: 'kms.test',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `TrentService.${name}`,
      },
    }
    const headers = signRequest(unsigned, { ...credentialOf(as), region: called, service: 'kms' }, Date.now())
    return sendTo(front, headers, body)
  }
  return {
    control,
    keyRing,
    time,
    keys,
    front,
    trail,
    calls,
    faults,
    job,
    call,
    /** The answer's members; the call must succeed. */
    async ok(name: string, input: object, from?: CallOptions) {
      const reply = await call(name, input, from)
      assert.equal(reply.status, 200, `${name}: ${reply.text}`)
      return reply.body
    },
    /** The exception's name; the call must fail. */
    async refusal(name: string, input: object, from?: CallOptions): Promise<string> {
      const reply = await call(name, input, from)
      assert.notEqual(reply.status, 200, `${name} accepted ${JSON.stringify(input).slice(0, 200)}`)
      return String(reply.body['__type'])
    },
    async createKey(input: object = {}, from?: CallOptions): Promise<{ id: string; arn: string }> {
      const reply = await call('CreateKey', input, from)
      assert.equal(reply.status, 200, reply.text)
      const { KeyId: id, Arn: arn } = reply.body['KeyMetadata'] as { KeyId: string; Arn: string }
      return { id, arn }
    },
    /** The record of the newest call. */
    lastCall: (): ApiCall => calls.at(-1)!,
  }
}
export type KmsWorld = Awaited<ReturnType<typeof openKmsWorld>>

/** A request as the front sees it, and what it answered: exactly once. */
export async function sendTo(
  front: SharedPathService,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  target = '/',
): Promise<KmsReply> {
  const answers: Answer[] = []
  const exchange = exchangeOf(headers, body, target, (answer) => void answers.push(answer))
  await front.handle(exchange)
  const [answer, ...more] = answers
  assert.ok(answer && more.length === 0, `${answers.length} answers`)
  const text = Buffer.from(answer.body ?? '').toString()
  return {
    status: answer.status,
    headers: answer.headers ?? {},
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    text,
  }
}

/** As much of an exchange as the front looks at. */
export function exchangeOf(
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  target: string,
  respond: (answer: Answer) => void,
): Exchange {
  const exchange: Partial<Exchange> = {
    wire: { method: 'POST', target, rawHeaders: Object.entries(headers).flat() },
    path: '/',
    query: target.slice(2),
    requestId: '00000000-0000-4000-8000-000000000000',
    sourceIPAddress: '203.0.113.7',
    userAgent: headers['user-agent'] ?? 'test',
    header: (name) => headers[name],
    readBody: async () => body,
    respond,
  }
  return exchange as Exchange
}

/** Base64 as the protocol has it. */
export const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')
