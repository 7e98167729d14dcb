import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

/** Where `scripts/install-browser.mjs` looks and installs, too. */
const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

export const findChromium = (): string | undefined =>
  places.find((place) => place !== undefined && place !== '' && existsSync(place))

/** Nothing that a test does not ask for goes over the network. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, headless: true, args: flags, timeout: 60_000 })
