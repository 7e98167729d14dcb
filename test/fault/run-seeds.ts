import { createHash } from 'node:crypto'
import { simulate } from './simulation.ts'

/** `node --conditions=opentrail-source test/fault/run-seeds.ts <first> <count>`: prints one JSON line at the end. */
const [first = 1, count = 1] = process.argv.slice(2).map(Number)
const began = performance.now()
const sums = { seeds: 0, entries: 0, removed: 0, lives: 0, faults: 0, walks: 0, files: 0, abandoned: 0, digests: 0 }
/** Over all that was stored: the same seeds give the same. */
const digest = createHash('sha256')
const failures: { seed: number; message: string }[] = []
for (let seed = first; seed < first + count; seed++) {
  try {
    const outcome = await simulate(seed)
    digest.update(outcome.digest)
    for (const key of ['entries', 'removed', 'lives', 'faults', 'walks', 'files', 'abandoned', 'digests'] as const)
      sums[key] += outcome[key]
  } catch (error) {
    failures.push({ seed, message: count === 1 && error instanceof Error ? error.stack! : String(error) })
    if (failures.length >= 10) break
  }
  sums.seeds++
}
process.stdout.write(
  `${JSON.stringify({ ...sums, failures, digest: digest.digest('hex'), milliseconds: Math.round(performance.now() - began) })}\n`,
)
