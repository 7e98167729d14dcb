import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { skipped } from '../skip.ts'
import { createLine } from './broken-line.ts'
import { findChromium, launch } from './chromium.ts'
import { quietRegion, region, startConsole } from './console-server.ts'
import { assertAccessible, createVisitor, go, rows, waitMs, type ConsoleServer } from './visitor.ts'

const chromium = findChromium()
if (chromium === undefined)
  skipped('failures of the console in a browser', 'there is no Chromium; scripts/install-browser.mjs says why')

describe.skipIf(chromium === undefined)('what goes wrong', { timeout: 5 * waitMs }, () => {
  let browser: Browser
  let server: ConsoleServer
  let visitor: ReturnType<typeof createVisitor>
  const problems: string[] = []
  const ends: (() => Promise<void>)[] = []

  beforeAll(async () => {
    server = await startConsole()
    browser = await launch(chromium!)
    visitor = createVisitor(browser, server, problems)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    for (const end of ends.splice(0)) await end()
    // What the content policy forbids, and what a page throws, both end up here.
    assert.deepEqual(problems.splice(0), [])
  })

  const firstLink = (page: Page) => rows(page).nth(1).getByRole('link')
  const lookAgain = (page: Page) => page.getByRole('button', { name: 'Look again' }).click()
  async function lineTo(origin: string) {
    const line = await createLine(origin)
    ends.push(line.close)
    return line
  }
  const record = (about: object) => ({
    eventVersion: '1.11',
    eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
    eventSource: 's3.amazonaws.com',
    eventName: 'PutBucketPolicy',
    awsRegion: region,
    sourceIPAddress: '203.0.113.9',
    userAgent: 'test',
    userIdentity: { type: 'IAMUser', accountId: server.auditor.account, userName: 'kim' },
    eventID: crypto.randomUUID(),
    ...about,
  })

  test('a server that goes away is told of, and the page goes on when it is back', async () => {
    const line = await lineTo(server.url)
    const page = await visitor.signIn({}, line.url)
    await firstLink(page).waitFor()
    line.cut()
    await lookAgain(page)
    await page.getByText('No answer from the server').waitFor()
    assert.equal(await page.getByText('Nothing was recorded in this time.').count(), 0)
    line.mend()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('No answer from the server').waitFor({ state: 'detached' })
    await firstLink(page).waitFor()
  })

  test('a live view whose line breaks says so, and goes on where it was', async () => {
    const line = await lineTo(server.url)
    const page = await visitor.signIn({}, line.url)
    await page.getByRole('button', { name: 'Show live events' }).click()
    await page.getByText('Listening').waitFor()
    await server.add(record({ eventName: 'BeforeTheBreak' }))
    await page.getByRole('link', { name: 'BeforeTheBreak' }).waitFor()
    line.cut()
    await page.getByText('The connection broke; trying again.').waitFor()
    await server.add(record({ eventName: 'DuringTheBreak' }))
    line.mend()
    await page.getByRole('link', { name: 'DuringTheBreak' }).waitFor()
    await page.getByText('Listening').waitFor()
    assert.equal(await page.getByRole('link', { name: 'BeforeTheBreak' }).count(), 1)
  })

  test('a key that is disabled meanwhile is told so at the next request', async () => {
    const key = await server.newKey('auditor')
    const page = await visitor.signInWith(key)
    await firstLink(page).waitFor()
    await server.disable(key)
    await lookAgain(page)
    await page.getByText('The server does not take this key any more').waitFor()
    assert.equal(await page.getByLabel('Secret access key').inputValue(), '')
    await assertAccessible(page, 'signed out')
  })

  for (const [status, body, header] of [
    [429, JSON.stringify({ __type: 'ThrottlingException', Message: 'Rate exceeded' }), 'Too many requests'],
    [400, JSON.stringify({ __type: 'ThrottlingException', Message: 'Rate exceeded' }), 'Too many requests'],
    [500, JSON.stringify({ __type: 'InternalFailure', Message: 'We failed.' }), 'The server cannot answer now'],
    [502, '<html><script>document.title = 1</script>Bad gateway</html>', 'The server cannot answer now'],
    [200, '<html>A page of somebody else</html>', 'The server cannot answer now'],
  ] as const)
    test(`an answer of ${status}, ${body.slice(0, 30)}, is told in words, with another try`, async () => {
      const page = await visitor.signIn()
      await firstLink(page).waitFor()
      await page.route('**/api/v1/events?*', (route) => route.fulfill({ status, body }))
      await lookAgain(page)
      await page.getByText(header).waitFor()
      await assertAccessible(page, header)
      await page.unrouteAll()
      await page.getByRole('button', { name: 'Retry' }).click()
      await firstLink(page).waitFor()
      await page.getByText(header).waitFor({ state: 'detached' })
      assert.notEqual(await page.title(), '1')
    })

  test('a live view that cannot go on by itself offers to begin anew', async () => {
    const page = await visitor.signIn()
    const body = JSON.stringify({ __type: 'PositionLostException', Message: 'The position is too old.' })
    await page.route('**/api/v1/live*', (route) => route.fulfill({ status: 410, body }))
    await page.getByRole('button', { name: 'Show live events' }).click()
    await page.getByText('The position is too old.').waitFor()
    await page.getByText('Stopped').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Listening').waitFor()
    assert.equal(await page.getByText('The position is too old.').count(), 0)
  })

  test('a record of nearly 200 KB is shown, searched, proven, and only as much of it at once as a browser likes', async () => {
    // Of each of the two CloudTrail keeps at most 100 KB.
    const members = Object.fromEntries(
      Array.from({ length: 1_900 }, (_, i) => [`member${i}`, `value ${'x'.repeat(25)}`]),
    )
    const large = record({
      eventName: 'PutLarge',
      requestParameters: { members, last: 'the needle' },
      responseElements: { members },
    })
    assert.ok(JSON.stringify(large).length > 170_000)
    await server.add(large)
    const page = await visitor.signIn()
    await go(page, `#/events/${large.eventID}`)
    await page.getByText('1,800 more').first().waitFor()
    await assertAccessible(page, 'a large record')
    await page.getByRole('searchbox', { name: 'Find in the record' }).fill('needle')
    await page.getByRole('link', { name: '"the needle"' }).waitFor()
    await page.getByText('Raw', { exact: true }).click()
    await page.getByRole('button', { name: /^Show all \d\d\d,\d\d\d characters$/ }).click()
    assert.match((await page.getByLabel('Raw record').textContent()) ?? '', /the needle/)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('Proven', { exact: true }).waitFor()
  })

  test('hostile values are text on every page, and no formula in a file', async () => {
    const markup = '<img src=x onerror="document.title=1">'
    const userName = `=HYPERLINK("http://example.com";"x")${markup}\u202e\u0000\u200b`
    const longName = `${markup}${'N'.repeat(2_000)}`
    const hostile = record({
      eventName: 'HostileCall',
      userAgent: 'javascript:document.title=1',
      userIdentity: { type: 'Unknown', userName },
      errorMessage: '</script><script>document.title=1</script>',
      requestParameters: {
        url: 'javascript:document.title=1',
        [longName]: '\u0000\u001b[31m',
        ['__proto__']: { a: 1 },
      },
      resources: [{ type: 'AWS::S3::Bucket', ARN: `javascript:${'R'.repeat(1_500)}` }],
    })
    await server.add(hostile)
    const page = await visitor.signIn()
    const harmless = async (where: string) => {
      await assertAccessible(page, where)
      assert.equal(await page.locator('img[src=x], a[href^="javascript:"], main script').count(), 0, where)
      assert.match(await page.title(), /OpenTrail$/, where)
    }
    await go(page, '#/events?where=eventName%20%3D%20HostileCall')
    await page.getByRole('link', { name: 'HostileCall' }).waitFor()
    await page.getByText('U+202E').first().waitFor()
    await harmless('event history')
    await page.getByRole('button', { name: 'Download' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'CSV' }).click()
    const csv = readFileSync(await (await download).path(), 'utf8')
    assert.match(csv, /,"'=HYPERLINK/)
    await go(page, `#/events/${hostile.eventID}`)
    await page.getByText('U+0000').first().waitFor()
    await page.getByText('U+001B').first().waitFor()
    await harmless('event')
    await page.getByRole('tab', { name: 'Around it' }).click()
    await page.getByRole('table', { name: 'Events around this one' }).getByText('U+202E').first().waitFor()
    await harmless('around it')
    await page
      .getByRole('link', { name: userName.slice(0, 10) })
      .first()
      .click()
    await page.waitForURL(/where=username/)
    await page.getByRole('link', { name: 'HostileCall' }).waitFor()
    await harmless('search for the name')
    await go(page, `#/ask?${new URLSearchParams({ question: userName }).toString()}`)
    await page.getByRole('table', { name: 'Events of the answer' }).waitFor()
    await harmless('ask')
    await go(page, '#/dashboard')
    await page.getByRole('list', { name: 'Users' }).waitFor()
    await harmless('dashboard')
    await go(page, '#/events/%E0%A4%A')
    await page.getByText('Not found').waitFor()
    await harmless('no event')
  })

  test('a Region without events says so, and the others are one choice away', async () => {
    const page = await visitor.signIn()
    await firstLink(page).waitFor()
    await page.getByRole('button', { name: 'Region: All Regions' }).click()
    await page.getByRole('menuitemcheckbox', { name: quietRegion }).click()
    await page.getByText('Nothing was recorded in this time.').waitFor()
    for (const hash of ['#/dashboard', '#/trails', '#/timelines?kind=identity&name=ana', '#/ask?question=ana']) {
      await go(page, hash)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('[class*="awsui_spinner"]').first().waitFor({ state: 'detached' })
      await assertAccessible(page, `${hash} of a Region without events`)
    }
    await page.getByRole('button', { name: `Region: ${quietRegion}` }).click()
    await page.getByRole('menuitemcheckbox', { name: 'All Regions' }).click()
    await go(page, '#/events')
    await firstLink(page).waitFor()
    assert.equal(await page.getByText('Nothing was recorded in this time.').count(), 0)
  })

  test('who may only look is offered nothing that would be refused', async () => {
    const page = await visitor.signInWith(server.auditor)
    await go(page, '#/start')
    await page.getByRole('heading', { name: 'Something to look at' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Play the demo' }).count(), 0)
    await go(page, '#/trails')
    await page.getByRole('heading', { name: 'Trails', exact: true, level: 1 }).waitFor()
    const create = page
      .getByRole('button', { name: 'Create trail' })
      .or(page.getByRole('link', { name: 'Create trail' }))
    for (const button of await create.all()) assert.equal(await button.getAttribute('aria-disabled'), 'true')
  })

  test('who may only send is told so, and how to', async () => {
    const page = await visitor.signInWith(await server.newKey('producer'))
    await page.getByText('This key sends events and may read none').waitFor()
    await assertAccessible(page, 'a producer')
    assert.equal(await page.getByRole('link', { name: 'Dashboard' }).count(), 0)
    await page.getByRole('link', { name: 'How to send events' }).click()
    await page.getByRole('heading', { name: 'Send your own' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Play the demo' }).count(), 0)
  })

  test('the demo is played at a click, and recorded as what a producer sends', async () => {
    const page = await visitor.signIn()
    const before = (await server.find('eventName = StopLogging')).length
    await go(page, '#/start')
    await page.getByRole('button', { name: 'Play the demo' }).click()
    await page.getByText(/^\d{3} events were stored/).waitFor()
    await assertAccessible(page, 'demo')
    assert.ok((await server.find('eventName = StopLogging')).length > before)
    const [sent] = await server.find('eventName = PostEvents and userAgent ~ Chrom')
    assert.ok(sent !== undefined)
    await page.getByRole('link', { name: 'Look at them' }).click()
    await firstLink(page).waitFor()
  })
})
