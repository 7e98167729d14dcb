import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { initialBytesMax, initialDownload } from '../../packages/console/build/initial-download.mjs'

const home = fileURLToPath(new URL('../../packages/console/', import.meta.url))

test('the first page of the console is no larger than it may be', () => {
  execFileSync(process.execPath, [`${home}build/build.mjs`], { stdio: 'ignore' })
  const { bytes, files } = initialDownload(`${home}dist`)
  assert.ok(files >= 3, 'a page, a script and a style sheet')
  assert.ok(bytes <= initialBytesMax, `${bytes} bytes`)
})
