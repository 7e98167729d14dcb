import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { admit, parseEnvelope, type AccountId, type AdmissionContext, type Region } from '../event/index.ts'
import { searchAttributes, type PathStep, type SearchExpression } from './expression.ts'
import { searchedEvent, type SearchedEvent } from './searched-event.ts'
import { attributeAt } from './well-known-names.ts'

const context: AdmissionContext = {
  origin: 'import',
  principal: 'arn:aws:iam::210000000001:user/importer',
  configVersion: 1,
  account: '210000000001' as AccountId,
  region: 'eu-west-1' as Region,
  accounts: new Set(['210000000001']),
  regions: new Set(['eu-west-1']),
  now: Date.UTC(2026, 2, 4, 12),
}

/** An event as admission makes it of a record, which says at least when it was. A text is taken as the record's JSON. */
export function eventOf(record: object | string): SearchedEvent {
  const text =
    typeof record === 'string'
      ? record
      : JSON.stringify({ eventTime: '2026-03-04T10:00:00Z', eventID: 'e-1', ...record })
  const admission = admit(Buffer.from(text), context, () => ({ id: 'e-1', fromKey: false }))
  assert.ok(admission.ok, admission.ok ? '' : admission.refusal.message)
  return searchedEvent(admission.entry.record, parseEnvelope(admission.entry).event)
}

// Few values, many of them parts of one another, so that searches and events meet.
const texts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'a',
      'ab',
      'A',
      'a*',
      'a"b',
      'ς',
      'Σ',
      'é',
      '\\',
      'a/b',
      'true',
      '1',
      '10',
      'in',
      'in=',
      '=a',
      'b (c',
      '!',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: 'grapheme' }) },
)
const long = fc.constantFrom('x'.repeat(2_001), 'x'.repeat(2_000), `${'x'.repeat(1_999)}😀`, 'x'.repeat(1_999))
const names = fc.constantFrom('a', 'b', 'a b', 'é', 'user', 'in', '__proto__')
const wellFormed = fc
  .oneof({ weight: 9, arbitrary: texts }, { weight: 1, arbitrary: long })
  .filter((t) => t.isWellFormed())

const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    wellFormed,
    fc.constantFrom(0, 1, 2, 10, -1, 1.5, true, false, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value

const maybe = { requiredKeys: [] }
const identities = fc.record(
  {
    type: fc.constantFrom('IAMUser', 'AssumedRole', 'Odd'),
    arn: fc.oneof(wellFormed, values),
    principalId: wellFormed,
    userName: wellFormed,
    accessKeyId: wellFormed,
    sessionContext: fc.record({ sessionIssuer: fc.record({ arn: wellFormed }, maybe) }, maybe),
  },
  maybe,
)
const details = {
  userIdentity: identities,
  eventSource: fc.constantFrom('a', 's3.amazonaws.com'),
  eventName: wellFormed,
  sourceIPAddress: fc.oneof(wellFormed, values),
  userAgent: wellFormed,
  errorCode: wellFormed,
}
const records = fc.record(
  {
    ...details,
    eventType: wellFormed,
    eventCategory: fc.constantFrom('Management', 'Data', 'Insight'),
    readOnly: fc.boolean(),
    requestParameters: values,
    insightDetails: fc.record(details, maybe),
    resources: fc.array(fc.record({ ARN: wellFormed, type: wellFormed }, maybe), { maxLength: 3 }),
    user: values,
  },
  maybe,
)

/** Events of random records, the same characters written in different ways. */
export const randomEvents: fc.Arbitrary<SearchedEvent> = fc
  .tuple(records, fc.boolean(), fc.boolean())
  .map(([record, unicode, slashes]) => {
    let text = JSON.stringify({ eventTime: '2026-03-04T10:00:00Z', eventID: 'e-1', ...record })
    if (slashes) text = text.replaceAll('/', String.raw`\/`)
    if (unicode)
      text = text.replace(/"(a|é)/g, (_, [letter = '']) => `"\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    return eventOf(text)
  })

const steps: fc.Arbitrary<PathStep> = fc.oneof(
  { weight: 4, arbitrary: names },
  { weight: 1, arbitrary: fc.nat(3) },
  { weight: 1, arbitrary: fc.constant({ every: true as const }) },
)
const paths: fc.Arbitrary<readonly PathStep[]> = fc.oneof(
  fc.array(steps, { maxLength: 3 }).map((rest) => ['requestParameters', ...rest]),
  fc.constantFrom(
    ['user'],
    ['resources', 'ARN'],
    ['userIdentity'],
    ['eventTime'],
    ['EventName'],
    ['exists'],
    ['__proto__'],
  ),
  fc.constantFrom(...searchAttributes).map((attribute) => attribute.split('.')),
)
const manyValues = fc.array(wellFormed, { minLength: 1, maxLength: 3 })

/** With the usual prototype, as the parser makes them. */
const recordOf = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true })

const conditions: fc.Arbitrary<SearchExpression> = fc.oneof(
  recordOf({
    kind: fc.constant('attribute' as const),
    attribute: fc.constantFrom(...searchAttributes),
    values: manyValues,
  }),
  recordOf({ kind: fc.constant('text' as const), text: wellFormed }),
  recordOf({ kind: fc.constant('exists' as const), path: paths }),
  recordOf({
    kind: fc.constant('path' as const),
    path: paths.filter((path) => !attributeAt(path)),
    comparison: fc.constant('=' as const),
    values: manyValues,
    wildcards: fc.constant(false),
  }),
  recordOf({
    kind: fc.constant('path' as const),
    path: paths,
    comparison: fc.constant('=' as const),
    values: manyValues.map((all) => all.map((value, i) => (i % 2 ? `*${value}` : `${value}*`))),
    wildcards: fc.constant(true),
  }),
  recordOf({
    kind: fc.constant('path' as const),
    path: paths,
    comparison: fc.constantFrom('<', '<=', '>', '>=', 'contains'),
    values: fc.tuple(wellFormed),
    wildcards: fc.constant(false),
  }),
)

/** Searches as the language can say them. */
export const randomSearches: fc.Arbitrary<SearchExpression> = fc.letrec<{ search: SearchExpression }>((tie) => ({
  search: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    conditions,
    recordOf({ kind: fc.constant('not' as const), of: tie('search') }),
    recordOf({
      kind: fc.constantFrom('and', 'or'),
      of: fc.array(tie('search'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).search
