import assert from 'node:assert/strict'
import { test } from 'vitest'
import { decide, policyText, readPolicy, refusal, statement } from './policy.testing.ts'
import type { RequestPrincipal } from './principal.ts'

const aws = (arn: string): RequestPrincipal => ({ kind: 'aws', account: arn.split(':')[4]!, arn })
const ann = aws('arn:aws:iam::111122223333:user/ops/ann')
const root = aws('arn:aws:iam::111122223333:root')
const session = aws('arn:aws:sts::111122223333:assumed-role/Audit/ci')
const stranger = aws('arn:aws:iam::999900009999:user/ops/ann')
const trail: RequestPrincipal = { kind: 'service', service: 'cloudtrail.amazonaws.com' }
const anonymous: RequestPrincipal = { kind: 'anonymous' }
const all = { ann, root, session, stranger, trail, anonymous }

/** Names of those whom a statement's principal element covers. */
const covered = (members: Record<string, unknown>): string[] =>
  Object.entries(all)
    .filter(([, principal]) => decide({ principal }, statement(members)).effect !== 'none')
    .map(([name]) => name)

test('whom a Principal covers', () => {
  const cases: readonly (readonly [unknown, readonly string[]])[] = [
    ['*', Object.keys(all)],
    [{ AWS: '*' }, Object.keys(all)],
    [{ AWS: '111122223333' }, ['ann', 'root', 'session']],
    [{ AWS: 'arn:aws:iam::111122223333:root' }, ['ann', 'root', 'session']],
    [{ AWS: ['arn:aws:iam::111122223333:user/ops/ann'] }, ['ann']],
    [{ AWS: 'arn:aws:iam::111122223333:user/ann' }, []],
    [{ AWS: 'arn:aws:iam::111122223333:role/teams/Audit' }, ['session']],
    [{ AWS: 'arn:aws:iam::111122223333:role/Aud' }, []],
    [{ AWS: 'arn:aws:iam::999900009999:role/Audit' }, []],
    [{ AWS: 'arn:aws:sts::111122223333:assumed-role/Audit/ci' }, ['session']],
    [{ AWS: ['999900009999', 'arn:aws:iam::111122223333:user/ops/ann'] }, ['ann', 'stranger']],
    [{ Service: 'cloudtrail.amazonaws.com' }, ['trail']],
    [{ Service: ['sns.amazonaws.com', 'config.amazonaws.com'] }, []],
    [{ Service: 'cloudtrail.amazonaws.com', AWS: '999900009999' }, ['stranger', 'trail']],
    [{ Federated: 'cognito-identity.amazonaws.com' }, []],
    [{ CanonicalUser: 'a1'.repeat(32) }, []],
  ]
  for (const [Principal, names] of cases) assert.deepEqual(covered({ Principal }), names, JSON.stringify(Principal))
})

test('a NotPrincipal leaves out only whom it names exactly', () => {
  const denied = (NotPrincipal: unknown) => covered({ Effect: 'Deny', Principal: undefined, NotPrincipal })
  const except = (...names: string[]) => Object.keys(all).filter((name) => !names.includes(name))
  assert.deepEqual(
    denied({ AWS: ['arn:aws:iam::111122223333:user/ops/ann', '111122223333'] }),
    except('ann', 'root'),
    'the account of an exception is not an exception itself',
  )
  assert.deepEqual(denied({ AWS: 'arn:aws:iam::111122223333:role/Audit' }), except())
  assert.deepEqual(denied({ AWS: session.kind === 'aws' ? session.arn : '' }), except('session'))
  assert.deepEqual(denied({ Service: 'cloudtrail.amazonaws.com' }), except('trail'))
  assert.deepEqual(denied({ CanonicalUser: 'a1'.repeat(32) }), except())
  assert.deepEqual(denied('*'), [])
})

test('CloudFront users may be named', () => {
  const AWS = 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE'
  const read = readPolicy(policyText(statement({ Principal: { AWS } })))
  assert.deepEqual(read.statements[0]!.principal, { negated: false, values: [{ kind: 'arn', name: AWS }] })
})

test('what is no principal is refused', () => {
  const invalid: readonly unknown[] = [
    'ann',
    '111122223333',
    { AWS: 'ann' },
    { AWS: '11112222333' },
    { AWS: '111122223333:root' },
    { AWS: 'arn:aws:iam::111122223333:user/*' },
    { AWS: 'arn:aws:iam::111122223333:user/' },
    { AWS: 'arn:aws:iam::*:root' },
    { AWS: 'arn:aws:iam::111122223333:group/ops' },
    { AWS: 'arn:aws:iam::111122223333:user/a b' },
    { AWS: ['*', 'arn:aws:s3:::photos'] },
    { AWS: 'AIDAEXAMPLEUSERID' },
    { Service: '*' },
    { Service: 'cloudtrail' },
    { Service: 'CloudTrail.amazonaws.com' },
    { CanonicalUser: 'a1' },
    { Federated: '' },
    { '*': '*' },
    { Aws: '*' },
  ]
  for (const Principal of invalid)
    assert.match(
      refusal(policyText(statement({ Principal }))),
      /^Invalid principal in policy: /,
      JSON.stringify(Principal),
    )
  assert.match(refusal(policyText(statement({ Principal: { User: 'ann' } }))), /Unknown field "User"/)
  for (const Principal of [{}, { AWS: [] }])
    assert.match(refusal(policyText(statement({ Principal }))), /cannot be empty!$/)
  for (const Principal of [null, 7, ['*'], { AWS: 111122223333 }, { AWS: [['*']] }, { AWS: { a: 1 } }])
    assert.match(refusal(policyText(statement({ Principal }))), / must be a /)
})
