import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { ApiError } from '../operations/index.ts'
import { changeAttributes, settingsOf, shownAttributes } from './queue-settings.ts'

function refusal(changes: Readonly<Record<string, string>>, before: Readonly<Record<string, string>> = {}): string {
  try {
    changeAttributes(before, changes, false)
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    return error.code
  }
  return 'taken'
}

const fifo = { FifoQueue: 'true' }

describe('attributes of queues', () => {
  test('numbers within their ranges', () => {
    const ranges: Readonly<Record<string, readonly [number, number]>> = {
      DelaySeconds: [0, 900],
      MaximumMessageSize: [1_024, 262_144],
      MessageRetentionPeriod: [60, 1_209_600],
      ReceiveMessageWaitTimeSeconds: [0, 20],
      VisibilityTimeout: [0, 43_200],
      KmsDataKeyReusePeriodSeconds: [60, 86_400],
    }
    for (const [name, [min, max]] of Object.entries(ranges)) {
      for (const value of [min, max]) assert.equal(refusal({ [name]: String(value) }), 'taken', `${name} ${value}`)
      for (const value of [min - 1, max + 1, '', 'x', '1.5', '1e1', ' 5', '9'.repeat(30)])
        assert.equal(refusal({ [name]: String(value) }), 'InvalidAttributeValue', `${name} ${value}`)
    }
  })

  test('names that there are not, and values that do not fit', () => {
    for (const name of ['', 'Nope', 'QueueArn', '__proto__', 'constructor', 'ContentBasedDeduplication'])
      assert.equal(
        refusal(JSON.parse(`{${JSON.stringify(name)}: "true"}`) as Record<string, string>),
        'InvalidAttributeName',
        name,
      )
    assert.equal(refusal({ ContentBasedDeduplication: 'true' }, fifo), 'taken')
    assert.equal(refusal({ DeduplicationScope: 'everything' }, fifo), 'InvalidAttributeValue')
    assert.equal(refusal({ FifoQueue: 'true' }), 'InvalidAttributeValue')
    assert.equal(refusal({ FifoQueue: 'false' }, fifo), 'InvalidAttributeValue')
    assert.equal(refusal({ KmsMasterKeyId: 'alias/x' }), 'InvalidAttributeValue')
    assert.equal(refusal({ Policy: '{}' }), 'InvalidAttributeValue')
  })

  test('redrive policies in the forms that tools write', () => {
    const target = 'arn:aws:sqs:eu-west-1:111122223333:dead'
    for (const count of [5, '5']) {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: count })
      const attributes = changeAttributes({}, { RedrivePolicy }, true)
      assert.deepEqual(settingsOf(attributes).redrive, { deadLetterTargetArn: target, maxReceiveCount: 5 })
      assert.equal(attributes['RedrivePolicy'], JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: 5 }))
      assert.deepEqual(changeAttributes(attributes, { RedrivePolicy: '' }, false), {})
    }
    const sources = Array.from({ length: 11 }, (_, at) => `arn:${at}`)
    const wrong = [
      { RedrivePolicy: 'x' },
      { RedrivePolicy: '[]' },
      { RedrivePolicy: '{}' },
      { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: 0 }) },
      { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: 1_001 }) },
      { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: 7, maxReceiveCount: 1 }) },
      { RedriveAllowPolicy: '{"redrivePermission":"some"}' },
      { RedriveAllowPolicy: '{"redrivePermission":"byQueue"}' },
      { RedriveAllowPolicy: '{"redrivePermission":"allowAll","sourceQueueArns":["x"]}' },
      { RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: sources }) },
    ]
    for (const changes of wrong) assert.equal(refusal(changes), 'InvalidAttributeValue', JSON.stringify(changes))
  })

  test('what was never set is shown at its initial value', () => {
    assert.deepEqual(shownAttributes({ VisibilityTimeout: '5' }), {
      DelaySeconds: '0',
      MaximumMessageSize: '262144',
      MessageRetentionPeriod: '345600',
      ReceiveMessageWaitTimeSeconds: '0',
      VisibilityTimeout: '5',
      SqsManagedSseEnabled: 'true',
    })
    assert.equal(shownAttributes(fifo)['DeduplicationScope'], 'queue')
  })
})
