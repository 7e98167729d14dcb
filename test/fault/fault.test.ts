import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, test } from 'vitest'
import { runWorker } from './run-worker.ts'

interface Result {
  readonly seeds: number
  readonly entries: number
  readonly removed: number
  readonly lives: number
  readonly faults: number
  readonly walks: number
  readonly files: number
  readonly abandoned: number
  readonly digests: number
  readonly failures: readonly { readonly seed: number; readonly message: string }[]
}

/** In CI 10,000; the first ones are the same everywhere. */
const seeds = Number(process.env['FAULT_SEEDS'] ?? 300)
/** Each worker's share of one test: small enough that a failure is seen early. */
const blockSeeds = 500
/** Far above what a block takes on a busy machine. */
const blockTimeoutMs = 600_000

/** Seeds that once failed, with what they found; always run. Their schedules change when the simulation does. */
const once: Readonly<Record<number, string>> = {
  7: 'history: the refill overwrote a count whose completion had not been answered',
  32: 'intake: a disk that could not be read surfaced while a repetition was judged',
  126: 'delivery: a file moved to another bucket while its put to the old one was on its way',
  238: 'journal: frames that a killed process had not synced counted as durable',
  2240: 'selftrail: an event in the outbox for more than an hour was stored again',
  4274: 'journal: an append refused as full, whose cutting back had failed too, was there after the process had died',
  5171: 'the same, by another way',
  7723: 'the same, on a disk that stayed full',
  8909: 'journal: retention removed a segment while the removal of the one before was not durable, its sync having failed',
  10414: 'journal: a page whose first entry retention removed was empty, as at the end',
  10635: 'the same, by another way',
  21625: 'digests: a trail that was deleted and made again within the hour had two chains side by side',
  30147: 'journal: a torn takeover of the journal stopped the next start',
  20190: 'journal: retention left a sealed file whose sealing had failed, and the next opening refused to start',
}

/** The failures, each with how to repeat it. */
const report = ({ failures }: Result): string[] =>
  failures.map(
    ({ seed, message }) =>
      `seed ${seed}: ${message}\n  repeat: node --conditions=opentrail-source test/fault/run-seeds.ts ${seed} 1`,
  )

describe('seeded schedules of the whole service on simulated stores', () => {
  test('those that once failed', { timeout: blockTimeoutMs }, async () => {
    for (const seed of Object.keys(once))
      assert.deepEqual(report(await runWorker<Result>('run-seeds.ts', [seed, 1], blockTimeoutMs)), [])
  })

  const workers = availableParallelism()
  const perTest = Math.min(blockSeeds * workers, Math.max(workers, seeds))
  for (let first = 1; first <= seeds; first += perTest) {
    const share = Math.ceil(Math.min(perTest, seeds - first + 1) / workers)
    test(`seeds ${first} to ${first + share * workers - 1}`, { timeout: blockTimeoutMs }, async () => {
      const results = await Promise.all(
        Array.from({ length: workers }, (_, worker) =>
          runWorker<Result>('run-seeds.ts', [first + worker * share, share], blockTimeoutMs),
        ),
      )
      assert.deepEqual(results.flatMap(report), [])
      // Schedules in which nothing happens would find nothing.
      const sum = (key: Exclude<keyof Result, 'failures'>) => results.reduce((total, result) => total + result[key], 0)
      const each = sum('seeds')
      assert.equal(each, share * workers)
      if (each < 50) return
      assert.ok(
        sum('entries') > 20 * each && sum('removed') > each,
        `${sum('entries')} entries, ${sum('removed')} removed`,
      )
      assert.ok(sum('lives') > 2 * each && sum('faults') > 2 * each, `${sum('lives')} lives, ${sum('faults')} faults`)
      const delivered = `${sum('files')} files, ${sum('abandoned')} ranges given up`
      assert.ok(sum('files') > 3 * each && sum('abandoned') > each / 10, delivered)
      assert.ok(sum('digests') > each, `${sum('digests')} digests`)
      assert.ok(sum('walks') > 10 * each, `${sum('walks')} walks`)
    })
  }

  test('the same seed is the same schedule', { timeout: blockTimeoutMs }, async () => {
    const run = async () => {
      const { milliseconds: _, ...result } = await runWorker<Result & { milliseconds: number; digest: string }>(
        'run-seeds.ts',
        [20, 5],
        blockTimeoutMs,
      )
      return result
    }
    assert.deepEqual(await run(), await run())
  })
})
