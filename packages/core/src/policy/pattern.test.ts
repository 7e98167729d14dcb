import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { arnTest } from './arn-pattern.ts'
import { matchPattern } from './pattern-match.ts'
import { policyValueCharsMax } from './policy-document.ts'
import { patternText, readPattern, resolvePattern } from './pattern.ts'

const glob = (text: string) => readPattern(text, { wildcards: true, variables: false })
const template = (text: string) => readPattern(text, { wildcards: true, variables: true })
const context = (values: Record<string, string | string[]>) =>
  new Map(Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? [value] : value]))

/** The definition, without any thought for time. */
function naive(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === '*') return naive(rest, text) || (text.length > 0 && naive(pattern, text.slice(1)))
  return text.length > 0 && (first === '?' || first === text[0]) && naive(rest, text.slice(1))
}

const letters = (...units: string[]) => fc.array(fc.constantFrom(...units), { maxLength: 9 })

test('the matcher agrees with the definition of * and ?', () => {
  fc.assert(
    fc.property(letters('a', 'b', '*', '?', '😀'), letters('a', 'b', '*', '?', '😀'), (pattern, text) => {
      assert.equal(
        matchPattern(glob(pattern.join('')), text.join('')),
        naive(pattern, text),
        `${pattern.join('')} ${text.join('')}`,
      )
    }),
    { numRuns: 5_000 },
  )
})

test('a pattern made from a text by widening it matches the text', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.constantFrom('', '*', '?'))), (parts) => {
      const text = parts.map(([plain, wild]) => plain.replace(/[*?]/g, '') + (wild === '' ? '' : 'x')).join('')
      const pattern = parts.map(([plain, wild]) => plain.replace(/[*?]/g, '') + wild).join('')
      assert.ok(matchPattern(glob(pattern), text))
    }),
  )
})

test('many stars before a text that almost fits take no exponential time', () => {
  const text = `${'a'.repeat(4_000)}b`
  assert.equal(matchPattern(glob('*a'.repeat(1_000)), text), false)
  assert.equal(matchPattern(glob(`${'*a'.repeat(1_000)}b`), text), true)
  assert.equal(matchPattern(glob('a*'.repeat(1_000) + 'c'), text), false)
})

test('variables stand for the value in the request, which has no wildcards', () => {
  const home = template('home/${aws:UserName}/*')
  const match = (value: string, text: string) =>
    matchPattern(resolvePattern(home, context({ 'aws:username': value }))!, text)
  assert.ok(match('ann', 'home/ann/x'))
  assert.ok(!match('ann', 'home/bob/x'))
  assert.ok(!match('*', 'home/bob/x'))
  assert.ok(!match('b?b', 'home/bob/x'))
  assert.ok(match('*', 'home/*/x'))
  assert.ok(!match('${aws:username}', 'home/ann/x'))
})

test('a variable without a value takes its default, and has none otherwise', () => {
  const resolved = (text: string, values: Record<string, string | string[]> = {}) => {
    const pattern = resolvePattern(template(text), context(values))
    return pattern && patternText(pattern)
  }
  assert.equal(resolved('${aws:x}'), undefined)
  assert.equal(resolved("${aws:x, 'company-wide'}"), 'company-wide')
  assert.equal(resolved("${ aws:x ,'a, b} *' }z"), 'a, b} *z')
  assert.equal(resolved("${aws:x, ''}"), '')
  assert.equal(resolved("${aws:x, 'other'}", { 'aws:x': 'given' }), 'given')
  assert.equal(resolved("${aws:x, 'other'}", { 'aws:x': ['one', 'two'] }), undefined)
})

test('the three written characters are plain text', () => {
  assert.ok(matchPattern(template('a${*}b${?}c${$}{d}'), 'a*b?c${d}'))
  assert.ok(!matchPattern(template('a${*}'), 'abc'))
  assert.ok(!matchPattern(template('a${?}'), 'ab'))
})

