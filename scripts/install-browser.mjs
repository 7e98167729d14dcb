// Finds a Chromium for the tests that look at the console, or installs Debian's where that is allowed. Optional: without one those
// tests are skipped, and say so.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { noteSkipped } from './lib/skipped.mjs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Where test/browser/chromium.ts looks. */
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  process.env['CHROMIUM'] ?? '',
]
/** A download of some 100 MB. */
const installMs = 10 * 60_000

const run = (command, args) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    timeout: installMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
const present = () => places.find((place) => place !== '' && existsSync(place))
const lastLine = (text) => (text ?? '').trim().split('\n').at(-1) ?? ''

/** @returns {string | undefined} why there is no browser */
function install() {
  if (run('apt-get', ['--version']).status !== 0) return 'there is no Chromium, and no apt-get to install one'
  if (process.getuid?.() !== 0) return 'there is no Chromium, and only root may install one'
  run('apt-get', ['update', '-qq'])
  const { status, stderr, error } = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  if (status === 0 && present()) return undefined
  return `apt-get install chromium fails: ${lastLine(stderr) || error?.message}`
}

const problem = present() ? undefined : (console.log('browser: installing chromium...'), install())
if (problem) {
  noteSkipped(root, 'the console in a browser', problem)
  console.log(`browser: not installed, because ${problem}; tests with it are skipped`)
} else {
  console.log(`browser: ${present()} is there`)
}
