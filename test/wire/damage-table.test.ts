import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, test, vi } from 'vitest'
import { publicKeyFingerprint, type Place } from '../../packages/core/src/digest/index.ts'
import { digestAt } from '../../packages/core/src/digest/damage-target.testing.ts'
import {
  foreignKey,
  insiderDamages,
  outsiderDamages,
  type Damage,
  type DamageTarget,
  type Objects,
  type SigningKey,
} from '../../packages/core/src/digest/tampering.testing.ts'
import { hasAwsCli } from '../clients.ts'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { createDamageJudge, pieceLength, type Judgement } from './damage-judge.ts'
import { endOf, withTrail } from './lively-trail.ts'
import { chains, chainText, digestsOf, liveTwice, readBucket, regions } from './two-trails.ts'
import { createVerifiers, type Verdicts } from './two-verdicts.ts'

/** An insider has the keys that the server has made. */
const pairs = vi.hoisted((): { publicKey: Buffer; privateKey: SigningKey['privateKey'] }[] => [])
vi.mock(import('../../packages/server/src/signing-keys/key-pair.ts'), async (load) => {
  const original = await load()
  return {
    ...original,
    async generateRsaKeyPair() {
      const pair = await original.generateRsaKeyPair()
      pairs.push(pair)
      return pair
    },
  }
})

const isThere = hasAwsCli() && hasVersitygw()
if (!isThere)
  skipped(
    'the table of damages',
    'the AWS CLI or versitygw is not installed: node scripts/install-clients.mjs, node scripts/install-s3-server.mjs',
  )
const timeout = 600_000
/** Damages that are done side by side. */
const piecesMax = 6

describe.skipIf(!isThere)('every damage', () => {
  test('is found by ours, and the table says what the AWS CLI reports of it', { timeout }, () =>
    withTrail({ regions: regions.join() }, async ({ server, cloudTrail, s3, store, bucket }) => {
      const now = await liveTwice(server, cloudTrail, bucket, pieceLength * piecesMax)
      const clean = await readBucket(s3, bucket)
      const verify = createVerifiers(server, store, endOf(now).slice(0, 19))
      const before = new Map<string, Verdicts>()
      for (const chain of chains) {
        const verdicts = await verify(chain)
        // The key changed while both trails did not log.
        assert.deepEqual(
          verdicts.ours.map(({ kind }) => kind),
          ['gap'],
          chainText(chain),
        )
        assert.deepEqual(
          verdicts.aws.map(({ name }) => name),
          [''],
          chainText(chain),
        )
        before.set(chainText(chain), verdicts)
      }
      const insider = insiderOf(clean)
      const { isFit, judge } = createDamageJudge({ s3, clean, verify, before, insider, foreignKey: foreignKey() })
      const judged: Judgement[] = []
      for (const damages of sideBySide([...outsiderDamages, ...insiderDamages].filter(isFit)))
        judged.push(...(await judge(damages)))
      compareTables(judged)
    }),
  )
})

/** Those of a few digests in groups, the others one by one. */
function sideBySide(damages: readonly Damage[]): Damage[][] {
  const { row = [], chain = [] } = Object.groupBy(damages, ({ reach }) => reach)
  const starts = Array.from({ length: Math.ceil(row.length / piecesMax) }, (_, index) => index * piecesMax)
  return [...starts.map((start) => row.slice(start, start + piecesMax)), ...chain.map((damage) => [damage])]
}

/** The keys of the chain's newest digest, and of the oldest one there is. */
function insiderOf(objects: Objects): NonNullable<DamageTarget['insider']> {
  const [chain] = chains
  assert.ok(chain)
  const all = digestsOf(objects, chain, { sinceStart: false })
  const keyOf = (place: Place | undefined): SigningKey => {
    assert.ok(place)
    const { digestPublicKeyFingerprint: fingerprint } = digestAt(objects, place)
    const pair = pairs.find(({ publicKey }) => publicKeyFingerprint(publicKey) === fingerprint)
    assert.ok(pair)
    const source = { der: pair.publicKey, validityStart: 0, validityEnd: 0 }
    return { privateKey: pair.privateKey, source, fingerprint }
  }
  return { current: keyOf(all.at(-1)), expired: keyOf(all[0]) }
}

const documentPath = fileURLToPath(new URL('../../docs/reference/verification.md', import.meta.url))
const tables = [
  ['damages', outsiderDamages],
  ['insider-damages', insiderDamages],
] as const

function compareTables(judged: readonly Judgement[]): void {
  const document = readFileSync(documentPath, 'utf8')
  let measured = document
  for (const [name, damages] of tables) {
    const rows = damages.flatMap((damage) => judged.filter((each) => each.damage === damage)).map(row)
    const table = ['| Damage | AWS CLI | `opentrail validate-logs` |', '|---|---|---|', ...rows].join('\n')
    const place = new RegExp(`(<!-- ${name} -->\n\n).*?(\n\n<!-- /${name} -->)`, 's')
    assert.match(document, place)
    measured = measured.replace(place, (_, begin: string, end: string) => `${begin}${table}${end}`)
  }
  if (process.env['WRITE_TABLE'] === '1') writeFileSync(documentPath, measured)
  else
    assert.equal(
      document,
      measured,
      'write the tables anew: WRITE_TABLE=1 npx vitest run test/wire/damage-table.test.ts',
    )
}

const row = ({ damage, aws, ours }: Judgement): string => {
  const own = ours.map((kind) => `\`${kind}\``).join(', ')
  return `| ${damage.name} | ${aws.join('<br>') || 'nothing'} | ${own || 'nothing'} |`
}
