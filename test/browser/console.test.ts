import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { skipped } from '../skip.ts'
import { findChromium, launch } from './chromium.ts'
import { readingEventNames } from '../../packages/console/src/pages/event-history/own-reading.ts'
import { region, startConsole } from './console-server.ts'

const chromium = findChromium()
if (chromium === undefined)
  skipped('the console in a browser', 'there is no Chromium; scripts/install-browser.mjs says why')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A busy machine may need long for what takes milliseconds. */
const waitMs = 60_000

type Server = Awaited<ReturnType<typeof startConsole>>

describe.skipIf(chromium === undefined)('the console in a browser', { timeout: 5 * waitMs }, () => {
  let browser: Browser
  let server: Server
  const problems: string[] = []

  beforeAll(async () => {
    server = await startConsole()
    browser = await launch(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    // What the content policy forbids, and what a page throws, both end up here.
    assert.deepEqual(problems.splice(0), [])
  })

  async function open(options: { dark?: boolean; phone?: boolean } = {}): Promise<Page> {
    const context = await browser.newContext({
      colorScheme: options.dark ? 'dark' : 'light',
      viewport: options.phone ? { width: 390, height: 844 } : { width: 1400, height: 900 },
      timezoneId: 'Europe/Berlin',
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    page.setDefaultTimeout(waitMs)
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        problems.push(message.text())
    })
    return page
  }

  async function signIn(options?: Parameters<typeof open>[0]): Promise<Page> {
    const page = await open(options)
    await page.goto(server.link())
    await page.getByRole('heading', { name: 'Event history' }).waitFor()
    return page
  }

  const rows = (page: Page) => page.getByRole('table', { name: 'Events' }).getByRole('row')
  const firstLink = (page: Page) => rows(page).nth(1).getByRole('link')
  const go = (page: Page, hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  const accessibility = async (page: Page, where: string) => {
    // Over the debugger: the content policy would refuse it as a script of the page, as it should.
    const found = await page.evaluate(
      `${axe}; axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary).slice(0, 3).join(' | ')))`,
    )
    assert.deepEqual(found, [], where)
  }

  test('a link signs in once, leaves no token behind, and the session outlives a reload', async () => {
    const page = await open()
    const link = server.link()
    await page.goto(link)
    await firstLink(page).waitFor()
    assert.doesNotMatch(page.url(), /sign-in/)
    await page.reload()
    await firstLink(page).waitFor()
    const other = await open()
    await other.goto(link)
    await other.getByText('has been used already').waitFor()
  })

  test('a key signs in, its secret is sent and kept nowhere, and signing out forgets it', async () => {
    const page = await open()
    const sent: string[] = []
    page.on('request', (request) => sent.push(JSON.stringify([request.url(), request.headers(), request.postData()])))
    await page.goto(`${server.url}/`)
    await page.getByLabel('Access key ID').fill(server.auditor.accessKeyId)
    await page.getByLabel('Secret access key').fill('wrong')
    await page.getByLabel('Region').fill(region)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/^The request signature we calculated/).waitFor()
    await page.getByLabel('Secret access key').fill(server.auditor.secretAccessKey)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await firstLink(page).waitFor()
    assert.ok(sent.length > 5)
    assert.ok(!sent.some((text) => text.includes(server.auditor.secretAccessKey)))
    const kept = await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')
    assert.ok(!kept.includes(server.auditor.secretAccessKey) && !kept.includes(server.auditor.accessKeyId), kept)
    await page.getByRole('button', { name: /Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('Secret access key').waitFor()
    assert.equal(await page.getByLabel('Secret access key').inputValue(), '')
  })

  test('a session that ends says so, and one comes back to where one was', async () => {
    const page = await signIn()
    await firstLink(page).waitFor()
    await server.endSession(JSON.parse(await page.evaluate<string>(`sessionStorage.getItem('opentrail.session')`)))
    await go(page, '#/events?where=eventName+%3D+RunInstances')
    await page.getByText('Your session has ended').waitFor()
    assert.match(page.url(), /RunInstances/)
    await page.getByLabel('Access key ID').fill(server.auditor.accessKeyId)
    await page.getByLabel('Secret access key').fill(server.auditor.secretAccessKey)
    await page.getByLabel('Region').fill(region)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'RunInstances' }).first().waitFor()
  })

  test('events are found by tokens and by text, which are the same search', async () => {
    const page = await signIn()
    const filter = page.getByRole('combobox', { name: 'Find events' })
    await filter.fill('Event name = RunInstances')
    await filter.press('Enter')
    await page.waitForURL(/where=eventName/)
    await page.getByText('Search as text: eventName = RunInstances').click()
    const text = page.getByRole('textbox', { name: 'Search', exact: true })
    assert.equal(await text.inputValue(), 'eventName = RunInstances')
    await text.fill('eventName = (')
    await page.getByText(/At character 13/).waitFor()
    await text.fill('eventName = RunInstances and not errorCode exists')
    await text.press('Enter')
    await page.getByText('more than tokens can').waitFor()
  })

  test('time is narrowed by dragging over the picture and by keyboard', async () => {
    const page = await signIn()
    const picture = page.getByRole('slider')
    await picture.waitFor()
    const { x, y, width } = (await picture.boundingBox())!
    await page.mouse.move(x + width * 0.9, y + 20)
    await page.mouse.down()
    await page.mouse.move(x + width - 2, y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=20\d\d-.*to=20\d\d-/)
    const narrowed = page.url()
    await page.getByRole('slider').focus()
    for (const key of ['End', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Enter']) await page.keyboard.press(key)
    await page.waitForURL((url) => url.href !== narrowed)
    const length = (address: string) => {
      const { from, to } = Object.fromEntries(new URLSearchParams(address.split('?')[1]))
      return Date.parse(to!) - Date.parse(from!)
    }
    assert.ok(length(page.url()) < length(narrowed))
  })

  test('live events come in without asking, and looking leaves no trace among them', async () => {
    const page = await signIn()
    await page.getByRole('button', { name: 'Show live events' }).click()
    await page.getByText('Listening').waitFor()
    const [event] = await server.find('eventName = RunInstances')
    await server.add({ ...JSON.parse(event!.record), eventID: crypto.randomUUID(), eventName: 'CameInLive' })
    await page.getByRole('link', { name: 'CameInLive' }).waitFor()
    const left = await server.find(
      'eventSource = cloudtrail.amazonaws.com and username = admin and readOnly = true and userAgent ~ Chrom',
    )
    const unknown = left.filter(({ eventName }) => !(readingEventNames as readonly string[]).includes(eventName))
    assert.deepEqual([left.length > 0, unknown], [true, []])
    const shown = await rows(page).allTextContents()
    assert.ok(!shown.some((text) => readingEventNames.some((name) => text.includes(name))), shown.join('\n'))
  })

  test('what was found is taken home as a file', async () => {
    const page = await signIn()
    await firstLink(page).waitFor()
    const saved = async (name: string) => {
      await page.getByRole('button', { name: 'Download' }).click()
      const download = page.waitForEvent('download')
      await page.getByRole('menuitem', { name }).click()
      return readFileSync(await (await download).path(), 'utf8')
    }
    const lines = (await saved('CSV')).trim().split('\r\n')
    assert.match(lines[0]!, /^Event name,Event time,/)
    const { Records } = JSON.parse(await saved('JSON, as in log files')) as { Records: unknown[] }
    assert.ok(Records.length > 100)
    await page.getByText(`The file has all ${Records.length.toLocaleString('en-US')} events`).waitFor()
  })

  test('an event is shown whole, proven in the browser, and its values lead to others like it', async () => {
    const page = await signIn()
    const failed = (await server.find('errorCode exists and eventSource = ec2.amazonaws.com'))[0]!
    await go(page, `#/events/${failed.eventId}`)
    await page
      .getByRole('textbox', { name: 'Find in the record' })
      .or(page.getByRole('searchbox', { name: 'Find in the record' }))
      .fill('useragent')
    await page.getByText('userAgent').waitFor()
    await page.getByText('Raw', { exact: true }).click()
    assert.equal(await page.getByLabel('Raw record').textContent(), failed.record)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('Proven', { exact: true }).waitFor()
    await page.getByRole('tab', { name: 'Around it' }).click()
    await page
      .getByRole('table', { name: 'Events around this one' })
      .getByRole('link', { name: failed.eventName })
      .first()
      .waitFor()
    await page.getByRole('link', { name: failed.sourceIPAddress! }).first().click()
    await page.waitForURL(/sourceIPAddress/)
  })

  test('what strangers wrote is text and nothing else', async () => {
    const page = await signIn()
    const [event] = await server.find('eventName = RunInstances')
    const id = crypto.randomUUID()
    const userName = '<img src=x onerror="document.title=1">\u202egnp.exe'
    await server.add({
      ...JSON.parse(event!.record),
      eventID: id,
      eventName: '<script>document.title=1</script>',
      userIdentity: { type: 'Unknown', userName },
      requestParameters: { long: 'x'.repeat(5_000), ['<b>name</b>']: '</pre><script>document.title=1</script>' },
    })
    await go(page, `#/events/${id}`)
    await page.getByText('U+202E').first().waitFor()
    await page.getByText(/show all 5,00\d characters/).waitFor()
    assert.equal(await page.locator('img[src=x], b').count(), 0)
    assert.notEqual(await page.title(), '1')
  })

  test('what fails is told, with another try, and the page stays', async () => {
    const page = await open()
    await page.goto(server.link())
    await firstLink(page).waitFor()
    for (const [status, code, message] of [
      [503, 'ServiceUnavailable', 'The history is not open.'],
      [403, 'AccessDeniedException', 'You may not.'],
      [400, 'ValidationException', 'That is no search.'],
    ] as const) {
      await page.unrouteAll()
      const body = JSON.stringify({ __type: code, Message: message })
      await page.route('**/api/v1/events*', (route) => route.fulfill({ status, body }))
      await page.getByRole('button', { name: 'Look again' }).click()
      await page.getByText(message).first().waitFor()
    }
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Look again' }).click()
    await firstLink(page).waitFor()
    assert.equal(await page.getByText('That is no search.').count(), 0)
  })

  for (const dark of [false, true])
    for (const phone of [false, true])
      test(`every page is accessible: ${dark ? 'dark' : 'light'}, ${phone ? 'phone' : 'desk'}`, async () => {
        const page = await open({ dark, phone })
        await page.goto(`${server.url}/console/`)
        await page.getByLabel('Secret access key').waitFor()
        await accessibility(page, 'sign-in')
        await page.goto('about:blank')
        await page.goto(server.link())
        await firstLink(page).waitFor()
        await page.getByRole('slider').waitFor()
        await accessibility(page, 'event history')
        const failed = (await server.find('errorCode exists and eventSource = ec2.amazonaws.com'))[0]!
        await go(page, `#/events/${failed.eventId}`)
        await page.getByRole('heading', { name: 'Details' }).waitFor()
        await accessibility(page, 'event')
        for (const name of ['Around it', 'Why and where', 'Proof']) {
          await page.getByRole('tab', { name }).click()
          await page
            .getByRole('heading', { name: { 'Why and where': 'Trails' }[name] ?? name })
            .first()
            .waitFor()
          await accessibility(page, name)
        }
        await go(page, `#/ask?question=${encodeURIComponent(failed.username ?? 'nobody')}`)
        await page.getByRole('heading', { name: 'Events' }).waitFor()
        await accessibility(page, 'ask')
        await go(page, '#/start')
        await page.getByRole('heading', { name: 'Send events' }).waitFor()
        await accessibility(page, 'start')
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the screen`)
      })
})
