import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { skipped } from '../skip.ts'
import { findChromium, launch } from './chromium.ts'
import { region, startConsole } from './console-server.ts'
import { assertAccessible, createVisitor, go, hasFocus, tabTo, waitMs, type ConsoleServer } from './visitor.ts'

const chromium = findChromium()
if (chromium === undefined)
  skipped('the console by keyboard', 'there is no Chromium; scripts/install-browser.mjs says why')

describe.skipIf(chromium === undefined)('by keyboard and with what opens', { timeout: 5 * waitMs }, () => {
  let browser: Browser
  let server: ConsoleServer
  let visitor: ReturnType<typeof createVisitor>
  const problems: string[] = []

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
    // What the content policy forbids, and what a page throws, both end up here.
    assert.deepEqual(problems.splice(0), [])
  })

  const press = (page: Page, key: string) => page.keyboard.press(key)
  const isFocused = (page: Page) => page.evaluate<boolean>('document.activeElement !== document.body')

  test('from signing in to signing out no mouse is needed, and the focus is never lost', async () => {
    const key = await server.newKey('administrator')
    const page = await visitor.open()
    await page.goto(`${server.url}/console/`)
    // The first field has the focus already.
    await page.getByLabel('Access key ID').waitFor()
    await page.keyboard.type(key.accessKeyId)
    await press(page, 'Tab')
    await page.keyboard.type(key.secretAccessKey)
    await press(page, 'Tab')
    await press(page, 'ControlOrMeta+a')
    await page.keyboard.type(region)
    await press(page, 'Enter')

    await page.getByRole('link', { name: 'GenerateDataKey' }).first().waitFor()
    await press(page, 'f')
    await page.keyboard.type('Event name = StopLogging')
    await press(page, 'Enter')
    await page.waitForURL(/where=eventName/)
    const event = page.getByRole('link', { name: 'StopLogging' }).first()
    await tabTo(page, event)
    await press(page, 'Enter')
    await page.getByRole('heading', { name: 'StopLogging', level: 1 }).waitFor()
    assert.ok(await isFocused(page), 'the event page has the focus')

    await tabTo(page, page.getByRole('tab', { name: 'Event record' }))
    await press(page, 'End')
    await page.getByRole('tab', { name: 'Proof', selected: true }).waitFor()
    await tabTo(page, page.getByRole('button', { name: 'Verify' }))
    await press(page, 'Enter')
    await page.getByText('Proven', { exact: true }).waitFor()

    await press(page, '/')
    await page.keyboard.type('backup')
    await press(page, 'Enter')
    await page.getByRole('table', { name: 'Events of the answer' }).getByRole('link').first().waitFor()
    assert.match(await page.title(), /^backup – Ask/)

    await tabTo(page, page.getByRole('table', { name: 'Events of the answer' }).getByRole('link').first())
    await press(page, 'g')
    await press(page, 't')
    await page.getByRole('heading', { name: 'Trails', level: 1 }).waitFor()
    assert.ok(await isFocused(page), 'the list of trails has the focus')
    await tabTo(
      page,
      page
        .getByRole('link', { name: 'Create trail' })
        .or(page.getByRole('button', { name: 'Create trail' }))
        .first(),
    )
    await press(page, 'Enter')
    await tabTo(page, page.getByLabel('Trail name'))
    await page.keyboard.type('keys-only')
    for (const step of ['Choose events', 'Review and create']) {
      await tabTo(page, page.getByRole('button', { name: 'Next' }))
      await press(page, 'Enter')
      await page.getByRole('heading', { name: step, level: 1 }).waitFor()
    }
    await tabTo(page, page.getByRole('button', { name: 'Create trail' }))
    await press(page, 'Enter')
    await page.getByRole('heading', { name: 'keys-only', level: 1 }).waitFor()
    assert.ok(await isFocused(page), 'the trail has the focus')

    await tabTo(page, page.getByRole('button', { name: /Signed in as/ }))
    await press(page, 'Enter')
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
    await press(page, 'End')
    await press(page, 'Enter')
    await page.getByLabel('Access key ID').waitFor()
    await page.getByLabel('Access key ID').and(page.locator(':focus')).waitFor()
  })

  test('a dialog keeps the focus, Escape closes it, and the focus is back', async () => {
    const page = await visitor.signIn()
    await tabTo(page, page.getByRole('button', { name: 'Preferences' }))
    await press(page, 'Enter')
    const dialog = page.getByRole('dialog', { name: 'Preferences' })
    await dialog.waitFor()
    await press(page, 'Shift+Tab')
    assert.equal(await dialog.locator(':focus').count(), 1)
    await press(page, 'Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await hasFocus(page, page.getByRole('button', { name: 'Preferences' })))
    await press(page, '?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await press(page, 'Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' })
  })

  for (const dark of [false, true])
    for (const phone of [false, true])
      test(`menus and dialogs are accessible: ${dark ? 'dark' : 'light'}, ${phone ? 'phone' : 'desk'}`, async () => {
        const page = await visitor.signIn({ dark, phone })
        await page.getByRole('table', { name: 'Events' }).getByRole('link').first().waitFor()
        await page.getByRole('slider').waitFor()
        const opened = async (name: string, open: () => Promise<unknown>, shown: () => Promise<unknown>) => {
          await open()
          await shown()
          await assertAccessible(page, name, true)
          await press(page, 'Escape')
          assert.deepEqual(problems, [], name)
        }
        const menu = (name: string) => page.getByRole('button', { name })
        await opened(
          'downloads',
          () => menu('Download').click(),
          () => page.getByRole('menuitem', { name: 'CSV' }).waitFor(),
        )
        await opened(
          'time',
          () => menu('Time of the events').click(),
          () => page.getByRole('dialog').waitFor(),
        )
        await opened(
          'attributes',
          () => page.getByRole('combobox', { name: 'Find events' }).click(),
          () => page.getByRole('option', { name: 'Event name' }).first().waitFor(),
        )
        await opened(
          'preferences',
          () => menu('Preferences').click(),
          () => page.getByRole('dialog', { name: 'Preferences' }).waitFor(),
        )
        await opened(
          'keys',
          async () => {
            await page.getByRole('heading', { level: 1 }).click()
            await press(page, '?')
          },
          () => page.getByRole('dialog', { name: 'Keys' }).waitFor(),
        )
        if (phone) {
          await opened(
            'pages',
            () => menu('Open the list of pages').click(),
            () => page.getByRole('link', { name: 'Dashboard' }).waitFor(),
          )
          return
        }
        for (const [name, item] of [
          ['Region: All Regions', 'us-east-1'],
          ['Settings', 'Theme'],
          [/Signed in as/, 'Sign out'],
        ] as const)
          await opened(
            String(name),
            () => page.getByRole('button', { name }).click(),
            () => page.getByText(item, { exact: true }).first().waitFor(),
          )
        await go(page, '#/trails/create')
        await page.getByLabel('Trail name').fill(`opened-${dark ? 'dark' : 'light'}`)
        await page.getByRole('button', { name: 'Next' }).click()
        await page.getByRole('button', { name: 'Next' }).click()
        await page.getByRole('button', { name: 'Create trail' }).click()
        for (const name of ['Stop logging', 'Delete'])
          await opened(
            name,
            () => page.getByRole('button', { name, exact: true }).click(),
            () => page.getByRole('dialog').waitFor(),
          )
      })
})
