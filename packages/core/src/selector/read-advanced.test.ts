import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { readSelectors } from './index.ts'
import { advanced, selecting } from './selector.testing.ts'

function refused(selectors: readonly unknown[], kind = 'invalid'): string {
  const outcome = readSelectors({ advancedEventSelectors: selectors })
  assert.ok(!outcome.ok, `accepted ${JSON.stringify(selectors).slice(0, 300)}`)
  assert.equal(outcome.kind, kind, outcome.message)
  return outcome.message
}
const management = { eventCategory: { Equals: ['Management'] } }
const data = { eventCategory: { Equals: ['Data'] }, 'resources.type': { Equals: ['AWS::S3::Object'] } }
const network = { eventCategory: { Equals: ['NetworkActivity'] }, eventSource: { Equals: ['ec2.amazonaws.com'] } }
const takes = (fields: Readonly<Record<string, object>>) =>
  assert.deepEqual(advanced(selecting(fields)).selectors, [selecting(fields)])
const refuses = (fields: Readonly<Record<string, object>>) => refused([selecting(fields)])
const operators = ['Equals', 'StartsWith', 'EndsWith', 'NotEquals', 'NotStartsWith', 'NotEndsWith'] as const

test('what is accepted comes back as sent, without nulls and unknown members', () => {
  const selector = selecting({ ...data, 'resources.ARN': { NotStartsWith: ['arn:aws:s3:::logs/'] } }, 'No logs')
  assert.deepEqual(advanced(selector, selecting(management)), {
    kind: 'advanced',
    selectors: [selector, selecting(management)],
  })
  const noise = { Field: 'eventCategory', Equals: ['Management'], StartsWith: null, Matches: ['x'] }
  assert.deepEqual(advanced({ Name: null, FieldSelectors: [noise], Future: 1 }).selectors, [selecting(management)])
})

test('at least one selector with at least one field selector with at least one operator with at least one value', () => {
  assert.match(refused([]), /at least one/)
  assert.match(refused([{ Name: 'x' }]), /FieldSelectors/)
  assert.match(refused([{ FieldSelectors: [] }]), /FieldSelectors/)
  assert.match(refuses({ ...management, readOnly: {} }), /readOnly must have an operator/)
  assert.match(refuses({ ...management, readOnly: { Equals: null } }), /readOnly must have an operator/)
  for (const operator of operators)
    assert.match(refuses({ ...data, eventName: { [operator]: [] } }), new RegExp(`${operator} must have at least one`))
  assert.match(refused([{ FieldSelectors: [{ Equals: ['x'] }] }]), /Field/)
  assert.match(refused([{ FieldSelectors: [{ Field: '', Equals: ['x'] }] }]), /Field/)
})

test('a member of the wrong JSON type is a serialization fault', () => {
  const wrong = [
    null,
    'x',
    [],
    { Name: 1 },
    { FieldSelectors: {} },
    { FieldSelectors: [null] },
    { FieldSelectors: ['eventCategory'] },
    { FieldSelectors: [{ Field: 1 }] },
    { FieldSelectors: [{ Field: 'readOnly', Equals: 'true' }] },
    { FieldSelectors: [{ Field: 'readOnly', Equals: [true] }] },
    { FieldSelectors: [{ Field: 'readOnly', NotEndsWith: [null] }] },
  ]
  for (const selector of wrong) refused([{ FieldSelectors: [] }, selector], 'serialization')
  assert.equal(
    refused([{ FieldSelectors: [{ Field: 'readOnly', Equals: [true] }] }], 'serialization'),
    'AdvancedEventSelectors[0].FieldSelectors[0].Equals[0] must be a JSON string.',
  )
})

test('a Name has up to 1,000 characters', () => {
  for (const name of ['', 'x'.repeat(1_000)]) advanced(selecting(management, name))
  assert.match(refused([selecting(management, 'x'.repeat(1_001))]), /Name/)
})

test('values have 1 to 2,048 characters', () => {
  takes({ ...data, eventName: { Equals: ['x'.repeat(2_048)] } })
  for (const value of ['', 'x'.repeat(2_049)])
    assert.match(refuses({ ...data, eventName: { Equals: ['GetObject', value] } }), /1 to 2048 characters/)
})

test('at most 500 values in all operators of all selectors', () => {
  const some = (count: number, mark: string) => Array.from({ length: count }, (_, index) => `${mark}${index}`)
  const two = (count: number) => [
    selecting(management),
    selecting({ ...data, eventName: { StartsWith: some(200, 'a'), NotEquals: some(count, 'b') } }),
  ]
  advanced(...two(297))
  assert.match(refused(two(298)), /at most 500 values/)
  advanced(...Array.from({ length: 500 }, () => selecting(management)))
  assert.match(refused(Array.from({ length: 501 }, () => selecting(management))), /at most 500 values/)
})

