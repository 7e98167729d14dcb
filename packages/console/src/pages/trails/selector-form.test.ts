import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { readSelectors as readOnServer } from '../../../../core/src/selector/index.ts'
import { selectorOperators, type TrailSelectors } from '../../api/trail-operations.ts'
import { describeSelectors } from './describe-selectors.ts'
import { readSelectors } from './read-selectors.ts'
import { selectorFaults } from './selector-faults.ts'
import { basicTypes, newSelectorForm, type SelectorForm } from './selector-form.ts'
import { writeSelectors } from './write-selectors.ts'

const everything = newSelectorForm.management
const nothing = { reads: false, writes: false, excludesKms: false, excludesRdsData: false }

const management = fc
  .record({ reads: fc.boolean(), writes: fc.boolean(), excludesKms: fc.boolean(), excludesRdsData: fc.boolean() })
  .map((own) => (own.reads || own.writes ? own : nothing))
const value = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '-'), minLength: 1, maxLength: 5 })
const condition = fc.record({
  field: fc.constantFrom('eventName', 'userIdentity.arn'),
  operator: fc.constantFrom(...selectorOperators),
  values: fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => values.join('\n')),
})
const advanced = fc.record({
  category: fc.constantFrom('Data' as const, 'NetworkActivity' as const),
  name: fc.string({ unit: 'grapheme', maxLength: 5 }),
  readWrite: fc.constantFrom('all' as const, 'read' as const, 'write' as const),
  conditions: fc.uniqueArray(condition, { selector: ({ field, operator }) => `${field} ${operator}`, maxLength: 4 }),
})
const form: fc.Arbitrary<SelectorForm> = fc.oneof(
  fc.record({
    kind: fc.constant('basic' as const),
    management,
    dataResources: fc.array(
      fc.record({ type: fc.constantFrom(...basicTypes.map(({ type }) => type)), arns: fc.constant('') }),
      { maxLength: 3 },
    ),
    selectors: fc.constant([]),
    json: fc.constant(''),
  }),
  fc.record({
    kind: fc.constant('advanced' as const),
    management,
    dataResources: fc.constant([]),
    selectors: fc.array(
      advanced.map((own) =>
        own.category === 'Data'
          ? { ...own, subject: 'AWS::S3::Object' }
          : { ...own, subject: 'ec2.amazonaws.com', readWrite: 'all' as const },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    json: fc.constant(''),
  }),
)

test('what the form sends the server takes, and reading it back sends the same', () => {
  fc.assert(
    fc.property(form, (own) => {
      if (Object.keys(selectorFaults(own)).length > 0) return
      const sent = writeSelectors(own)
      const taken = readOnServer(sent as Parameters<typeof readOnServer>[0])
      assert.ok(taken, JSON.stringify(sent))
      assert.deepEqual(writeSelectors(readSelectors(sent)), sent)
    }),
    { numRuns: 300 },
  )
})

test.for<readonly [string, TrailSelectors]>([
  ['two basic selectors', { EventSelectors: [{ ReadWriteType: 'ReadOnly' }, { ReadWriteType: 'WriteOnly' }] }],
  ['reads of data only', { EventSelectors: [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: false }] }],
  [
    'a field that the form does not know',
    {
      AdvancedEventSelectors: [
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Data'] },
            { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
            { Field: 'new', Equals: ['1'] },
          ],
        },
      ],
    },
  ],
  [
    'two selectors of management events',
    {
      AdvancedEventSelectors: [
        { FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] },
        { FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] },
      ],
    },
  ],
  ['resources without values', { EventSelectors: [{ DataResources: [{ Type: 'AWS::S3::Object', Values: [] }] }] }],
])('what the form cannot show stays as it is: %s', ([, selectors]) => {
  const own = readSelectors(selectors)
  assert.equal(own.kind, 'json')
  assert.deepEqual(writeSelectors(own), selectors)
})

test('a trail that would take nothing is not sent', () => {
  assert.ok(selectorFaults({ ...newSelectorForm, management: nothing })['management'])
  assert.deepEqual(selectorFaults(newSelectorForm), {})
})

test('what is missing or wrong is told at its field', () => {
  const faults = selectorFaults({
    ...newSelectorForm,
    kind: 'advanced',
    selectors: [
      {
        category: 'Data',
        name: '',
        subject: '',
        readWrite: 'all',
        conditions: [{ field: 'eventName', operator: 'Equals', values: ' \n' }],
      },
      { category: 'NetworkActivity', name: '', subject: 'ec2', readWrite: 'all', conditions: [] },
    ],
  })
  assert.deepEqual(Object.keys(faults), ['selectors.0.subject', 'selectors.0.conditions.0', 'selectors.1.subject'])
  const wrong = { type: 'AWS::S3::Object', arns: 'arn:aws:s3:::a/\narn:aws:s3:::*' }
  assert.deepEqual(Object.keys(selectorFaults({ ...newSelectorForm, dataResources: [wrong] })), [
    'dataResources.0.arns',
  ])
  for (const json of ['{', '1', '{}', '{"EventSelectors":[],"AdvancedEventSelectors":[]}'])
    assert.ok(selectorFaults({ ...newSelectorForm, kind: 'json', json })['json'], json)
})

test('selectors are told in words', () => {
  assert.deepEqual(describeSelectors(writeSelectors(newSelectorForm)), ['Management events, reads and writes'])
  const dataResources = [{ type: 'AWS::S3::Object', arns: '' }]
  const management = { ...everything, reads: false, excludesKms: true }
  assert.deepEqual(describeSelectors(writeSelectors({ ...newSelectorForm, management, dataResources })), [
    'Management events, writes only, except of kms.amazonaws.com',
    'Data events of AWS::S3::Object, writes only: all of them',
  ])
  const conditions = [
    { field: 'resources.ARN', operator: 'StartsWith' as const, values: 'arn:aws:s3:::a/\narn:aws:s3:::b/' },
  ]
  const selectors = [
    { category: 'Data' as const, name: 'mine', subject: 'AWS::S3::Object', readWrite: 'write' as const, conditions },
  ]
  assert.deepEqual(
    describeSelectors(writeSelectors({ ...newSelectorForm, kind: 'advanced', management: nothing, selectors })),
    [
      'mine: Data events, writes only, where resources.type is AWS::S3::Object and resources.ARN begins with arn:aws:s3:::a/ or arn:aws:s3:::b/',
    ],
  )
})
