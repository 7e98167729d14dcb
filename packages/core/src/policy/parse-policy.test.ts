import assert from 'node:assert/strict'
import { test } from 'vitest'
import { parsePolicy } from './parse-policy.ts'
import {
  policyConditionsMax,
  policyStatementsMax,
  policyTextBytesMax,
  policyValueCharsMax,
  policyValuesMax,
  policyVariablesMax,
} from './policy-document.ts'
import { decide, policyText, readPolicy, refusal, statement } from './policy.testing.ts'

const refused = (members: Record<string, unknown>) => refusal(policyText(statement(members)))

test('a policy is JSON from its first byte on', () => {
  const words = /^Policies must be valid JSON and the first byte must be '\{'/
  for (const text of [
    '',
    ' {}',
    '[]',
    'null',
    '"{}"',
    '{',
    '{"Version":}',
    '{} x',
    '\uFEFF{}',
    '{"Id":"\ud800"}',
    "{'Id':1}",
  ])
    assert.match(refusal(text), words, text)
})

test('a key that stands twice is refused wherever it is', () => {
  const text = policyText(statement({ Condition: { Bool: { 'aws:SecureTransport': true } } }))
  for (const [once, twice] of [
    ['"Version":', '"Version":"2012-10-17","Version":'],
    ['"Effect":', '"Effect":"Deny","\\u0045ffect":'],
    ['"aws:SecureTransport":', '"aws:SecureTransport":false,"aws:SecureTransport":'],
  ] as const)
    assert.match(refusal(text.replace(once, twice)), /twice/, twice)
  assert.match(refused({ Condition: { Bool: { 'x:Key': true, 'x:key': false } } }), /has the key "x:key" twice/)
})

test('what the grammar does not know is refused by its name', () => {
  assert.equal(refusal('{"version":"2012-10-17","Statement":[]}'), 'Unknown field version')
  assert.equal(refused({ Principals: '*' }), 'Unknown field Principals')
  assert.equal(refused({ ['__proto__']: '*' }), 'Unknown field __proto__')
  assert.equal(refused({ Condition: { StringEqual: { 'x:a': 'b' } } }), 'Invalid Condition type : StringEqual')
  const unknown = [
    'stringEquals',
    'StringEqualsIfExistsIfExists',
    'ForAnyValue:',
    'ForSomeValues:StringEquals',
    'IfExists',
  ]
  unknown.push('NullIfExists', 'ForAnyValue:Null', 'ForAllValues:ForAnyValue:StringEquals', 'constructor', '')
  for (const operator of unknown)
    assert.equal(refused({ Condition: { [operator]: { 'x:a': 'b' } } }), `Invalid Condition type : ${operator}`)
  assert.ok(refused({ ['x'.repeat(5_000)]: 1 }).length < 120, 'a message stays short')
})

test('what has to be there is missed by its name', () => {
  assert.equal(refusal('{}'), 'Missing required field Statement')
  assert.equal(refusal('{"Statement":[]}'), 'Could not parse the policy: Statement is empty!')
  for (const field of ['Effect', 'Principal', 'Action', 'Resource'])
    assert.equal(refused({ [field]: undefined }), `Missing required field ${field}`)
  for (const field of ['Action', 'Resource'])
    assert.equal(refused({ [field]: [] }), `Missing required field ${field} cannot be empty!`)
  for (const field of ['Principal', 'Action', 'Resource'])
    assert.match(refused({ [`Not${field}`]: '*' }), new RegExp(`both ${field} and Not${field}`))
})

test('values that mean nothing are refused', () => {
  for (const Version of ['2012-10-18', '', 2012, null, '2012-10-17 '])
    assert.equal(
      refusal(JSON.stringify({ Version, Statement: statement() })),
      'The policy must contain a valid version string',
    )
  for (const Effect of ['allow', 'ALLOW', '', null, true, ['Allow']])
    assert.match(refused({ Effect }), /^Invalid effect: /)
  for (const Action of ['', 'GetObject', 's3:', ':GetObject', 's3*', '**', 's3:Get Object', 's3:a:b', 's3:${aws:x}'])
    assert.match(refused({ Action }), /^Policy has invalid action: /, Action)
  for (const Resource of ['', 'photos', 'arn', 's3:::photos', '*x', ' arn:aws:s3:::photos'])
    assert.match(refused({ Resource }), /^Policy has invalid resource: /, Resource)
  assert.match(refused({ Resource: 'arn:aws:s3:::${aws:x' }), /^Policy has invalid variable: /)
  for (const wrong of [null, 7, {}, [7], [[]], true]) {
    assert.match(refused({ Action: wrong }), /Action must be a string or a list of strings/)
    assert.match(refused({ Resource: wrong }), /Resource must be a string or a list of strings/)
  }
  for (const wrong of [null, 7, [], 'x']) assert.match(refused({ Condition: wrong }), /Condition must be a JSON object/)
  for (const wrong of [null, 7, 'x', ['s']])
    assert.match(refusal(JSON.stringify({ Statement: [wrong] })), /Statement must be a JSON object/)
  for (const Sid of [7, null, {}, 'a\nb']) assert.match(refused({ Sid }), /Sid/)
  assert.match(refusal('{"Id":7,"Statement":[]}'.replace('[]', JSON.stringify(statement()))), /Id must be a string/)
})