test('a field appears once', () => {
  const readOnly = { Field: 'readOnly', Equals: ['true'] }
  const { FieldSelectors } = selecting(management) as { FieldSelectors: object[] }
  assert.match(refused([{ FieldSelectors: [...FieldSelectors, readOnly, readOnly] }]), /readOnly .*more than once/)
  assert.match(refused([{ FieldSelectors: [...FieldSelectors, ...FieldSelectors] }]), /eventCategory .*more than once/)
})

describe('eventCategory', () => {
  test('is required, with one value of Equals and no other operator', () => {
    assert.match(refuses({ readOnly: { Equals: ['true'] } }), /eventCategory is required/)
    for (const operator of operators.slice(1)) {
      assert.match(refuses({ eventCategory: { [operator]: ['Data'] } }), /eventCategory/)
      assert.match(refuses({ eventCategory: { Equals: ['Management'], [operator]: ['Data'] } }), /eventCategory/)
    }
    assert.match(refuses({ eventCategory: { Equals: ['Management', 'Data'] } }), /eventCategory/)
    assert.match(refuses({ eventCategory: { Equals: ['Management', 'Management'] } }), /eventCategory/)
  })
  test('is one of those that trails record, exact in case', () => {
    for (const fields of [management, data, network]) takes(fields)
    for (const name of [
      'ConfigurationItem',
      'Evidence',
      'ActivityAuditLog',
      'Insight',
      'Aggregated',
      'data',
      '__proto__',
    ])
      assert.match(refuses({ eventCategory: { Equals: [name] } }), /Management, Data, NetworkActivity/)
  })
})

test('what a category needs: one resources.type for Data, one eventSource for NetworkActivity', () => {
  assert.match(refuses({ eventCategory: { Equals: ['Data'] } }), /resources\.type is required/)
  assert.match(refuses({ eventCategory: { Equals: ['NetworkActivity'] } }), /eventSource is required/)
  const two = ['AWS::S3::Object', 'AWS::Lambda::Function']
  assert.match(refuses({ ...data, 'resources.type': { Equals: two } }), /at most 1/)
  const sources = ['ec2.amazonaws.com', 'kms.amazonaws.com']
  assert.match(refuses({ ...network, eventSource: { Equals: sources } }), /at most 1/)
})

// One legal value for each field, and the operators each category takes on a trail.
const any = [...operators]
const allowed: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Management: { readOnly: ['Equals'], eventSource: ['NotEquals'] },
  Data: {
    readOnly: ['Equals'],
    'resources.type': ['Equals'],
    eventName: any,
    eventSource: any,
    eventType: any,
    'resources.ARN': any,
    'userIdentity.arn': any,
    sessionCredentialFromConsole: ['Equals', 'NotEquals'],
  },
  NetworkActivity: {
    eventSource: ['Equals'],
    eventName: any,
    vpcEndpointId: any,
    'userIdentity.arn': any,
    errorCode: ['Equals'],
  },
}
const legalValue: Readonly<Record<string, string>> = {
  readOnly: 'true',
  eventName: 'GetObject',
  eventSource: 'kms.amazonaws.com',
  eventType: 'AwsApiCall',
  'resources.type': 'AWS::S3::Object',
  'resources.ARN': 'arn:aws:s3:::logs/a',
  'userIdentity.arn': 'arn:aws:iam::111122223333:user/kim',
  sessionCredentialFromConsole: 'true',
  vpcEndpointId: 'vpce-1',
  errorCode: 'VpceAccessDenied',
  requestID: 'x',
  'resources.accountId': '111122223333',
}
test.each([
  ['Management', management],
  ['Data', data],
  ['NetworkActivity', network],
] as const)('%s takes its own fields with their operators and no others', (category, base) => {
  for (const [field, value] of Object.entries(legalValue))
    for (const operator of operators) {
      const fields = { ...base, [field]: { [operator]: [value] } }
      if (allowed[category]?.[field]?.includes(operator)) takes(fields)
      else assert.match(refuses(fields), new RegExp(field.replaceAll('.', String.raw`\.`)))
    }
})

test('several operators may stand on one field', () => {
  const fields = { ...data, eventName: { StartsWith: ['Get'], EndsWith: ['Object'], NotEquals: ['GetObject'] } }
  assert.deepEqual(advanced(selecting(fields)).selectors, [selecting(fields)])
})

