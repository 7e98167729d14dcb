import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { cloudTrailBucketPolicy, mayDeliver } from './cloudtrail-bucket-policy.ts'
import { conditionOperators } from './condition-operators.ts'
import { evaluatePolicies } from './evaluate-policies.ts'
import { parsePolicy } from './parse-policy.ts'
import type { PolicyDocument } from './policy-document.ts'
import { policyText, readPolicy, request, statement, type Json } from './policy.testing.ts'

const delivery = {
  partition: 'aws',
  bucket: 'logs',
  account: '111122223333',
  trailArn: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main',
}
const condition = {
  'ForAnyValue:StringLikeIfExists': { 'aws:TagKeys': ['a*', "${aws:username, 'x'}?"] },
  ArnNotLike: { 'aws:SourceArn': 'arn:aws:*:::x' },
  NumericLessThan: { 's3:max-keys': 10 },
  DateGreaterThan: { 'aws:CurrentTime': '2026-03-04T00:00:00Z' },
  NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] },
  Null: { 'kms:EncryptionContext:aws:cloudtrail:arn': false },
}
const seeds = [
  cloudTrailBucketPolicy({ ...delivery, accounts: ['111122223333', '444455556666'], trailArns: [delivery.trailArn] }),
  policyText(
    statement({ Sid: 'One', Condition: condition }),
    statement({ Effect: 'Deny', Resource: undefined, NotResource: '*' }),
  ),
  policyText(
    statement({ Principal: { AWS: ['111122223333', 'arn:aws:iam::111122223333:role/a/b'], Federated: 'x.y' } }),
  ),
]
const requests = [
  request(),
  request({
    principal: { kind: 'aws', account: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/b/c' },
    context: {
      'aws:TagKeys': ['ab', ''],
      'aws:SourceArn': delivery.trailArn,
      'aws:SourceIp': '::1',
      's3:max-keys': '3',
    },
  }),
]

const effects = new Set(['allow', 'deny', 'none'])

/** Reads the text as both kinds; what is accepted must have an answer for every request. */
function judge(text: string): number {
  let accepted = 0
  for (const kind of ['resource', 'identity'] as const) {
    const reading = parsePolicy(text, kind)
    if (!reading.ok) {
      assert.ok(reading.message.length > 0 && reading.message.length < 500, reading.message)
      continue
    }
    accepted++
    for (const ask of requests) assert.ok(effects.has(evaluatePolicies([reading.policy], ask).effect))
    mayDeliver([reading.policy], delivery)
  }
  return accepted
}

const tokens = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '*',
  '?',
  '${',
  '}',
  '\\u0000',
  '\\',
  'null',
  '1e999',
  '-',
  'é',
  '\ud800',
  'IfExists',
  '__proto__',
]

/** A small generator of our own: the same texts in every run, from a seed that is kept here. */
function* mutations(count: number): Generator<string> {
  let state = 20_260_304
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  for (let round = 0; round < count; round++) {
    let text = seeds[below(seeds.length)]!
    for (let change = below(3); change >= 0; change--) {
      const from = below(text.length)
      const to = from + below(12)
      const inserts = ['', tokens[below(tokens.length)]!, text.slice(below(text.length)).slice(0, below(30))]
      text = text.slice(0, from) + inserts[below(inserts.length)]! + text.slice(below(2) === 0 ? from : to)
    }
    yield text
  }
}

const inputs = Number(process.env['FUZZ_INPUTS'] ?? 25_000)
/** Far above what a million take on a busy machine. */
const fuzzTimeoutMs = 600_000

test(
  `${inputs} broken policies are read or refused, and whatever is read can be asked`,
  { timeout: fuzzTimeoutMs },
  () => {
    let accepted = 0
    for (const text of mutations(inputs)) accepted += judge(text)
    // Each is judged twice, as a resource's policy and as an identity's.
    assert.ok(
      accepted > inputs / 25 && accepted < inputs * 0.8,
      `${accepted} of them accepted: the mutations miss their aim`,
    )
  },
)

const word = fc.constantFrom(
  '*',
  's3:*',
  's3:Get?',
  'arn:aws:s3:::b/*',
  '${aws:x}',
  "${aws:x, 'y'}",
  'x:y',
  '10',
  'true',
  '::/0',
)
const values = fc.oneof(
  word,
  fc.array(word, { maxLength: 3 }),
  fc.json().map((text): unknown => JSON.parse(text)),
)
const operator = fc
  .tuple(
    fc.constantFrom('', '', 'ForAnyValue:', 'ForAllValues:'),
    fc.constantFrom(...conditionOperators.keys()),
    fc.constantFrom('', '', 'IfExists'),
  )
  .map((parts) => parts.join(''))
const conditions = fc.dictionary(operator, fc.dictionary(fc.constantFrom('aws:x', 'aws:y'), values, { maxKeys: 2 }), {
  maxKeys: 3,
})
const shaped: fc.Arbitrary<Json> = fc.record(
  {
    Effect: fc.constantFrom('Allow', 'Deny'),
    Principal: fc.oneof(fc.constant('*'), fc.dictionary(fc.constantFrom('AWS', 'Service'), values)),
    Action: values,
    NotResource: values,
    Resource: values,
    Condition: conditions,
  },
  { requiredKeys: ['Effect', 'Action'] },
)
const text = fc.oneof(fc.string({ unit: 'binary' }), word)
const asked = fc.record({
  principal: fc.oneof(
    fc.constant({ kind: 'anonymous' as const }),
    fc.record({ kind: fc.constant('service' as const), service: text }),
    fc.record({ kind: fc.constant('aws' as const), account: text, arn: text }),
  ),
  action: text,
  resource: text,
  context: fc.dictionary(
    fc.oneof(fc.constantFrom('aws:x', 'AWS:y'), text),
    fc.oneof(text, fc.array(text), fc.constant(undefined)),
  ),
})

test('any JSON in the shape of a policy is read or refused, and any request gets an answer', () => {
  fc.assert(
    fc.property(fc.array(shaped, { maxLength: 3 }), asked, (statements, ask) => {
      const written = policyText(...statements)
      for (const kind of ['resource', 'identity'] as const) {
        const reading = parsePolicy(written, kind)
        assert.ok(!reading.ok || effects.has(evaluatePolicies([reading.policy], ask).effect))
      }
    }),
    { numRuns: 3_000 },
  )
})

test('any request gets an answer from a policy with every operator', () => {
  const every = [...conditionOperators.keys()].map((name) =>
    statement({ Action: '*', Resource: '*', Condition: { [name]: { 'aws:x': valueOf(name) } } }),
  )
  const read: PolicyDocument = readPolicy(policyText(...every))
  fc.assert(
    fc.property(asked, (ask) => assert.ok(effects.has(evaluatePolicies([read], ask).effect))),
    { numRuns: 2_000 },
  )
})

function valueOf(name: string): string {
  if (name.startsWith('Date')) return '2026'
  if (name.startsWith('Numeric')) return '1'
  if (name.endsWith('IpAddress')) return '::/0'
  return name === 'Bool' || name === 'Null' ? 'true' : 'QQ=='
}
