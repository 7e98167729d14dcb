import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { runTests } from './versitygw.ts'

const isThere = hasVersitygw()
if (!isThere) skipped('S3 conformance by the tests of versitygw', 'it is not built: node scripts/install-s3-server.mjs')

/** Those that need no server of their own, so that this takes a minute: `report.ts` runs all. */
const names = readFileSync(new URL('s3-passing.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.endsWith(' untidy'))
/** A minute on an idle machine. */
const allMsMax = 600_000

test.skipIf(!isThere)(
  `versitygw's own integration tests pass, the ${names.length} that did before`,
  { timeout: allMsMax },
  async () => {
    const outcomes = await runTests(names, { lanes: 2 })
    const failed = outcomes.filter(({ isPassed }) => !isPassed).map(({ name, reason }) => `${name}: ${reason}`)
    assert.deepEqual(failed, [])
    assert.ok(names.length > 200)
  },
)
