import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const directory = join(fileURLToPath(new URL('..', import.meta.url)), '.tools')

/** Notes what a test run cannot check here; `.ci/run` prints all notes at its end. */
export function skipped(what: string, why: string): void {
  mkdirSync(directory, { recursive: true })
  // One short line, one write: test files run in several processes.
  appendFileSync(join(directory, 'skipped.txt'), `${what}: ${why.replace(/\s+/g, ' ')}\n`)
}
