import assert from 'node:assert/strict'
import type { Region } from '@opentrail/core/event'
import { signRequest } from '../auth/index.ts'
import { fuzzFront, type FuzzOptions, type FuzzSummary } from '../http/front-fuzz.testing.ts'
import { builtKmsOperations, kmsOperations } from './api/operation-table.ts'
import {
  base64,
  credentialOf,
  exchangeOf,
  openKmsWorld,
  otherRegion,
  people,
  region,
  sendTo,
  type KmsReply,
  type KmsWorld,
  type Person,
} from './kms.testing.ts'

/** Inputs before everything starts afresh: what was made is held in memory. */
const inputsPerWorld = 4_000
/** Stands for all data: nothing of it may get into a record. */
const secretText = base64('the secret that no record holds')

/**
 * Sends `inputs` requests, most of them valid but for a few changes, into the front of the built-in KMS. Each has to be
 * answered once, in the protocol's form, without a failure of ours. @throws with seed, number and request of the first other one.
 */
export const fuzzKms = (options: FuzzOptions): Promise<FuzzSummary> =>
  fuzzFront(options, {
    inputsPerWorld,
    openWorld: openFuzzWorld,
    buildRequest,
    async sendChecked(world, request) {
      const reply = await sendChecked(world.world, request)
      remember(world, reply)
      return reply.status === 200 ? 'ok' : String(reply.body['__type'])
    },
  })

interface FuzzWorld {
  readonly world: KmsWorld
  readonly keyIds: string[]
  readonly ciphertexts: string[]
}

/** Kept of what was answered, to be sent again. */
const rememberedMax = 50

async function openFuzzWorld(next: Next): Promise<FuzzWorld> {
  const random = { bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) }
  const world = await openKmsWorld({ random })
  const keyIds: string[] = []
  const ciphertexts: string[] = []
  for (let count = 0; count < 3; count++) {
    const { id, arn } = await world.createKey()
    keyIds.push(id, arn)
    await world.ok('CreateAlias', { AliasName: `alias/key-${count}`, TargetKeyId: id })
    const { CiphertextBlob } = await world.ok('Encrypt', { KeyId: id, Plaintext: secretText })
    ciphertexts.push(CiphertextBlob as string)
  }
  return { world, keyIds, ciphertexts }
}

function remember({ keyIds, ciphertexts, world }: FuzzWorld, { body }: KmsReply): void {
  const { KeyMetadata, CiphertextBlob } = body
  if (KeyMetadata) keyIds.push((KeyMetadata as { KeyId: string }).KeyId)
  if (typeof CiphertextBlob === 'string') ciphertexts.push(CiphertextBlob)
  for (const list of [keyIds, ciphertexts]) if (list.length > rememberedMax) list.shift()
  if (world.calls.length > 1_000) world.calls.splice(0, 900)
}

interface FuzzRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly target: string
}

const statuses = new Set([200, 400, 403, 404, 412])

async function sendChecked(world: KmsWorld, { headers, body, target }: FuzzRequest): Promise<KmsReply> {
  world.front.claims(exchangeOf(headers, body, target, () => {}))
  const before = world.calls.length
  const reply = await sendTo(world.front, headers, body, target)
  assert.equal(world.faults.length, 0, String(world.faults[0]))
  assert.ok(statuses.has(reply.status), `status ${reply.status}: ${reply.text}`)
  assert.equal(reply.headers['Content-Type'], 'application/x-amz-json-1.1')
  if (reply.status !== 200) {
    const { __type: type, message, Message, ...rest } = reply.body
    assert.match(String(type), /^[A-Za-z]+Exception$/)
    assert.equal(reply.headers['x-amzn-ErrorType'], type)
    assert.deepEqual(rest, {})
    for (const text of [message, Message]) assert.ok(text === undefined || typeof text === 'string')
    assert.ok(reply.text.length < 20_000, `an answer of ${reply.text.length} characters`)
  }
  const records = JSON.stringify(world.calls.slice(before))
  assert.ok(!records.includes(secretText), 'a record holds what was to be encrypted')
  return reply
}

type Next = () => number
const pick = <T>(next: Next, list: readonly T[]): T => list[Math.floor(next() * list.length)]!

