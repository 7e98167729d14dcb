import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { endsWithAny, startsWithAny } from './affixes.ts'
import { compileSelectors, explainSelectors, readSelectors } from './index.ts'
import { naiveTakes } from './naive-selector.testing.ts'
import { accepted, eventOf, routingOf, type TestEvent } from './selector.testing.ts'

// Few buckets, keys, names and tables, many of them beginnings of one another, so that selectors and events meet.
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })
const partitions = fc.constantFrom('aws', 'aws', 'aws', 'aws-cn')
const buckets = fc.constantFrom('log', 'logs', 'logs.eu')
const keys = fc.constantFrom('', 'a', 'ab', 'a/b', 'a/b/c', '*', 'é')
const names = fc.constantFrom('Get', 'GetObject', 'GetItem', 'Put', 'PutObject', 'Object')
const functions = fc.constantFrom('one', 'one2', 'one:live')
const tables = fc.constantFrom('t', 'tt', 'T')
const objectArns = fc.tuple(partitions, buckets, keys).map(([p, bucket, key]) => `arn:${p}:s3:::${bucket}/${key}`)
const functionArns = fc
  .tuple(partitions, functions)
  .map(([p, name]) => `arn:${p}:lambda:eu-west-1:210000000001:function:${name}`)
const tableArns = fc
  .tuple(partitions, tables)
  .map(([p, name]) => `arn:${p}:dynamodb:eu-west-1:210000000001:table/${name}`)
const streamArns = tableArns.map((arn) => `${arn}/stream/2026-03-04T00:00:00.000`)
const queueArns = fc.constantFrom('q', 'qq').map((name) => `arn:aws:sqs:eu-west-1:210000000001:${name}`)
const callerArns = fc.constantFrom('kim', 'kimberly', 'deploy').map((name) => `arn:aws:iam::210000000001:user/${name}`)
const sources = fc.constantFrom('s3.amazonaws.com', 'kms.amazonaws.com', 'rdsdata.amazonaws.com', 'ec2.amazonaws.com')

const arnsOfType: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'AWS::S3::Object': objectArns,
  'AWS::S3::Bucket': buckets.map((bucket) => `arn:aws:s3:::${bucket}`),
  'AWS::Lambda::Function': functionArns,
  'AWS::DynamoDB::Table': tableArns,
  'AWS::DynamoDB::Stream': streamArns,
  'AWS::SQS::Queue': queueArns,
}
const resources = fc
  .constantFrom(...Object.keys(arnsOfType))
  .chain((type) =>
    fc.oneof(
      { weight: 8, arbitrary: arnsOfType[type]!.map((ARN) => ({ type, ARN })) },
      { weight: 2, arbitrary: arnsOfType[type]!.map((ARNPrefix) => ({ type, ARNPrefix })) },
      { weight: 1, arbitrary: arnsOfType[type]!.map((ARN) => ({ ARN })) },
      { weight: 1, arbitrary: fc.constant({ type }) },
    ),
  )
