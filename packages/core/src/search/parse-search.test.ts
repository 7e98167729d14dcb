import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { searchAttributes } from './expression.ts'
import { parseSearch } from './parse-search.ts'
import { SearchSyntaxError } from './search-syntax-error.ts'

const attribute = (name: string, ...values: string[]) => ({ kind: 'attribute', attribute: name, values })
const path = (steps: unknown[], comparison: string, values: string[], wildcards = false) => ({
  kind: 'path',
  path: steps,
  comparison,
  values,
  wildcards,
})
const text = (found: string) => ({ kind: 'text', text: found })
const not = (of: unknown) => ({ kind: 'not', of })

describe('a search is read as', () => {
  const every = { every: true }
  const cases: [string, unknown][] = [
    ['', undefined],
    [' \n\t', undefined],
    ['alice', text('alice')],
    ['"and"', text('and')],
    ['s3.amazonaws.com', text('s3.amazonaws.com')],
    ['logs-*', text('logs-*')],
    ['arn:aws:iam::210000000001:user/kim', text('arn:aws:iam::210000000001:user/kim')],
    ['a b', { kind: 'and', of: [text('a'), text('b')] }],
    ['a AND b Or c', { kind: 'or', of: [{ kind: 'and', of: [text('a'), text('b')] }, text('c')] }],
    ['a (b or c)', { kind: 'and', of: [text('a'), { kind: 'or', of: [text('b'), text('c')] }] }],
    ['a(b)', { kind: 'and', of: [text('a'), text('b')] }],
    ['NOT a b', { kind: 'and', of: [not(text('a')), text('b')] }],
    ['not(a b)', not({ kind: 'and', of: [text('a'), text('b')] })],
    ['EventName = RunInstances', attribute('eventName', 'RunInstances')],
    ['eventName=RunInstances', attribute('eventName', 'RunInstances')],
    ['Username != kim', not(attribute('username', 'kim'))],
    ['ResourceName = b', attribute('resource', 'b')],
    ['resource in (b , "c d",e)', attribute('resource', 'b', 'c d', 'e')],
    ['user not in (b)', not(attribute('username', 'b'))],
    ['AccessKeyId = K', attribute('userIdentity.accessKeyId', 'K')],
    ['key = K', attribute('userIdentity.accessKeyId', 'K')],
    ['Arn = a', attribute('userIdentity.arn', 'a')],
    ['EventId = e', attribute('eventID', 'e')],
    ['region = eu-west-1', path(['awsRegion'], '=', ['eu-west-1'])],
    ['account = 0210', path(['recipientAccountId'], '=', ['0210'])],
    ['["user"] = kim', path(['user'], '=', ['kim'])],
    ['userIdentity["arn"] = a', attribute('userIdentity.arn', 'a')],
    ['user = k*', path(['username'], '=', ['k*'], true)],
    ['user = "k*"', attribute('username', 'k*')],
    ['user in (k*, kim)', { kind: 'or', of: [attribute('username', 'kim'), path(['username'], '=', ['k*'], true)] }],
    ['user ~ k*', path(['username'], 'contains', ['k*'])],
    [String.raw`user = CORP\kim`, attribute('username', String.raw`CORP\kim`)],
    [String.raw`user = a\ \(b\)`, attribute('username', 'a (b)')],
    [String.raw`user = "a\"b\\\u00e9\n"`, attribute('username', 'a"b\\é\n')],
    ["user = 'a\"b'", attribute('username', 'a"b')],
    ["user = o'brien", attribute('username', "o'brien")],
    ['a-b.c_d.x:y.p/q <= 5', path(['a-b', 'c_d', 'x:y', 'p/q'], '<=', ['5'])],
    ['a[0][*]["b.c"].d>1', path(['a', 0, every, 'b.c', 'd'], '>', ['1'])],
    ['a.b exists', { kind: 'exists', path: ['a', 'b'] }],
    ['a EXISTS b', { kind: 'and', of: [{ kind: 'exists', path: ['a'] }, text('b')] }],
    ['(a = 1)', path(['a'], '=', ['1'])],
    ['notice', text('notice')],
    ['android.org', text('android.org')],
  ]
  test.each(cases)('%s', (search, expected) => {
    assert.deepEqual(parseSearch(search), expected)
  })
})

