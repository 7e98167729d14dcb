import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { progress, refuse } from './report.mjs'

/** Inside node_modules, so that deleting that directory forgets the installation too. */
const stampPath = (root) => join(root, 'node_modules', '.opentrail-installed')
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex')

/** Whether node_modules is what package-lock.json says, from the stamp that the installation left at its end. */
export function packagesAreCurrent(root) {
  const stamp = stampPath(root)
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lockHash(root)
}

// Every native package ships a prebuilt binary as a package of its own, so that no package's script has to run.
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

/** A registry that answers badly is asked again, a bounded number of times: the installation moves 700 MB. */
const attempts = 3
const outputBytesMax = 16 * 1024 * 1024

export function installPackages(root) {
  progress('installing packages (some 300 MB to download, once)')
  npmCi(root, root, 'The packages could not be installed')
  // Last: an installation that was interrupted has no stamp and starts again.
  markInstalled(root)
}

export const markInstalled = (root) => writeFileSync(stampPath(root), `${lockHash(root)}\n`)

export function installNode(root) {
  progress(`installing Node.js 24 (this is ${process.versions.node}; it stays as it is)`)
  const directory = join(root, 'runtime', 'node24')
  npmCi(root, directory, 'Node.js 24 could not be installed')
}

/**
 * `npm ci`, and where that refuses, `npm install --no-save`: a registry that does not have the binaries of other platforms (mirrors
 * leave them out) makes `npm ci` call a good lock file incomplete. Both install the locked versions, check their hashes and leave
 * the lock file alone.
 */
function npmCi(root, directory, failure) {
  const place = directory === root ? [] : ['--prefix', directory]
  let output = ''
  for (let attempt = 1; attempt <= attempts; attempt++) {
    for (const command of [['ci'], ['install', '--no-save']]) {
      const result = spawnSync('npm', [...command, ...quiet, ...place], {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: outputBytesMax,
      })
      if (result.status === 0) return
      if (result.signal) refuse(`${failure}: npm was ended by ${result.signal}`)
      output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`
    }
    if (attempt < attempts) progress('npm failed; trying again')
  }
  process.stderr.write(output)
  refuse(`${failure}. What npm says is above; behind a proxy set "npm config set registry URL" or HTTPS_PROXY.`)
}

/** Loads the native packages in a process of its own. @returns {string | undefined} why they do not load */
export function engineLoads(root) {
  const program = "await import('lmdb'); await import('chdb')"
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(root, 'packages', 'server'),
    encoding: 'utf8',
    timeout: 120_000,
  })
  return status === 0
    ? undefined
    : (stderr
        .trim()
        .split('\n')
        .find((line) => /error/i.test(line)) ?? 'unknown reason')
}