function buildRequest(next: Next, world: FuzzWorld): FuzzRequest {
  const name = next() < 0.95 ? pick(next, builtKmsOperations) : pick(next, kmsOperations).name
  let members = validMembers(next, name, world)
  for (let changes = Math.floor(next() * 4); changes > 0; changes--) members = changeMembers(next, members, world)
  let body: Buffer = Buffer.from(JSON.stringify(members))
  if (next() < 0.1) body = changeBytes(next, body)
  const target =
    next() < 0.02
      ? `/?${changeBytes(next, Buffer.from('X-Amz-Credential=a%2Fkms%2Faws4_request')).toString('latin1')}`
      : '/'
  return { headers: buildHeaders(next, name, body, target), body, target }
}

function buildHeaders(next: Next, name: string, body: Buffer, target: string): Record<string, string> {
  const headers: Record<string, string> = {
    host: 'kms.test',
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `TrentService.${name}`,
  }
  if (next() < 0.02)
    headers['content-type'] = pick(next, ['text/xml', 'application/x-amz-json-1.0; charset=x', '', ';'])
  if (next() < 0.02)
    headers['x-amz-target'] = pick(next, ['TrentService.', '.', 'toString', 'TrentService.__proto__', ''])
  if (next() < 0.01) return headers
  const person = pick(next, Object.keys(people) as Person[])
  const who = next() < 0.7 ? 'alice' : person
  const scope = { region: next() < 0.95 ? region : pick(next, [otherRegion, 'xx' as Region]), service: 'kms' }
  const signed = signRequest(
    { method: 'POST', target, headers, body },
    { ...credentialOf(who), ...scope, service: next() < 0.99 ? 'kms' : 's3' },
    Date.now(),
  )
  if (next() < 0.02)
    signed['authorization'] = changeBytes(next, Buffer.from(signed['authorization']!)).toString('latin1')
  return signed
}

/** A request that KMS takes, as far as it has members. */
function validMembers(next: Next, name: string, { keyIds, ciphertexts }: FuzzWorld): Record<string, unknown> {
  const KeyId = pick(next, [...keyIds, 'alias/key-0', 'alias/key-1'])
  const context = pick(next, [{}, { a: 'b' }, { 'aws:cloudtrail:arn': 'arn', 'aws:s3:arn': 'x' }])
  const whole = pick(next, ciphertexts)
  const CiphertextBlob = next() < 0.5 ? whole : base64(changeBytes(next, Buffer.from(whole, 'base64')))
  const alias = `alias/${pick(next, ['a', 'b', 'c', 'key-2'])}`
  const byName: Record<string, Record<string, unknown>> = {
    CreateAlias: { AliasName: alias, TargetKeyId: pick(next, keyIds) },
    CreateKey: { Description: 'd', Tags: [{ TagKey: 'a', TagValue: 'b' }] },
    Decrypt: { CiphertextBlob, EncryptionContext: next() < 0.7 ? {} : context },
    DeleteAlias: { AliasName: alias },
    Encrypt: { KeyId, Plaintext: secretText, EncryptionContext: context },
    GenerateDataKey: { KeyId, KeySpec: 'AES_256', EncryptionContext: context },
    GenerateDataKeyWithoutPlaintext: { KeyId, NumberOfBytes: 24 },
    GenerateRandom: { NumberOfBytes: 16 },
    ImportKeyMaterial: { KeyId, EncryptedKeyMaterial: secretText, ImportToken: secretText },
    ListKeys: { Limit: 2 },
    PutKeyPolicy: { KeyId, Policy: policy(next), BypassPolicyLockoutSafetyCheck: next() < 0.1 },
    ReEncrypt: { CiphertextBlob, DestinationKeyId: KeyId },
    ScheduleKeyDeletion: { KeyId, PendingWindowInDays: 7 },
    Sign: { KeyId, Message: secretText },
    TagResource: { KeyId, Tags: [{ TagKey: 't', TagValue: 'v' }] },
    UntagResource: { KeyId, TagKeys: ['t'] },
    UpdateAlias: { AliasName: alias, TargetKeyId: pick(next, keyIds) },
    UpdateKeyDescription: { KeyId, Description: 'other' },
  }
  return byName[name] ?? { KeyId }
}

