import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { initialBytesMax, initialDownload } from '../../packages/console/build/initial-download.mjs'

/** `npm test` builds it first. */
const built = fileURLToPath(new URL('../../packages/console/dist/', import.meta.url))

test('the first page of the console is no larger than it may be', () => {
  const { bytes, files } = initialDownload(built)
  assert.ok(files >= 3, 'a page, a script and a style sheet')
  assert.ok(bytes <= initialBytesMax, `${bytes} bytes`)
})
