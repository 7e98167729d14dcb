import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { dependencyFault, supportFault } from './dependency-rules.ts'
import { planSettings } from './plan-settings.ts'
import type { RequestedSettings } from './requested-settings.ts'
import type { TrailSettings } from './trail.ts'
import { trail } from './trail.testing.ts'

const bucket = 'audit-logs'
const plan = (requested: RequestedSettings, current?: TrailSettings) => {
  const planned = planSettings(requested, current)
  assert.ok(planned.ok, planned.ok ? '' : planned.message)
  return planned.settings
}
const fault = (requested: RequestedSettings, current?: TrailSettings) => {
  const planned = planSettings(requested, current)
  assert.ok(!planned.ok, `accepted ${JSON.stringify(requested)}`)
  return planned
}

describe('settings', () => {
  test('of a new trail have the defaults of AWS', () => {
    assert.deepEqual(plan({ bucket }), {
      bucket,
      isMultiRegion: false,
      includesGlobalServiceEvents: true,
      validatesLogFiles: false,
      isRecursive: true,
    })
    assert.equal(plan({ bucket, includesGlobalServiceEvents: false }).includesGlobalServiceEvents, false)
  })

  test('that are not mentioned stay; an empty text clears', () => {
    const current = plan({
      bucket,
      keyPrefix: 'a/b',
      isMultiRegion: true,
      validatesLogFiles: true,
      isRecursive: false,
    })
    assert.deepEqual(plan({}, current), current)
    assert.deepEqual(plan({ keyPrefix: 'c' }, current), { ...current, keyPrefix: 'c' })
    assert.equal('keyPrefix' in plan({ keyPrefix: '' }, current), false)
    assert.deepEqual(
      plan({ topic: '', encryptionKey: '', logGroupArn: '', logRoleArn: '', bucket: 'other-logs' }, current),
      { ...current, bucket: 'other-logs' },
    )
  })

  test('all Regions include global services, and one Region after all Regions does not, unless it says so', () => {
    const single = plan({ bucket, includesGlobalServiceEvents: false })
    const multi = plan({ isMultiRegion: true }, single)
    assert.equal(multi.includesGlobalServiceEvents, true)
    assert.equal(plan({ isMultiRegion: false }, multi).includesGlobalServiceEvents, false)
    assert.equal(
      plan({ isMultiRegion: false, includesGlobalServiceEvents: true }, multi).includesGlobalServiceEvents,
      true,
    )
    assert.equal(plan({ isMultiRegion: false }, single).includesGlobalServiceEvents, false)
    assert.equal(plan({ isMultiRegion: false }, plan({ bucket })).includesGlobalServiceEvents, true)
    const message = 'Multi-Region trail must include global service events.'
    for (const [requested, current] of [
      [{ bucket, isMultiRegion: true, includesGlobalServiceEvents: false }, undefined],
      [{ includesGlobalServiceEvents: false }, multi],
      [{ isMultiRegion: true, includesGlobalServiceEvents: false }, single],
    ] as const) {
      const found = fault(requested, current)
      assert.deepEqual([found.kind, found.message], ['invalid-combination', message])
    }
  })
})

test('bucket names follow the rules of S3', () => {
  for (const name of ['abc', 'a.b', 'my-bucket.logs-1', '0-0', '1.2.3', 'a'.repeat(63)]) plan({ bucket: name })
  const refused = `ab|${'a'.repeat(64)}|My-bucket|my_bucket|-bucket|bucket-|.bucket|bucket.|a..b|a.-b|a-.b|192.168.5.4|a b|b/x|bé1|abc\n`
  for (const name of [...refused.split('|'), '', undefined])
    assert.equal(fault({ bucket: name }).kind, 'invalid-bucket-name', name)
  assert.equal(fault({ bucket: '' }, trail().settings).kind, 'invalid-bucket-name')
})

test('a key prefix has at most 200 harmless characters and folders with names', () => {
  const folders = `${'a'.repeat(99)}/${'b'.repeat(100)}`
  for (const keyPrefix of ['a', 'a/b', "A1!_.*'()&$@=;:+ ,?-", '.hidden', folders]) {
    assert.equal(plan({ bucket, keyPrefix }).keyPrefix, keyPrefix)
  }
  for (const keyPrefix of [
    '//',
    '//a',
    '/./',
    'a//b',
    '.',
    '..',
    'a/../b',
    './a',
    'a\\b',
    'a\nb',
    'ä',
    '{a}',
    `${folders}c`,
  ])
    assert.equal(fault({ bucket, keyPrefix }).kind, 'invalid-key-prefix', keyPrefix)
})

