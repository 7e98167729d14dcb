import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { account, homeRegion } from '../../packages/core/src/digest/clean-bucket.testing.ts'
import type { CliContext } from '../../packages/server/src/cli/context.ts'
import { openDirectoryLogStore } from '../../packages/server/src/cli/log-files/directory-log-store.ts'
import { openServer } from '../../packages/server/src/cli/open/open-server.ts'
import { createPlaceVerification } from '../../packages/server/src/cli/open/place-verification.ts'
import { signedPlace } from '../../packages/server/src/cli/open/signed-place.testing.ts'
import { skipped } from '../skip.ts'
import { findChromium, launch } from './chromium.ts'
import { assertAccessible, createVisitor, waitMs } from './visitor.ts'

const chromium = findChromium()
if (chromium === undefined)
  skipped('the verification in a browser', 'there is no Chromium; scripts/install-browser.mjs says why')

const context = { environment: {}, now: () => Date.now() } as unknown as CliContext

/** A bucket with one log file changed, as `opentrail open` shows it. */
async function openDamaged() {
  const { root, publicKeys, logFiles } = signedPlace()
  writeFileSync(join(root, logFiles[0]!), gzipSync('{"Records":[]}'))
  const place = { store: await openDirectoryLogStore(root), narrowing: { from: 0, to: Infinity } }
  const verification = createPlaceVerification(context, { format: 'json', publicKeys }, place)
  const home = { account, region: homeRegion }
  const { server, remove } = await openServer({ home, place: root, verification: verification.look })
  return {
    url: server.endpoint,
    link: server.consoleLink,
    async close() {
      await verification.close()
      await server.close()
      remove()
      rmSync(dirname(root), { recursive: true })
    },
  }
}

describe.skipIf(chromium === undefined)('the page of the verification', { timeout: 5 * waitMs }, () => {
  test('is reached from the list of pages, begins it, and shows its result to everybody', async () => {
    const problems: string[] = []
    const [server, browser] = [await openDamaged(), await launch(chromium!)]
    try {
      const visitor = createVisitor(browser, server, problems)
      const page = await visitor.signIn()
      await page.getByRole('link', { name: 'Verification' }).click()
      await page.getByText('Something is missing or was changed, in 1 of 1 chain.').waitFor()
      const text = async (name: string) => (await page.getByRole('table', { name }).innerText()).replaceAll(/\s+/g, ' ')
      assert.match(await text('Trails'), /audit 210000000001 eu-west-1 Invalid 3 of 3 valid 2 of 3 valid/)
      assert.match(await text('Findings'), /log-file-hash-differs The log file .* audit-logs\/AWSLogs\//)
      await page.getByText(/Whether the newest digests were deleted/).waitFor()
      await assertAccessible(page, 'the verification')

      const onPhone = await visitor.signIn({ dark: true, phone: true })
      await onPhone.evaluate("location.hash = '#/verification'")
      await onPhone.getByText('Something is missing or was changed').waitFor()
      await assertAccessible(onPhone, 'the verification on a phone, dark')
      assert.deepEqual(problems, [])
    } finally {
      await browser.close()
      await server.close()
    }
  })
})