test('a condition compares with values its operator can read', () => {
  const invalid: readonly (readonly [string, readonly unknown[]])[] = [
    ['NumericLessThan', ['ten', '', '1e3', true, '${aws:x}']],
    ['DateLessThan', ['yesterday', '2026-02-30', '', true]],
    ['Bool', ['yes', '1', 1, '']],
    ['Null', ['yes', 0, '']],
    ['BinaryEquals', ['*', 'QQ']],
    ['IpAddress', ['10.0.0.0/33', '10.0.0', '', true, '${aws:SourceIp}']],
  ]
  for (const [operator, values] of invalid)
    for (const value of values)
      assert.match(
        refused({ Condition: { [operator]: { 'x:a': ['x', value].slice(1) } } }),
        /^Policy has an invalid value for/,
      )
  for (const value of [null, {}, [[]], [null], 2 ** 53, 1 / 3])
    assert.match(refused({ Condition: { StringEquals: { 'x:a': value } } }), /^Condition x:a must be a string/)
  assert.match(refused({ Condition: { StringEquals: { 'x:a': [] } } }), /cannot be empty!$/)
  assert.match(refused({ Condition: { StringEquals: {} } }), /must name a condition key/)
  for (const key of ['', 'username', ':x', 'aws:', 'a b:c', 'aws:x\ny', `aws:${'x'.repeat(600)}`])
    assert.match(
      refused({ Condition: { StringEquals: { [key]: 'x' } } }),
      /^Policy has an invalid condition key: /,
      key,
    )
})

test('condition keys may carry tag keys, hosts and encryption contexts', () => {
  for (const key of [
    'aws:PrincipalTag/cost centre',
    'kms:EncryptionContext:aws:cloudtrail:arn',
    'token.actions.githubusercontent.com:sub',
    'oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud',
    's3:x-amz-acl',
  ]) {
    const own = statement({ Condition: { StringEquals: { [key]: 'x' } } })
    assert.equal(decide({ context: { [key.toUpperCase()]: 'x' } }, own).effect, 'allow', key)
  }
})

test('identity policies name no principal, and their Sids are unique', () => {
  const own = statement({ Principal: undefined, Sid: 'One' })
  readPolicy(policyText(own, { ...own, Sid: '' }, { ...own, Sid: '' }, { ...own, Sid: undefined }), 'identity')
  for (const field of ['Principal', 'NotPrincipal'])
    assert.equal(
      refusal(policyText({ ...own, [field]: '*' }), 'identity'),
      'Policy document should not specify a principal.',
    )
  assert.match(refusal(policyText(own, own), 'identity'), /must be unique/)
  assert.match(refusal(policyText({ ...own, Sid: 'a-b' }), 'identity'), /alpha-numeric: "a-b"/)
  readPolicy(policyText(statement({ Sid: 'a b-c' }), statement({ Sid: 'a b-c' })))
})

test('NotPrincipal does not go with Allow', () => {
  const message = refused({ Principal: undefined, NotPrincipal: { AWS: '111122223333' } })
  assert.equal(message, 'NotPrincipal with Effect Allow is not supported')
})

test('one statement needs no list, and a policy without Version is of 2008, without variables', () => {
  const own = statement({ Resource: 'arn:aws:s3:::photos/${aws:username}', Sid: 'x' })
  const old = readPolicy(JSON.stringify({ Id: 'mine', Statement: own }))
  assert.equal(old.version, '2008-10-17')
  assert.equal(old.id, 'mine')
  assert.deepEqual(old.statements[0]!.resource.values, [
    [{ kind: 'text', text: 'arn:aws:s3:::photos/${aws:username}' }],
  ])
})

test('a policy that has been read survives JSON', () => {
  const text = policyText(statement({ Condition: { IpAddress: { 'aws:SourceIp': '::/0' } } }))
  const read = readPolicy(text)
  assert.deepEqual(JSON.parse(JSON.stringify(read)), read)
})

test('each bound holds, and one more is refused', () => {
  const sized = (bytes: number) => policyText(statement({ Sid: 'é' })).padEnd(bytes - 1, ' ')
  readPolicy(sized(policyTextBytesMax))
  assert.match(refusal(sized(policyTextBytesMax + 1)), /exceeds the maximum allowed document size/)
  assert.match(refusal('['.repeat(10_000_000)), /exceeds the maximum allowed document size/)
  const many = (length: number, value: unknown) => Array.from({ length }, () => value)
  // The shortest statement there is fits some 320 times only, so the bound is reached with what is refused afterwards.
  assert.match(refusal(JSON.stringify({ Statement: many(policyStatementsMax + 1, {}) })), /at most 400 statements/)
  readPolicy(policyText(statement({ Action: many(policyValuesMax, 's3:a') })))
  assert.match(refused({ Action: many(policyValuesMax + 1, 's3:a') }), /Action may have at most 1000 values/)
  const arn = 'arn:aws:s3:::'
  readPolicy(policyText(statement({ Resource: arn.padEnd(policyValueCharsMax, 'x') })))
  assert.match(refused({ Resource: arn.padEnd(policyValueCharsMax + 1, 'x') }), /longer than 2048 characters/)
  const variables = (count: number) => ({ StringLike: { 'x:a': many(count / 2, '${aws:x}*${aws:y}') } })
  readPolicy(policyText(statement({ Condition: variables(policyVariablesMax) })))
  assert.match(refused({ Condition: variables(policyVariablesMax + 2) }), /at most 50 variables/)
  const keys = (length: number) => Object.fromEntries(Array.from({ length }, (_, index) => [`x:${index}`, 'a']))
  readPolicy(policyText(statement({ Condition: { StringEquals: keys(policyConditionsMax) } })))
  assert.match(
    refused({ Condition: { StringLike: { 'x:a': 'a' }, StringEquals: keys(policyConditionsMax) } }),
    /at most 200/,
  )
  assert.match(refusal(`{"Statement":${'['.repeat(100)}${']'.repeat(100)}}`), /more than 64 levels/)
})

test('refusals are values, faults of the program are not hidden', () => {
  assert.throws(() => parsePolicy(undefined as unknown as string, 'resource'), TypeError)
})
