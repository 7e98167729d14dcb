import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { explainSelectors, type SelectableEvent, type TrailSelectors } from './index.ts'
import { advanced, basic, dataEvent, eventOf, objectEvent, selecting } from './selector.testing.ts'

/** The checks of the first selector, without their sentences. */
function checksOf(selectors: TrailSelectors, event: SelectableEvent) {
  const [verdict] = explainSelectors(selectors, event).selectors
  return verdict?.checks.map(({ text, ...check }) => {
    assert.ok(text.length > 0)
    return check
  })
}
const textOf = (selectors: TrailSelectors, event: SelectableEvent) =>
  explainSelectors(selectors, event).selectors[0]?.text
const s3 = (...Values: string[]) => ({ DataResources: [{ Type: 'AWS::S3::Object', Values }] })
const equals = (...Equals: string[]) => ({ Equals })
const objects = { eventCategory: equals('Data'), 'resources.type': equals('AWS::S3::Object') }

test('every selector gives its verdict, in order and by name', () => {
  const selectors = advanced(
    selecting({ eventCategory: equals('Management') }, 'all management events'),
    selecting(objects),
  )
  const { selected, text, selectors: verdicts } = explainSelectors(selectors, eventOf())
  assert.ok(selected)
  assert.deepEqual(
    verdicts.map(({ index, name, selected }) => [index, name, selected]),
    [
      [0, 'all management events', true],
      [1, undefined, false],
    ],
  )
  assert.equal(text, 'Selector 1 (all management events) takes the event: eventCategory Management is Management.')
  assert.equal(
    verdicts[1]?.text,
    'Selector 2 drops the event: eventCategory Management matches no value of Equals (Data).',
  )
  assert.equal(explainSelectors(selectors, eventOf({ category: 'Insight' })).text, 'No selector takes the event.')
})

describe('basic selectors', () => {
  test('a management event: reads or writes, included or not, source excluded or not', () => {
    const selectors = basic({ ReadWriteType: 'ReadOnly', ExcludeManagementEventSources: ['kms.amazonaws.com'] })
    assert.deepEqual(checksOf(selectors, eventOf({ eventSource: 'kms.amazonaws.com', readOnly: undefined })), [
      { field: 'IncludeManagementEvents', passed: true, actual: 'Management', value: 'true' },
      {
        field: 'ExcludeManagementEventSources',
        passed: false,
        actual: 'kms.amazonaws.com',
        value: 'kms.amazonaws.com',
      },
      { field: 'ReadWriteType', passed: false, value: 'ReadOnly' },
    ])
    assert.equal(
      textOf(selectors, eventOf({ readOnly: undefined })),
      'Selector 1 drops the event: the event is a write, since it does not say readOnly, and ReadWriteType is ReadOnly.',
    )
  })
  test('a data event: the value that covers it, or why none does', () => {
    const check = (selectors: TrailSelectors, event: SelectableEvent) => checksOf(selectors, event)?.[0]
    const arn = 'arn:aws:s3:::b/k'
    assert.deepEqual(check(basic(s3('arn:aws:s3:::a/', 'arn:aws:s3:::b/')), objectEvent('b/k')), {
      field: 'DataResources',
      passed: true,
      actual: arn,
      value: 'arn:aws:s3:::b/',
    })
    assert.deepEqual(check(basic(s3('arn:aws:s3:::a/')), objectEvent('b/k')), {
      field: 'DataResources',
      passed: false,
      actual: arn,
    })
    assert.match(
      textOf(basic(s3('arn:aws:s3:::a/')), objectEvent('b/k')) ?? '',
      /no value covers its AWS::S3::Object arn/,
    )
    assert.match(textOf(basic({}), objectEvent('b/k')) ?? '', /names no data resources/)
    assert.match(textOf(basic(s3('arn:aws:s3')), dataEvent([])) ?? '', /no resource of type AWS::S3::Object/)
  })
  test('a category that basic selectors never take', () => {
    assert.deepEqual(checksOf(basic({}), eventOf({ category: 'NetworkActivity' })), [
      { field: 'eventCategory', passed: false, actual: 'NetworkActivity' },
    ])
  })
})

describe('advanced selectors', () => {
  const check = (field: string, operators: object, event: SelectableEvent) =>
    checksOf(advanced(selecting({ ...objects, [field]: operators })), event)?.find((check) => check.field === field)
  const get = objectEvent('b/k', { eventName: 'GetObject' })
  const base = { field: 'eventName', actual: 'GetObject' }

  test('the operator and value that let an event in', () => {
    const operators = { Equals: ['PutObject'], StartsWith: ['Put', 'Get'] }
    assert.deepEqual(check('eventName', operators, get), {
      ...base,
      passed: true,
      operator: 'StartsWith',
      value: 'Get',
    })
  })
  test('the operator and value that keep it out, before those that let it in', () => {
    const operators = { Equals: ['GetObject'], NotEndsWith: ['Acl', 'Object'] }
    const decided = { ...base, passed: false, operator: 'NotEndsWith', value: 'Object' }
    assert.deepEqual(check('eventName', operators, get), decided)
  })
  test('that no value matched', () => {
    assert.deepEqual(check('eventName', equals('PutObject'), get), { ...base, passed: false, operator: 'Equals' })
    assert.deepEqual(check('eventName', { NotEquals: ['PutObject'] }, get), {
      ...base,
      passed: true,
      operator: 'NotEquals',
    })
  })
  test('that the event lacks the field', () => {
    const field = 'userIdentity.arn'
    assert.deepEqual(check(field, equals('x'), get), { field, passed: false, operator: 'Equals' })
    assert.deepEqual(check(field, { NotEquals: ['x'] }, get), { field, passed: true, operator: 'NotEquals' })
  })
  test('the resource that decided: one that passes, else the first of the type', () => {
    const field = 'resources.ARN'
    const object = (key: string) => ({ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${key}` })
    const operators = { StartsWith: ['arn:aws:s3:::b/'] }
    assert.deepEqual(check(field, operators, dataEvent([object('a/1'), object('b/1')])), {
      field,
      passed: true,
      actual: 'arn:aws:s3:::b/1',
      operator: 'StartsWith',
      value: 'arn:aws:s3:::b/',
    })
    assert.deepEqual(check(field, operators, dataEvent([object('a/1'), object('c/1')])), {
      field,
      passed: false,
      actual: 'arn:aws:s3:::a/1',
      operator: 'StartsWith',
    })
    const bucket = { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' }
    assert.deepEqual(check('resources.type', equals('AWS::S3::Object'), dataEvent([bucket])), {
      field: 'resources.type',
      passed: false,
      actual: 'AWS::S3::Bucket',
      operator: 'Equals',
    })
  })
})
