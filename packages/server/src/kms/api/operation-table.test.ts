import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { builtKmsOperations, kmsOperations } from './operation-table.ts'

test('the reference names every operation once, and says truly which are built', () => {
  const reference = readFileSync(new URL('../../../../../docs/reference/kms.md', import.meta.url), 'utf8')
  const [, built = '', others = ''] = /## Operations\n([^]*?)\n\| Not built([^]*?)\n## /.exec(reference) ?? []
  const namesIn = (table: string): string[] =>
    [...table.matchAll(/^\| ([A-Z][A-Za-z, ]+?) *\|/gm)].flatMap(([, names]) => names!.split(', ')).sort()
  const all = kmsOperations.map(({ name }) => name)
  assert.deepEqual(
    namesIn(built).filter((name) => name !== 'Built'),
    builtKmsOperations.toSorted(),
  )
  assert.deepEqual(
    namesIn(others),
    all.filter((name) => !builtKmsOperations.includes(name)),
  )
})

test('who uses a key changes nothing, as CloudTrail sees it', () => {
  const readOnly = new Map(kmsOperations.map((operation) => [operation.name, operation.readOnly]))
  for (const name of [
    'Encrypt',
    'Decrypt',
    'ReEncrypt',
    'GenerateDataKey',
    'GenerateRandom',
    'DescribeKey',
    'ListKeys',
  ])
    assert.equal(readOnly.get(name), true, name)
  for (const name of [
    'CreateKey',
    'RotateKeyOnDemand',
    'PutKeyPolicy',
    'ScheduleKeyDeletion',
    'TagResource',
    'CreateGrant',
  ])
    assert.equal(readOnly.get(name), false, name)
})