function policy(next: Next): string {
  const statement = {
    Effect: pick(next, ['Allow', 'Allow', 'Deny', 'x']),
    Principal: pick<unknown>(next, [
      '*',
      { AWS: people.alice.arn },
      { AWS: '111122223333' },
      { Service: 's3.amazonaws.com' },
    ]),
    Action: pick<unknown>(next, ['kms:*', ['kms:Encrypt', 'kms:Put*'], '*', 'x']),
    Resource: '*',
    Condition: pick<unknown>(next, [
      {},
      { StringLike: { 'kms:EncryptionContext:a': 'b*?${aws:username}' } },
      { Bool: 7 },
    ]),
  }
  const text = JSON.stringify({
    Version: '2012-10-17',
    Statement: [statement, { ...statement, Effect: 'Allow', Condition: {} }],
  })
  return next() < 0.3 ? changeBytes(next, Buffer.from(text)).toString('latin1') : text
}

const otherNames =
  `KeyId GrantTokens Limit Marker DryRun Recipient EncryptionAlgorithm KeySpec KeyUsage Origin MultiRegion Policy
  PolicyName Tags NumberOfBytes PendingWindowInDays RotationPeriodInDays EncryptionContext SourceKeyId IncludeKeyMaterial
  CustomKeyStoreId constructor toString`.split(/\s+/)

/** One member changed, taken away or added. */
function changeMembers(
  next: Next,
  members: Readonly<Record<string, unknown>>,
  world: FuzzWorld,
): Record<string, unknown> {
  const name = next() < 0.6 ? (pick(next, Object.keys(members)) ?? 'KeyId') : pick(next, otherNames)
  if (next() < 0.15) return Object.fromEntries(Object.entries(members).filter(([each]) => each !== name))
  return { ...members, [name]: anyValue(next, world, 0) }
}

const texts: readonly string[] = [
  '',
  ' ',
  '\0',
  '"\\',
  'null',
  '__proto__',
  'alias/',
  'alias/aws/s3',
  'arn:',
  'arn:aws:kms:eu-west-1:111122223333:key/',
  'arn:aws:kms:us-east-1:111122223333:alias/key-0',
  '00000000-0000-4000-8000-000000000000',
  'mrk-00000000000000000000000000000000',
  '\ud83d\ude00 ünïcödé \u202e',
  '\ud800',
  'SYMMETRIC_DEFAULT',
  'RSA_2048',
  'AAAA',
  'A===',
  'djE6eA',
  '<xml/>',
  '${aws:username}',
  '../../etc/passwd',
]
const numbers = [0, 1, -1, 7, 30, 31, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 90, 2_560, 1_024]

function anyValue(next: Next, world: FuzzWorld, depth: number): unknown {
  const kind = Math.floor(next() * 10)
  if (kind < 4) return pick(next, texts)
  if (kind === 4) return pick(next, numbers)
  if (kind === 5) return pick(next, [null, true, false])
  if (kind === 6) return pick(next, [...world.keyIds, ...world.ciphertexts])
  if (kind === 7) return pick(next, ['x', 'A', 'é', '{']).repeat(Math.floor(next() ** 6 * 20_000))
  const length = Math.floor(next() * 4)
  if (depth > 3) return []
  if (kind === 8) return Array.from({ length }, () => anyValue(next, world, depth + 1))
  const pairs = Array.from({ length }, () => [pick(next, [...texts, ...otherNames]), anyValue(next, world, depth + 1)])
  return Object.fromEntries(pairs as [string, unknown][])
}

/** Bytes flipped, taken out, doubled, or put in. */
function changeBytes(next: Next, bytes: Buffer): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let count = 1 + Math.floor(next() * 3); count > 0 && changed.length > 0; count--) {
    const at = Math.floor(next() * changed.length)
    const end = Math.min(changed.length, at + 1 + Math.floor(next() * 8))
    const [head, middle, tail] = [changed.subarray(0, at), changed.subarray(at, end), changed.subarray(end)]
    const kind = Math.floor(next() * 4)
    if (kind === 0) changed[at]! ^= 1 << Math.floor(next() * 8)
    else if (kind === 1) changed = Buffer.concat([head, tail])
    else if (kind === 2) changed = Buffer.concat([head, middle, middle, tail])
    else
      changed = Buffer.concat([head, Buffer.from(pick(next, ['"', '{', '[', '\\u0000', '\0', '\xff', ',', '}'])), tail])
  }
  return changed
}