describe('what a trail depends on', () => {
  test('a topic is a name or an ARN of at most 256 characters', () => {
    for (const topic of ['', 'T', 'my_topic-1', 'a'.repeat(256), 'arn:aws-cn:sns:cn-north-1:111122223333:my-topic'])
      plan({ bucket, topic })
    const refused = [
      'a b',
      'a.fifo',
      'a'.repeat(257),
      'arn:aws:sns:us-east-1:111122223333:',
      'arn:aws:sqs:us-east-1:111122223333:q',
    ]
    for (const topic of refused) assert.equal(fault({ bucket, topic }).kind, 'invalid-topic-name', topic)
  })

  test('a key is an id, an alias, or the ARN of either', () => {
    const id = '12345678-90ab-cdef-1234-567890abcdef'
    const multi = `mrk-${'0a'.repeat(16)}`
    const arn = 'arn:aws:kms:us-east-1:111122223333:'
    for (const encryptionKey of [
      '',
      id,
      multi,
      'alias/a/b_C-1',
      `${arn}key/${id}`,
      `${arn}key/${multi}`,
      `${arn}alias/x`,
    ])
      plan({ bucket, encryptionKey })
    for (const encryptionKey of [
      'x',
      'alias/',
      'alias/a b',
      `key/${id}`,
      `${arn}${id}`,
      `${arn}key/x`,
      `${id} `,
      `${id}${id}`,
      `alias/${'a'.repeat(251)}`,
    ])
      assert.equal(fault({ bucket, encryptionKey }).kind, 'invalid-key-id', encryptionKey)
  })

  test('a log group comes with a role, and a role with a log group', () => {
    const logGroupArn = 'arn:aws:logs:us-east-1:111122223333:log-group:g:*'
    const logRoleArn = 'arn:aws:iam::111122223333:role/r'
    plan({ bucket, logGroupArn, logRoleArn })
    for (const [requested, kind, message] of [
      [{ logGroupArn }, 'invalid-log-role', 'You must specify a role ARN as well as a log group.'],
      [{ logGroupArn, logRoleArn: '' }, 'invalid-log-role', 'You must specify a role ARN as well as a log group.'],
      [{ logRoleArn }, 'invalid-log-group', 'You must specify a log group as well as a role ARN.'],
    ] as const) {
      const found = fault({ bucket, ...requested })
      assert.deepEqual([found.kind, found.message], [kind, message])
    }
  })

  test('does not exist in this version', () => {
    assert.equal(dependencyFault({ topic: 't', encryptionKey: '', logGroupArn: '' }), undefined)
    assert.equal(dependencyFault({ encryptionKey: 'alias/k' }), undefined)
    assert.equal(dependencyFault({ logGroupArn: 'g' })?.kind, 'invalid-log-group')
    assert.equal(supportFault({ isOrganization: true, validatesLogFiles: true }, '1')?.kind, 'no-organization')
    assert.equal(supportFault({ isOrganization: false, validatesLogFiles: false }, '1'), undefined)
  })
})

test('of several faults the first in the order of checks is told', () => {
  const requested = {
    isMultiRegion: true,
    includesGlobalServiceEvents: false,
    logGroupArn: 'g',
    bucket: 'B',
    keyPrefix: '..',
    topic: ' ',
    encryptionKey: ' ',
  }
  const mended: RequestedSettings[] = [
    {},
    { includesGlobalServiceEvents: true },
    { logRoleArn: 'r' },
    { bucket },
    { keyPrefix: 'p' },
    { topic: 't' },
  ]
  const kinds = mended.map((_, index) => fault(Object.assign({}, requested, ...mended.slice(0, index + 1))).kind)
  assert.deepEqual(kinds, [
    'invalid-combination',
    'invalid-log-role',
    'invalid-bucket-name',
    'invalid-key-prefix',
    'invalid-topic-name',
    'invalid-key-id',
  ])
})