const records = fc.record(
  {
    eventType: fc.constantFrom('AwsApiCall', 'AwsServiceEvent'),
    userIdentity: fc.record({ arn: callerArns }, { requiredKeys: [] }),
    vpcEndpointId: fc.constantFrom('vpce-1', 'vpce-12'),
    errorCode: fc.constantFrom('VpceAccessDenied', 'AccessDenied'),
    sessionCredentialFromConsole: fc.constant('true'),
    resources: fc.array(resources, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)
const categories = fc.constantFrom(
  'Data',
  'Data',
  'Data',
  'Management',
  'Management',
  'NetworkActivity',
  'Insight',
  'Aggregated',
)
const events: fc.Arbitrary<TestEvent> = fc.record({
  category: categories,
  readOnly: maybe(fc.boolean()),
  eventSource: sources,
  eventName: names,
  record: records,
})

const dataResources = fc.oneof(
  fc.record({
    Type: fc.constant('AWS::S3::Object'),
    Values: fc.array(
      fc.oneof(
        { weight: 5, arbitrary: objectArns },
        { weight: 1, arbitrary: partitions.map((p) => `arn:${p}:s3`) },
        { weight: 1, arbitrary: partitions.map((p) => `arn:${p}:s3:::`) },
      ),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    Type: fc.constant('AWS::Lambda::Function'),
    Values: fc.array(
      fc.oneof(
        functionArns,
        functionArns,
        partitions.map((p) => `arn:${p}:lambda`),
      ),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    Type: fc.constant('AWS::DynamoDB::Table'),
    Values: fc.array(
      fc.oneof(
        tableArns,
        tableArns,
        partitions.map((p) => `arn:${p}:dynamodb`),
      ),
      { maxLength: 3 },
    ),
  }),
)
const basicSelectors = fc.array(
  fc.record(
    {
      ReadWriteType: fc.constantFrom('All', 'ReadOnly', 'WriteOnly'),
      IncludeManagementEvents: fc.boolean(),
      DataResources: fc.array(dataResources, { maxLength: 3 }),
      ExcludeManagementEventSources: fc.subarray(['kms.amazonaws.com', 'rdsdata.amazonaws.com']),
    },
    { requiredKeys: [] },
  ),
  { minLength: 1, maxLength: 5 },
)

/** Any operators on a field, with whole values, beginnings and ends of them. */
function operatorsOn(values: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const whole = fc.array(values, { minLength: 1, maxLength: 3 })
  const starts = fc.array(
    fc.tuple(values, fc.nat(60)).map(([value, length]) => value.slice(0, length + 1)),
    { minLength: 1, maxLength: 3 },
  )
  const ends = fc.array(
    fc.tuple(values, fc.integer({ min: 1, max: 20 })).map(([value, length]) => value.slice(-length)),
    { minLength: 1, maxLength: 3 },
  )
  const one = fc.oneof(
    fc.record({ Equals: whole }),
    fc.record({ StartsWith: starts }),
    fc.record({ EndsWith: ends }),
    fc.record({ NotEquals: whole }),
    fc.record({ NotStartsWith: starts }),
    fc.record({ NotEndsWith: ends }),
  )
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((parts) => Object.assign({}, ...parts) as object)
}
const only = (...Equals: string[]) => fc.constant({ Equals })
const readOnly = fc.constantFrom({ Equals: ['true'] }, { Equals: ['false'] }, { Equals: ['true', 'false'] })
function fieldsOf(
  required: Readonly<Record<string, fc.Arbitrary<object>>>,
  optional: Readonly<Record<string, fc.Arbitrary<object>>>,
) {
  return fc
    .tuple(
      fc.record({ ...required, ...optional }),
      fc.uniqueArray(fc.constantFrom(...Object.keys(optional)), { maxLength: 3 }),
    )
    .map(([all, chosen]) => ({
      FieldSelectors: Object.entries(all)
        .filter(([Field]) => Field in required || chosen.includes(Field))
        .map(([Field, operators]) => ({ Field, ...operators })),
    }))
}
const advancedSelector = fc.oneof(
  fieldsOf(
    { eventCategory: only('Management') },
    {
      readOnly,
      eventSource: fc.constantFrom(
        { NotEquals: ['kms.amazonaws.com'] },
        { NotEquals: ['rdsdata.amazonaws.com', 'kms.amazonaws.com'] },
      ),
    },
  ),
  ...[1, 2, 3, 4].map(() =>
    fc.constantFrom(...Object.keys(arnsOfType)).chain((type) =>
      fieldsOf(
        { eventCategory: only('Data'), 'resources.type': only(type) },
        {
          readOnly,
          eventName: operatorsOn(names),
          eventSource: operatorsOn(sources),
          eventType: operatorsOn(fc.constantFrom('AwsApiCall', 'AwsServiceEvent')),
          'resources.ARN': operatorsOn(arnsOfType[type]!),
          'userIdentity.arn': operatorsOn(callerArns),
          sessionCredentialFromConsole: fc.constantFrom({ Equals: ['true'] }, { NotEquals: ['true'] }),
        },
      ),
    ),
  ),
  sources.chain((source) =>
    fieldsOf(
      { eventCategory: only('NetworkActivity'), eventSource: only(source) },
      {
        eventName: operatorsOn(names),
        vpcEndpointId: operatorsOn(fc.constantFrom('vpce-1', 'vpce-12')),
        'userIdentity.arn': operatorsOn(callerArns),
        errorCode: only('VpceAccessDenied'),
      },
    ),
  ),
)
const advancedSelectors = fc.array(advancedSelector, { minLength: 1, maxLength: 5 })

/** Judges each event by the index, by the explanation and by the plain rules. Returns how many were taken and dropped. */
function compareAll(input: fc.Arbitrary<Parameters<typeof readSelectors>[0]>, numRuns: number) {
  const seen = { taken: 0, dropped: 0 }
  fc.assert(
    fc.property(input, fc.array(events, { minLength: 8, maxLength: 8 }), (sent, given) => {
      const selectors = accepted(sent)
      const compiled = compileSelectors(selectors)
      for (const one of given) {
        const expected = naiveTakes(selectors, one)
        const event = eventOf(one)
        assert.equal(compiled(event), expected, 'compiled')
        const explanation = explainSelectors(selectors, event)
        assert.equal(explanation.selected, expected, explanation.text)
        for (const [index, verdict] of explanation.selectors.entries()) {
          const alone =
            selectors.kind === 'basic'
              ? naiveTakes({ kind: 'basic', selectors: [selectors.selectors[index]!] }, one)
              : naiveTakes({ kind: 'advanced', selectors: [selectors.selectors[index]!] }, one)
          assert.equal(verdict.selected, alone, verdict.text)
          assert.equal(
            verdict.checks.every(({ passed }) => passed),
            alone,
            verdict.text,
          )
        }
        seen[expected ? 'taken' : 'dropped']++
      }
    }),
    { numRuns },
  )
  return seen
}

/** A comparison that hardly ever takes (or drops) an event would compare nothing. */
const rarer = ({ taken, dropped }: { taken: number; dropped: number }): number =>
  Math.min(taken, dropped) / (taken + dropped)

describe('the index and the explanation agree with the plain rules', () => {
  test('for basic selectors', () => {
    const seen = compareAll(
      basicSelectors.map((eventSelectors) => ({ eventSelectors })),
      2_500,
    )
    assert.ok(rarer(seen) > 0.1, JSON.stringify(seen))
  })
  test('for advanced selectors', () => {
    const seen = compareAll(
      advancedSelectors.map((advancedEventSelectors) => ({ advancedEventSelectors })),
      2_500,
    )
    assert.ok(rarer(seen) > 0.1, JSON.stringify(seen))
  })
})

test('prefixes and suffixes are found as if each were tried', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1F600}'), maxLength: 6 })
  fc.assert(
    fc.property(
      fc.array(texts, { maxLength: 12 }),
      fc.array(texts, { minLength: 5, maxLength: 5 }),
      (values, given) => {
        const starts = startsWithAny(values)
        const ends = endsWithAny(values)
        for (const text of given) {
          assert.equal(
            starts(text),
            values.some((value) => text.startsWith(value)),
          )
          assert.equal(
            ends(text),
            values.some((value) => text.endsWith(value)),
          )
        }
      },
    ),
    { numRuns: 3_000 },
  )
})

describe('whatever a client sends', () => {
  const anything = fc.jsonValue({ maxDepth: 3 })
  const mostly = <T>(values: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: values }, { weight: 1, arbitrary: anything })
  const lists = fc.array(
    fc.constantFrom('true', 'Data', 'AWS::S3::Object', 'arn:aws:s3:::b/', 's3.amazonaws.com', ''),
    {
      maxLength: 2,
    },
  )
  const looseFields = fc.record(
    {
      Field: mostly(fc.constantFrom('eventCategory', 'readOnly', 'resources.type', 'resources.ARN', 'eventSource')),
      Equals: mostly(lists),
      NotStartsWith: mostly(lists),
    },
    { requiredKeys: ['Field'] },
  )
  const loose = fc.record(
    {
      eventSelectors: mostly(
        fc.array(mostly(fc.record({ DataResources: mostly(fc.array(mostly(dataResources))) }, { requiredKeys: [] }))),
      ),
      advancedEventSelectors: mostly(
        fc.array(mostly(fc.record({ FieldSelectors: mostly(fc.array(mostly(looseFields), { maxLength: 4 })) }))),
      ),
    },
    { requiredKeys: [] },
  )

  test('it is accepted or refused with a message of bounded length, and what is accepted passes again unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(loose, fc.record({ eventSelectors: basicSelectors })), (sent) => {
        const outcome = readSelectors(sent)
        if (!outcome.ok) {
          assert.ok(outcome.message.length > 0 && outcome.message.length < 1_000)
          return
        }
        const { kind, selectors } = outcome.selectors
        const again = kind === 'basic' ? { eventSelectors: selectors } : { advancedEventSelectors: selectors }
        assert.deepEqual(readSelectors(again), outcome)
      }),
      { numRuns: 3_000 },
    )
  })

  test('any record can be judged', () => {
    const judge = [
      accepted({ eventSelectors: [{ DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }] }] }),
    ].map(compileSelectors)
    fc.assert(
      fc.property(events, fc.record({ resources: anything, userIdentity: anything }), (given, record) => {
        const event = eventOf({ ...given, record })
        for (const test of judge) assert.equal(typeof test(event), 'boolean')
        assert.equal(routingOf(given).category, event.category)
      }),
      { numRuns: 1_000 },
    )
  })
})