test('a variable that cannot be read is refused by name', () => {
  for (const text of [
    '${',
    '${}',
    '${aws:x',
    '${x}',
    '${:x}',
    '${aws:}',
    '${**}',
    "${aws:x, 'a'",
    "${aws:x, 'a}",
    '${aws:x, a}',
  ])
    assert.throws(() => template(`arn:${text}`), /Policy has invalid variable: "\$\{/, text)
  assert.throws(() => template("${aws:x, 'a' 'b'}"), /Policy has invalid variable/)
  assert.throws(() => template("${*, 'a'}"), /Policy has invalid variable/)
  assert.equal(patternText(readPattern('${x', { wildcards: true, variables: false })), '${x')
})

test('values that make a pattern longer than a policy could write it leave it without a meaning', () => {
  const pattern = template('${aws:x}${aws:x}*')
  const fits = 'v'.repeat((policyValueCharsMax - 1) / 2)
  assert.ok(matchPattern(resolvePattern(pattern, context({ 'aws:x': fits }))!, `${fits}${fits}x`))
  assert.equal(resolvePattern(pattern, context({ 'aws:x': `${fits}v` })), undefined)
})

test('patterns longer than a machine word match as short ones do', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 140 }), fc.integer({ min: 0, max: 140 }), (before, behind) => {
      const pattern = glob(`*${'a?'.repeat(before)}*b${'a'.repeat(behind)}`)
      const text = `${'a'.repeat(2 * before)}b${'a'.repeat(behind)}`
      assert.ok(matchPattern(pattern, text))
      assert.ok(matchPattern(pattern, `aa${text}`))
      assert.ok(!matchPattern(pattern, `${text}b`) || behind === 0)
      assert.ok(!matchPattern(pattern, text.slice(1)) || before === 0)
    }),
  )
})

test('wildcards in an ARN stay in their part', () => {
  const match = (pattern: string, text: string, completed = false) =>
    arnTest(template(pattern), context({}), completed)!(text)
  const topic = 'arn:aws:sns:eu-west-1:111122223333:news'
  assert.ok(match('arn:aws:sns:*:111122223333:news', topic))
  assert.ok(match('arn:aws:sns:eu-west-?:*:n*', topic))
  assert.ok(!match('arn:aws:sns:*:news', topic), 'five parts')
  assert.ok(!match('arn:aws:*:111122223333:111122223333:news', topic))
  assert.ok(!match('arn:aws:sns:*', topic))
  assert.ok(match('arn:aws:sns:*', topic, true))
  assert.ok(match('arn:aws:s3:::b/*', 'arn:aws:s3:::b/a:b:c'), 'the last part may hold colons')
  assert.ok(match('*', topic))
  assert.ok(match('*', 'anything'))
  assert.ok(!match('arn:*:*:*:*:*', 'anything'))
  assert.ok(!match('arn:aws:sns:eu-west-1:111122223333:news', topic.toUpperCase()))
})

test('the value of a variable does not move the parts that the policy writes', () => {
  const values = context({ 'aws:principaltag/team': 'eu-west-1:999900009999:x', 'aws:sourcearn': 'arn:aws:s3:::b' })
  const forged = arnTest(template('arn:aws:sns:${aws:PrincipalTag/team}:111122223333:news'), values, false)!
  assert.ok(!forged('arn:aws:sns:eu-west-1:999900009999:x:111122223333:news'))
  const last = arnTest(template('arn:aws:sns:::${aws:PrincipalTag/team}'), values, false)!
  assert.ok(last('arn:aws:sns:::eu-west-1:999900009999:x'))
  assert.ok(arnTest(template('${aws:SourceArn}'), values, false)!('arn:aws:s3:::b'), 'a variable that is the whole ARN')
  assert.equal(arnTest(template('arn:aws:s3:::${aws:x}'), values, false), undefined)
})
