import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'
import { foreignKey } from '../digest/tampering.testing.ts'
import { cleanTrails } from './clean-trails.testing.ts'
import { manifestFindingKinds } from './index.ts'
import { insiderManifestDamages, outsiderManifestDamages, tamperManifests } from './manifest-tampering.testing.ts'

const path = resolve(dirname(fileURLToPath(import.meta.url)), '../../../../docs/reference/manifests.md')
const document = readFileSync(path, 'utf8')

/** Rows of cells: how wide the columns are is prettier's business. */
const cells = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, first]) => !/^-+$/.test(first ?? ''))

/** The document's table, and what it should be. */
const tables = (name: string, rows: readonly string[]): [string[][], string[][], string] => [
  cells(new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(document)?.[1] ?? ''),
  cells(rows.join('\n')),
  `the table ${name} should be:\n${rows.join('\n')}`,
]

describe('docs/reference/manifests.md', () => {
  test('the table has all kinds of findings, as the code has them', () => {
    const rows = Object.entries(manifestFindingKinds).map(
      ([kind, { severity, meaning }]) => `| \`${kind}\` | ${severity} | ${meaning} |`,
    )
    assert.deepEqual(...tables('findings', ['| Kind | Severity | Meaning |', ...rows]))
  })

  test.each([
    ['damages', outsiderManifestDamages],
    ['insider-damages', insiderManifestDamages],
  ])('the table of %s says what is found', async (name, damages) => {
    const { objects, trails, signing } = await cleanTrails()
    const [digests, ...others] = trails.map(({ written }) => written.map(({ place }) => place))
    const insider = { signing, stream: trails[0].stream }
    const target = { objects, digests: digests!, others, insider, foreignKey: foreignKey() }
    const rows: string[] = []
    for (const damage of damages) {
      const { expected = [] } = (await tamperManifests(damage, target)) ?? {}
      const kinds = [...new Set(expected.map(({ kind }) => `\`${kind}\``))]
      rows.push(`| ${damage.name} | ${kinds.join(', ') || 'nothing'} |`)
    }
    assert.deepEqual(...tables(name, ['| Damage | Found |', ...rows]))
  })
})
