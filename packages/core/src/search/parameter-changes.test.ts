import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { PathStep } from './expression.ts'
import { parameterChanges } from './parameter-changes.ts'

const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }).filter((value) => !hasProto(value))

/** JSON.parse makes a member of it, but plain assignment in this test would not. */
function hasProto(value: unknown): boolean {
  return JSON.stringify(value).includes('__proto__')
}

/** Makes the change in a parsed copy. */
function apply(value: unknown, path: readonly PathStep[], after: string | undefined): unknown {
  const [step, ...rest] = path
  if (step === undefined) return after === undefined ? undefined : JSON.parse(after)
  const copy: Record<string | number, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as object) }
  const inner = apply(copy[step as string], rest, after)
  if (inner === undefined && !Array.isArray(copy)) delete copy[step as string]
  else copy[step as string] = inner
  return Array.isArray(copy) ? copy.filter((element) => element !== undefined) : copy
}

describe('changes of parameters', () => {
  test('made one after the other, from the last to the first, they turn the one value into the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const changes = parameterChanges(JSON.stringify(before), JSON.stringify(after))
        let made: unknown = JSON.parse(JSON.stringify(before))
        // Elements that are added go in front first, those that are removed from the back.
        for (const { path, after: text } of changes.filter((each) => each.after !== undefined))
          made = apply(made, path, text)
        for (const { path } of changes.filter((each) => each.after === undefined).toReversed())
          made = apply(made, path, undefined)
        assert.deepEqual(made, JSON.parse(JSON.stringify(after)))
      }),
    )
  })

  test('equal values have none; the other way round the same places differ', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const texts = [JSON.stringify(before), JSON.stringify(after)] as const
        assert.deepEqual(parameterChanges(texts[0], texts[0]), [])
        const places = (changes: { path: readonly PathStep[] }[]) =>
          changes.map(({ path }) => JSON.stringify(path)).sort()
        const there = places(parameterChanges(...texts))
        assert.deepEqual(there, places(parameterChanges(texts[1], texts[0])))
        assert.equal(new Set(there).size, there.length)
      }),
    )
  })

  test('numbers are shown as they were written', () => {
    assert.deepEqual(
      parameterChanges('{"size":2.0,"id":9007199254740993}', '{"size":2,"id":9007199254740993}', ['p']),
      [{ path: ['p', 'size'], before: '2.0', after: '2' }],
    )
  })

  test('what only one has is one change; a text that is no JSON is compared whole', () => {
    assert.deepEqual(parameterChanges('{"a":{"b":[1]}}', '{"c":null}'), [
      { path: ['c'], after: 'null' },
      { path: ['a'], before: '{"b":[1]}' },
    ])
    assert.deepEqual(parameterChanges(undefined, '{"a":1}'), [{ path: [], after: '{"a":1}' }])
    assert.deepEqual(parameterChanges('{', '{'), [])
    assert.deepEqual(parameterChanges('{', '1'), [{ path: [], before: '{', after: '1' }])
  })

  test('more differences than anybody reads are one', () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`m${at}`, at])))
    assert.deepEqual(parameterChanges('{}', many), [{ path: [], before: '{}', after: many }])
  })
})
