// Makes the pictures of docs/images from the console as it is built, of a test server whose clock stands still, so that what they show
// is the same every time. Needs the build and a Chromium. Run: node scripts/make-screenshots.mjs
import { spawn } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium, launch } from '../test/browser/chromium.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const images = join(root, 'docs/images')
const time = '2027-01-11T15:30:00Z'
/** Digests come every hour. */
const untilDigestsMs = 65 * 60_000
const bytesMax = 150 * 1024

const chromium = findChromium()
if (chromium === undefined) throw new Error('there is no Chromium; scripts/install-browser.mjs says why')

/** @returns {Promise<{ link: string, endpoint: string, stop: () => void }>} */
async function startServer() {
  const cli = join(root, 'packages/server/dist/cli/main.js')
  const child = spawn(process.execPath, [cli, 'start', '--test', '--port', '0', '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const link = await new Promise((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (data) => {
      said += data
      const found = /http\S+#sign-in=[\w-]+(?=\s)/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  return { link, endpoint: new URL(link).origin, stop: () => child.kill('SIGTERM') }
}

async function moveClock(endpoint, how, body = {}) {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${endpoint}/test/clock/${how}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`the clock: ${answer.status} ${await answer.text()}`)
}

async function newPage(browser, link) {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 760 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-US',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Event history' }).waitFor()
  return page
}

const go = (page, hash) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

async function picture(page, name) {
  await page.evaluate('document.fonts.ready')
  const path = join(images, `${name}.png`)
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
  const { size } = statSync(path)
  if (size > bytesMax) throw new Error(`${path} has ${size} bytes; at most ${bytesMax} are kept in the repository`)
  console.log(`${name}.png: ${Math.round(size / 1024)} KB`)
}

async function createTrail(page) {
  await go(page, '#/trails/create')
  await page.getByLabel('Trail name').fill('audit')
  // A name of its own would be another one every time.
  await page.getByLabel('Trail log bucket').fill('audit-logs')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('heading', { name: 'Choose events', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('button', { name: 'Create trail' }).click()
  await page.getByRole('heading', { name: 'audit', level: 1, exact: true }).waitFor()
}

async function playDemo(page) {
  await go(page, '#/start')
  await page.getByRole('button', { name: 'Play the demo' }).click()
  await page.getByText('events were stored').waitFor()
}

async function takeAll(page, endpoint) {
  await playDemo(page)

  await go(page, '#/events?from=-3h')
  await page.getByRole('link', { name: 'GenerateDataKey' }).first().waitFor()
  await page.getByRole('slider').waitFor()
  await picture(page, 'event-history')

  await go(page, '#/events?where=eventName%20%3D%20StopLogging')
  await page.getByRole('link', { name: 'StopLogging' }).first().click()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByText('Proven', { exact: true }).waitFor()
  await page.getByRole('tab', { name: 'Proof' }).evaluate((tab) => tab.scrollIntoView({ block: 'start' }))
  await picture(page, 'proof')

  await go(page, `#/ask?question=${encodeURIComponent('What was denied in the last hour?')}`)
  await page.getByRole('table', { name: 'Events of the answer' }).getByRole('link').first().waitFor()
  await picture(page, 'ask')

  await go(page, '#/timelines?kind=identity&name=backup')
  await page.getByRole('heading', { name: 'What it did' }).waitFor()
  await picture(page, 'timeline')

  await page.emulateMedia({ colorScheme: 'dark' })
  await go(page, '#/dashboard?from=-12h')
  await page.getByText('kms.amazonaws.com').first().waitFor()
  await page.getByRole('list', { name: 'Users' }).waitFor()
  await picture(page, 'dashboard-dark')
  await page.emulateMedia({ colorScheme: 'light' })

  await createTrail(page)
  // Another hour: the one before was there before the trail.
  await moveClock(endpoint, 'advance', { milliseconds: 60_000 })
  await playDemo(page)
  await moveClock(endpoint, 'advance', { milliseconds: untilDigestsMs })
  // What the page has asked before is as old.
  await page.reload()
  await go(page, '#/trails')
  await page.getByRole('link', { name: 'audit', exact: true }).click()
  await page.getByRole('tab', { name: 'Digests' }).click()
  await page.getByText(/^\d+ digests?: \d+ valid/).waitFor()
  await picture(page, 'trail')
}

mkdirSync(images, { recursive: true })
const { link, endpoint, stop } = await startServer()
try {
  await moveClock(endpoint, 'set', { time })
  await moveClock(endpoint, 'freeze')
  const browser = await launch(chromium)
  try {
    await takeAll(await newPage(browser, link), endpoint)
  } finally {
    await browser.close()
  }
} finally {
  stop()
}
