/**
 * The console's first view on loopback: from the beginning of the navigation until the first row of the event history stands in the page,
 * by a sign-in link, each time in a new browser context (nothing cached, no connection open), and what has to be loaded for it.
 * Run: node --conditions=opentrail-source bench/console.ts [views]. Needs the build and a Chromium.
 */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { initialBytesMax, initialDownload } from '../packages/console/build/initial-download.mjs'
import { findChromium, launch } from '../test/browser/chromium.ts'
import { startConsole } from '../test/browser/console-server.ts'
import { createFigures, ms } from './figures.ts'

const views = Number(process.argv[2] ?? 10)
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KB`
/** The page's own clock begins with the navigation. */
const noteFirstRow = `new MutationObserver((_, observer) => {
  if (!document.querySelector('table[aria-label="Events"] tbody a')) return
  window.firstRowAt = performance.now()
  observer.disconnect()
}).observe(document, { childList: true, subtree: true })`

/** Milliseconds, and bytes on the wire. */
async function firstView(browser: Browser, link: string): Promise<{ readonly took: number; readonly bytes: number }> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
  try {
    const page = await context.newPage()
    await page.addInitScript(noteFirstRow)
    await page.goto(link)
    await page.locator('table[aria-label="Events"] tbody a').first().waitFor()
    const took = await page.evaluate<number>('window.firstRowAt')
    const bytes = await page.evaluate<number>(
      `performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, { transferSize }) => sum + transferSize, 0)`,
    )
    return { took, bytes }
  } finally {
    await context.close()
  }
}

const chromium = findChromium()
if (chromium === undefined) throw new Error('there is no Chromium; scripts/install-browser.mjs says why')
const figures = createFigures('console')
const { bytes, files } = initialDownload(join(import.meta.dirname, '../packages/console/dist'))
figures.add('initial download, gzip', kilobytes(bytes), kilobytes(initialBytesMax), `${files} files`)

const server = await startConsole()
const browser = await launch(chromium)
try {
  const taken = []
  for (let view = 0; view < views; view++) taken.push(await firstView(browser, server.link()))
  const sorted = taken.map(({ took }) => took).sort((a, b) => a - b)
  const at = (share: number) => ms(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!)
  figures.add('first row of the event history, p50', at(0.5), '', `${views} views; best ${at(0)}, worst ${at(1)}`)
  figures.add('loaded for it', kilobytes(taken[0]!.bytes), '', 'Brotli, and the answers')
} finally {
  await browser.close()
  await server.close()
}
figures.write()