describe('a mistake is told with its place', () => {
  const cases: [string, number, RegExp][] = [
    ['eventName =', 11, /^a value is expected, but the search ends \(character 12\)$/],
    ['a = and b', 4, /a value is expected; quotes make a value of "and"/],
    ['a == b', 3, /no operator/],
    ['= b', 0, /needs the path/],
    ['"a" = b', 4, /needs the path/],
    ['x?y=3', 0, /stands in quotes/],
    ['(a', 2, /parenthesis that begins at 1 must be closed/],
    ['a)', 1, /"\)" has nothing to belong to/],
    ['a, b', 1, /"," has nothing/],
    ['()', 1, /a condition is expected/],
    ['a or', 4, /a condition is expected, but the search ends/],
    ['not', 3, /a condition is expected, but the search ends/],
    ['or a', 0, /a condition is expected/],
    ['in (a)', 0, /a condition is expected/],
    ['a in b', 5, /a list in parentheses is expected/],
    ['a in ()', 6, /a value is expected/],
    ['a in (b c)', 8, /a comma or the end of the list/],
    ['"abc', 4, /quote that begins at 1 must be closed/],
    ['"a"b', 3, /a space is expected behind the text in quotes/],
    [String.raw`a = "\q"`, 5, /a backslash in quotes/],
  ]
  test.each(cases)('%s', (search, at, message) => {
    assert.throws(
      () => parseSearch(search),
      (error) => error instanceof SearchSyntaxError && error.at === at && message.test(error.message),
    )
  })
})

test('text, depth, conditions, lists and paths are bounded', () => {
  const depth = (levels: number) => '('.repeat(levels) + 'a' + ')'.repeat(levels)
  const list = (count: number) => `a in (${Array.from({ length: count }, () => 'v').join(',')})`
  const steps = (count: number) => `${Array.from({ length: count }, () => 'p').join('.')} = 1`
  const bounds: [string, string][] = [
    ['x'.repeat(4_096), 'x'.repeat(4_097)],
    [depth(20), depth(21)],
    ['not '.repeat(20) + 'a', 'not '.repeat(21) + 'a'],
    ['a '.repeat(100), 'a '.repeat(101)],
    [list(100), list(101)],
    [steps(64), steps(65)],
  ]
  for (const [most, tooMuch] of bounds) {
    assert.ok(parseSearch(most))
    assert.throws(() => parseSearch(tooMuch), SearchSyntaxError, tooMuch.slice(0, 40))
  }
})

test('no text leads to anything but a search or a SearchSyntaxError', () => {
  const pieces = fc.constantFrom(
    ...'a b.c = != <= ~ ( ) , in exists not and or " \' \\ * [0] [*] [" "] 1 é'.split(' '),
    ' ',
    '\n',
  )
  const soup = fc.array(pieces, { maxLength: 40 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(soup, fc.string({ maxLength: 200, unit: 'binary' })), (search) => {
      try {
        parseSearch(search)
      } catch (error) {
        assert.ok(error instanceof SearchSyntaxError, String(error))
        assert.ok(error.at >= 0 && error.at <= search.length)
      }
    }),
    { numRuns: 5_000 },
  )
})

test('the reference names each attribute with its other names, and its examples can be read', () => {
  const reference = readFileSync(new URL('../../../../docs/reference/search.md', import.meta.url), 'utf8')
  const table = /\n\| Attribute .*?\n\n/s.exec(reference)?.[0] ?? ''
  const rows = [...table.matchAll(/^\| `([^`]+)` +\|([^|]*)\|/gm)]
  assert.deepEqual(
    rows.map(([, name]) => name),
    [...searchAttributes],
  )
  for (const [, name = '', others = ''] of rows)
    for (const other of [name, ...[...others.matchAll(/`([^`]+)`/g)].map(([, short]) => short)])
      assert.deepEqual(parseSearch(`${other} = v`), attribute(name, 'v'))
  const [, examples = ''] = reference.split('```')
  for (const example of examples.trim().split('\n')) assert.ok(parseSearch(example))
})
