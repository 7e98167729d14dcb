import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'
import { findingKinds } from './index.ts'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../../../..')
const document = readFileSync(join(root, 'docs/reference/verification.md'), 'utf8')

/** Rows of cells: how wide the columns are is prettier's business. */
const cells = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, first]) => !/^-+$/.test(first ?? ''))

const quoted = (text: string): string => (text === '' || text.startsWith('(') ? text : text.replaceAll('|', '\\|'))

describe('docs/reference/verification.md', () => {
  test('the table has all kinds of findings, as the code has them', () => {
    const table = /<!-- findings -->\n(.*)<!-- \/findings -->/s.exec(document)?.[1] ?? ''
    const rows = Object.entries(findingKinds).map(
      ([kind, { severity, meaning, aws }]) => `| \`${kind}\` | ${severity} | ${meaning} | ${quoted(aws)} |`,
    )
    const expected = ['| Kind | Severity | Meaning | AWS CLI |', ...rows].join('\n')
    assert.deepEqual(cells(table), cells(expected), `the table should be:\n${expected}`)
  })

  test('the program verifies buckets, and finds what is wrong with them', { timeout: 60_000 }, () => {
    const blocks = [...document.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code)
    const testing = (name: string) => JSON.stringify(join(here, name))
    const program = `${blocks.join('\n')}
      const { cleanBucket } = await import(${testing('clean-bucket.testing.ts')})
      const { fetchDigest, fetchLogFile, placeOf } = await import(${testing('objects.testing.ts')})
      const { objects, chains, written, signingKeys } = cleanBucket()
      const keys = keysOf([...signingKeys.values()].flat().map(({ source, fingerprint }) => ({
        Value: source.der,
        Fingerprint: fingerprint,
        ValidityStartTime: new Date(source.validityStart),
        ValidityEndTime: new Date(source.validityEnd),
      })))
      objects.delete(Object.values(written[1][2].place).join('/'))
      const buckets = {
        async *list() { yield* [...objects.keys()].map(placeOf) },
        digest: async (place: Place) => fetchDigest(objects, place),
        logFile: async (place: Place) => fetchLogFile(objects, place),
      }
      for await (const { kind } of verify(buckets, { ...chains[1], keys })) console.log('found', kind)`
    const result = spawnSync(
      process.execPath,
      ['--conditions=opentrail-source', '--input-type=module-typescript', '--no-warnings', '-e', program],
      { cwd: root, encoding: 'utf8' },
    )
    assert.equal(result.status, 0, result.stderr)
    const found = result.stdout.split('\n').filter((line) => line.startsWith('found ') && !/not-covered/.test(line))
    assert.deepEqual(found, ['found digest-missing', ...Array.from({ length: 3 }, () => 'found log-file-unproven')])
    assert.match(result.stdout, /keep for the next time: \{\s+bucket: 'audit-logs'/)
  })
})
