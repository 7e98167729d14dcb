import assert from 'node:assert/strict'
import { test } from 'vitest'
import { mergeSelectors } from './merge-selectors.ts'
import type { AdvancedEventSelector } from './selectors.ts'

const selector = (fields: Readonly<Record<string, object>>, Name?: string): AdvancedEventSelector => ({
  ...(Name !== undefined && { Name }),
  FieldSelectors: Object.entries(fields).map(([Field, operators]) => ({ Field, ...operators })),
})
const objects = { eventCategory: { Equals: ['Data'] }, 'resources.type': { Equals: ['AWS::S3::Object'] } }
const asking = (arn: object, Name?: string) => selector({ ...objects, 'resources.ARN': arn }, Name)

test('selectors that differ in name, order and the ARNs they ask for become one', () => {
  const { 'resources.type': type, eventCategory } = objects
  const merged = mergeSelectors([
    asking({ StartsWith: ['a', 'b'] }, 'first'),
    selector({ 'resources.ARN': { StartsWith: ['c'], Equals: ['d'] }, 'resources.type': type, eventCategory }),
    asking({ EndsWith: ['e'] }, 'third'),
  ])
  assert.equal(merged.length, 1)
  assert.deepEqual(
    merged[0]?.FieldSelectors.find(({ Field }) => Field === 'resources.ARN'),
    { Field: 'resources.ARN', Equals: ['d'], StartsWith: ['a', 'b', 'c'], EndsWith: ['e'] },
  )
})

test('others stay apart', () => {
  const apart = [
    asking({ StartsWith: ['a'] }),
    selector(objects),
    asking({ NotStartsWith: ['a'] }),
    asking({ NotStartsWith: ['b'] }),
    asking({ StartsWith: ['a'], NotEndsWith: ['b'] }),
    selector({ ...objects, readOnly: { Equals: ['true'] }, 'resources.ARN': { StartsWith: ['a'] } }),
  ]
  assert.deepEqual(mergeSelectors(apart), apart)
})
