import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { region, type startConsole } from './console-server.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A busy machine may need long for what takes milliseconds. */
export const waitMs = 60_000
/** More than the longest page has places to go to. */
const tabsMax = 150

export type ConsoleServer = Awaited<ReturnType<typeof startConsole>>

export interface Looks {
  readonly dark?: boolean
  readonly phone?: boolean
}

/** Somebody with a browser. `problems` gets what the content policy forbids and what a page throws. */
export function createVisitor(browser: Browser, server: Pick<ConsoleServer, 'url' | 'link'>, problems: string[]) {
  async function open({ dark = false, phone = false }: Looks = {}): Promise<Page> {
    const context = await browser.newContext({
      colorScheme: dark ? 'dark' : 'light',
      viewport: phone ? { width: 390, height: 844 } : { width: 1400, height: 900 },
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
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
  return {
    open,
    /** By a link, as administrator. `origin`: the server's own where absent. */
    async signIn(looks: Looks = {}, origin = server.url): Promise<Page> {
      const page = await open(looks)
      await page.goto(server.link().replace(server.url, origin))
      await page.getByRole('heading', { name: 'Event history' }).waitFor()
      return page
    },
    async signInWith(key: { readonly accessKeyId: string; readonly secretAccessKey: string }): Promise<Page> {
      const page = await open()
      await page.goto(`${server.url}/console/`)
      await page.getByLabel('Access key ID').fill(key.accessKeyId)
      await page.getByLabel('Secret access key').fill(key.secretAccessKey)
      await page.getByLabel('Region').fill(region)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: /Signed in as/ }).waitFor()
      return page
    },
  }
}

export const go = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

export const rows = (page: Page): Locator => page.getByRole('table', { name: 'Events' }).getByRole('row')

/**
 * Accessible, and no wider than the screen. `popup`: something is open that the components put beside the page, outside of its landmarks, or in
 * place of it, so that its heading is away: rules of good practice, not of WCAG.
 */
export async function assertAccessible(page: Page, where: string, popup = false): Promise<void> {
  const options = JSON.stringify({
    resultTypes: ['violations'],
    rules: { region: { enabled: !popup }, 'page-has-heading-one': { enabled: !popup } },
  })
  // Over the debugger: the content policy would refuse it as a script of the page, as it should.
  const found = await page.evaluate(
    `${axe}; axe.run(document, ${options}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary).slice(0, 3).join(' | ')))`,
  )
  assert.deepEqual(found, [], where)
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  assert.ok(overflow <= 0, `${where} is ${overflow} pixels wider than the screen`)
}

export const hasFocus = async (page: Page, target: Locator): Promise<boolean> =>
  (await target.and(page.locator(':focus')).count()) > 0

/** Tab by Tab, as one does without a mouse. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let count = 0; count < tabsMax; count++) {
    if (await hasFocus(page, target)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`the keyboard does not reach ${String(target)}`)
}
