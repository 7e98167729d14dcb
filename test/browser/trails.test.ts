import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { skipped } from '../skip.ts'
import { findChromium, launch } from './chromium.ts'
import { region, startConsole } from './console-server.ts'

const chromium = findChromium()
if (chromium === undefined) skipped('trails in a browser', 'there is no Chromium; scripts/install-browser.mjs says why')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A busy machine may need long for what takes milliseconds. */
const waitMs = 60_000
/** More than the longest page has places to go to. */
const tabsMax = 150
const hostile = '<img src=x onerror=alert(1)> \u202egnp'

describe.skipIf(chromium === undefined)('trails, timelines and the dashboard', { timeout: 5 * waitMs }, () => {
  let browser: Browser
  let server: Awaited<ReturnType<typeof startConsole>>
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

  const go = (page: Page, hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true, level: 1 })
  const trailHash = (name: string) =>
    `#/trails/${encodeURIComponent(`arn:aws:cloudtrail:${region}:${server.account}:trail/${name}`)}`

  /** Accessible, and no wider than the screen. */
  async function check(page: Page, where: string): Promise<void> {
    const found = await page.evaluate(
      `${axe}; axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200)).slice(0, 3).join(' | ')))`,
    )
    assert.deepEqual(found, [], where)
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    assert.ok(overflow <= 0, `${where} is ${overflow} pixels wider than the screen`)
  }

  async function advance(milliseconds: number): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ milliseconds })
    const answer = await fetch(`${server.url}/test/clock/advance`, { method: 'POST', headers, body })
    assert.equal(answer.status, 200)
  }

  /** By somebody whose name is markup, and turns the reading direction. */
  const addStrangersEvent = () =>
    server.add({
      eventVersion: '1.11',
      eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
      eventSource: 'iam.amazonaws.com',
      eventName: 'DeleteUser',
      awsRegion: region,
      sourceIPAddress: '203.0.113.9',
      userAgent: 'test',
      userIdentity: { type: 'IAMUser', accountId: server.account, userName: hostile },
    })

  /** A trail in a bucket of its own, as somebody makes it who takes what is proposed. */
  async function createTrail(page: Page, name: string): Promise<void> {
    await go(page, '#/trails/create')
    await page.getByLabel('Trail name').fill(name)
    await page.getByRole('button', { name: 'Next' }).click()
    await heading(page, 'Choose events').waitFor()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Create trail' }).click()
    await heading(page, name).waitFor()
  }

  /** Tab by Tab, as one does without a mouse. */
  async function tabTo(page: Page, target: Locator): Promise<void> {
    await target.waitFor()
    for (let count = 0; count < tabsMax; count++) {
      if ((await target.and(page.locator(':focus')).count()) > 0) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`the keyboard does not reach ${String(target)}`)
  }

  test('a trail is made by keyboard alone, with a bucket and the events of one kind, and logs', async () => {
    const page = await signIn()
    await go(page, '#/trails/create')
    await tabTo(page, page.getByLabel('Trail name'))
    await page.keyboard.type('a--b')
    await tabTo(page, page.getByRole('button', { name: 'Next' }))
    await page.keyboard.press('Enter')
    await page.getByText('No two periods, hyphens or underscores next to one another.').waitFor()
    await page.getByLabel('Trail name').focus()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('by-keyboard')
    await tabTo(page, page.getByRole('button', { name: 'Next' }))
    await page.keyboard.press('Enter')
    await heading(page, 'Choose events').waitFor()
    await tabTo(page, page.getByLabel('Basic event selectors'))
    await page.keyboard.press('ArrowDown')
    await tabTo(page, page.getByRole('button', { name: 'Add data events' }))
    await page.keyboard.press('Enter')
    await tabTo(page, page.getByRole('button', { name: 'Run' }))
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'The selection by event source' }).waitFor()
    await tabTo(page, page.getByRole('button', { name: 'Next' }))
    await page.keyboard.press('Enter')
    await page.getByText('Data events, where resources.type is AWS::S3::Object').waitFor()
    await tabTo(page, page.getByRole('button', { name: 'Create trail' }))
    await page.keyboard.press('Enter')
    await heading(page, 'by-keyboard').waitFor()
    await page.getByRole('button', { name: 'Stop logging' }).waitFor()
    const taken = page.getByText('Data events, where resources.type is AWS::S3::Object')
    await taken.waitFor()
    assert.equal(await taken.count(), 1)
  })

  test('its files open, its digests are a chain, and it is deleted by its name only', async () => {
    const page = await signIn()
    await createTrail(page, 'delivers')
    await addStrangersEvent()
    await advance(3_700_000)
    await go(page, `${trailHash('delivers')}?tab=files`)
    const files = page.getByRole('table', { name: 'Log files' })
    await files.getByRole('row').filter({ hasText: region }).last().getByRole('link').click()
    await page.getByLabel('Find text in the records').fill('DeleteUser')
    await page.getByRole('link', { name: 'DeleteUser' }).waitFor()
    assert.equal(await page.locator('img[src=x]').count(), 0)
    await check(page, 'log file')
    await go(page, `${trailHash('delivers')}?tab=digests`)
    await page.getByText(/^\d digests: \d valid\. The chain has no gap\.$/).waitFor()
    await check(page, 'digests')
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog')
    assert.ok(await dialog.getByRole('button', { name: 'Delete' }).isDisabled())
    await dialog.getByRole('textbox').fill('deliver')
    assert.ok(await dialog.getByRole('button', { name: 'Delete' }).isDisabled())
    await dialog.getByRole('textbox').fill('delivers')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('table', { name: 'Trails' }).waitFor()
    await page.getByRole('link', { name: 'delivers', exact: true }).waitFor({ state: 'detached' })
  })

  test('a refusal says what to do, and the wizard goes on where it was', async () => {
    const page = await signIn()
    await createTrail(page, 'taken')
    await go(page, '#/trails/create')
    await page.getByLabel('Trail name').fill('taken')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Create trail' }).click()
    await page.getByText('There is a trail of this name in this Region.').waitFor()
    await page.getByRole('button', { name: 'Go to General details' }).click()
    await page.getByLabel('Trail name').fill('not-taken')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Create trail' }).click()
    await heading(page, 'not-taken').waitFor()
    assert.ok(page.url().endsWith('trail%2Fnot-taken'), page.url())
  })

  test('who may only look sees everything and can change nothing', async () => {
    const page = await signIn()
    await createTrail(page, 'looked-at')
    const other = await open()
    await other.goto(`${server.url}/console/#/trails`)
    await other.getByLabel('Access key ID').fill(server.auditor.accessKeyId)
    await other.getByLabel('Secret access key').fill(server.auditor.secretAccessKey)
    await other.getByLabel('Region').fill(region)
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('link', { name: 'looked-at' }).click()
    await heading(other, 'looked-at').waitFor()
    for (const name of ['Delete', 'Stop logging'])
      assert.equal(await other.getByRole('button', { name }).getAttribute('aria-disabled'), 'true', name)
  })

  test('names of strangers are text, wherever a timeline shows them', async () => {
    await addStrangersEvent()
    const page = await signIn()
    const parameters = new URLSearchParams({ kind: 'identity', name: hostile, from: '-7d' })
    await go(page, `#/timelines?${parameters.toString()}`)
    await page.getByText('U+202E').first().waitFor()
    assert.equal(await page.locator('img[src=x]').count(), 0)
    await page.getByRole('link', { name: 'DeleteUser' }).first().waitFor()
  })

  test('a number of the dashboard leads to as many events', async () => {
    const page = await signIn()
    await go(page, '#/dashboard?from=-24h')
    const denied = page.getByRole('list', { name: 'Denied calls, by user' })
    const number = denied.getByRole('listitem').first().getByRole('link').last()
    const text = await number.innerText()
    await number.click()
    await page.getByRole('heading', { name: `Event history (${text})` }).waitFor()
    assert.match(page.url(), /AccessDenied/)
  })

  test('what fails is told where it failed, and the rest stays', async () => {
    const page = await signIn()
    const body = JSON.stringify({ __type: 'ServiceUnavailable', Message: 'The history is not open.' })
    await page.route('**/api/v1/events/values*', (route) => route.fulfill({ status: 503, body }))
    await go(page, '#/dashboard?from=-24h')
    await page.getByText('The history is not open.').first().waitFor()
    await page.getByText('The server is ready').waitFor()
    assert.ok((await page.getByText('The history is not open.').count()) > 1)
  })

  for (const dark of [false, true])
    for (const phone of [false, true])
      test(`pages are accessible: ${dark ? 'dark' : 'light'}, ${phone ? 'phone' : 'desk'}`, async () => {
        const page = await signIn({ dark, phone })
        const name = `seen-${dark ? 'dark' : 'light'}-${phone ? 'phone' : 'desk'}`
        await go(page, '#/trails/create')
        await page.getByLabel('Trail name').fill(name)
        await check(page, 'general details')
        await page.getByRole('button', { name: 'Next' }).click()
        await page.getByLabel('Advanced event selectors').click()
        await page.getByRole('button', { name: 'Add data events' }).click()
        await page.getByRole('button', { name: 'Add condition' }).click()
        await check(page, 'events')
        await page.getByLabel('Values, one on each line').fill('PutObject')
        await page.getByRole('button', { name: 'Next' }).click()
        await check(page, 'review')
        await go(page, '#/trails')
        await page.getByRole('table', { name: 'Trails' }).waitFor()
        await check(page, 'trails')
        await go(page, '#/timelines?kind=identity&name=ana')
        await page.getByRole('heading', { name: 'What it did' }).waitFor()
        await check(page, 'timeline of an identity')
        await go(page, '#/timelines?kind=resource&name=backup')
        await page.getByRole('link', { name: 'CreateAccessKey' }).first().waitFor()
        await check(page, 'timeline of a resource')
        await go(page, '#/dashboard')
        await page.getByText('kms.amazonaws.com').first().waitFor()
        await page.getByRole('list', { name: 'Users' }).waitFor()
        await check(page, 'dashboard')
        assert.equal(await page.getByRole('alert').count(), 0)
      })
})