describe('values', () => {
  test('readOnly is true or false, sessionCredentialFromConsole true', () => {
    for (const value of ['true', 'false']) takes({ ...management, readOnly: { Equals: [value] } })
    takes({ ...management, readOnly: { Equals: ['true', 'false'] } })
    for (const value of ['True', '1', 'yes'])
      assert.match(refuses({ ...data, readOnly: { Equals: [value] } }), /true, false/)
    assert.match(refuses({ ...data, sessionCredentialFromConsole: { Equals: ['false'] } }), /one of true/)
  })
  test('management events of two sources can be left out', () => {
    takes({ ...management, eventSource: { NotEquals: ['kms.amazonaws.com', 'rdsdata.amazonaws.com'] } })
    assert.match(refuses({ ...management, eventSource: { NotEquals: ['ec2.amazonaws.com'] } }), /rdsdata/)
  })
  test('network activity names a service and only the endpoint policy’s error', () => {
    for (const source of ['ec2.amazonaws.com', 'ssm-contacts.amazonaws.com', 'new-service.amazonaws.com'])
      takes({ ...network, eventSource: { Equals: [source] } })
    for (const source of ['ec2', '*.amazonaws.com', 'ec2.example.com', '.amazonaws.com'])
      assert.match(refuses({ ...network, eventSource: { Equals: [source] } }), /eventSource/)
    assert.match(refuses({ ...network, errorCode: { Equals: ['AccessDenied'] } }), /VpceAccessDenied/)
  })
  test('resources.type is any name of the shape AWS::Service::Type', () => {
    for (const type of ['AWS::S3::Object', 'AWS::Quicksight::ActionConnector', 'AWS::NewService::Thing2'])
      takes({ ...data, 'resources.type': { Equals: [type] } })
    for (const type of [
      'S3::Object',
      'AWS::S3',
      'AWS::S3::*',
      'aws::s3::object',
      'AWS::S3::Object::More',
      'AWS::S3:: Object',
    ])
      assert.match(refuses({ ...data, 'resources.type': { Equals: [type] } }), /resources\.type/)
  })
})

describe('resources.ARN', () => {
  const arn = (operator: string, value: string, type = 'AWS::S3::Object') => ({
    ...data,
    'resources.type': { Equals: [type] },
    'resources.ARN': { [operator]: [value] },
  })
  test('Equals and NotEquals take an ARN of the selected type', () => {
    for (const operator of ['Equals', 'NotEquals']) {
      takes(arn(operator, 'arn:aws:s3:::bucket/key:with:colons'))
      takes(arn(operator, 'arn:aws-cn:lambda:cn-north-1:111122223333:function:f', 'AWS::Lambda::Function'))
      takes(arn(operator, 'arn:aws-us-gov:sqs:us-gov-west-1:111122223333:q', 'AWS::SQS::Queue'))
      const wrong = [
        '*',
        'bucket/key',
        'arn:aws:s3',
        'arn:aws:s3:::',
        'arn:aws:lambda:eu-west-1:111122223333:function:f',
      ]
      for (const value of [...wrong, 'arn:azure:s3:::b/k', 'urn:aws:s3:::b/k'])
        assert.match(refuses(arn(operator, value)), /resources\.ARN/)
    }
    for (const type of ['AWS::DynamoDB::Table', 'AWS::DynamoDB::Stream'])
      assert.match(refuses(arn('Equals', 'arn:aws:s3:::b/k', type)), /resources\.ARN/)
  })
  test('StartsWith and NotStartsWith take the beginning of one', () => {
    const beginnings = [
      'a',
      'arn',
      'arn:',
      'arn:aw',
      'arn:aws-',
      'arn:aws:',
      'arn:aws:s3',
      'arn:aws:s3:::b',
      'arn:aws:s3:::b/k',
    ]
    for (const operator of ['StartsWith', 'NotStartsWith']) {
      for (const value of beginnings) takes(arn(operator, value))
      for (const value of [
        'x',
        'bucket',
        'arn:azure',
        'arn:azure:s3',
        'arn:aws:lambda:',
        'arn:aws:s3express:::b',
        'arn:*',
      ])
        assert.match(refuses(arn(operator, value)), /resources\.ARN/)
    }
  })
  test('EndsWith and NotEndsWith take any text', () => {
    for (const operator of ['EndsWith', 'NotEndsWith'])
      for (const end of ['.log', '*']) {
        const sent = selecting(arn(operator, end))
        assert.deepEqual(advanced(sent).selectors, [sent])
      }
  })
})
