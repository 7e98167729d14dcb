// Builds an S3 server that is not ours into .tools/s3-server, for the tests that deliver to a store nobody here wrote: versitygw
// (Apache-2.0, files in a directory), which checks signatures and Regions and knows bucket policies and conditional puts. It exists
// as source only, so it needs Go; without Go or its module proxy those tests are skipped, and say so.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noteSkipped } from './lib/skipped.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, '.tools', 's3-server')
const stamp = join(target, '.installed')
/** Exact version; its own go.sum pins the rest. */
const version = 'v1.8.0'
const wanted = `versitygw ${version} ${process.platform}-${process.arch}`
/** The oldest Go that its go.mod admits. */
const goLeast = [1, 25]
/** Some 340 MB of modules to download, and two to four minutes of two cores. */
const buildMs = 15 * 60_000
const outputBytesMax = 16 * 1024 * 1024

const run = (command, args, env = {}) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    timeout: buildMs,
    maxBuffer: outputBytesMax,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })

/** @returns {string | undefined} why the server is not there */
function install() {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(run('go', ['version']).stdout ?? '') ?? []
  if (major === undefined) return 'there is no Go'
  if (Number(major) !== goLeast[0] || Number(minor) < goLeast[1])
    return `it needs Go ${goLeast.join('.')}, and this is ${major}.${minor}`
  rmSync(target, { recursive: true, force: true })
  // Own caches, which are removed after: they are twenty times as large as the program.
  const build = join(target, 'build')
  mkdirSync(build, { recursive: true })
  const result = run(
    'go',
    ['install', '-modcacherw', '-trimpath', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@${version}`],
    {
      GOBIN: join(target, 'bin'),
      GOCACHE: join(build, 'cache'),
      GOMODCACHE: join(build, 'modules'),
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-buildvcs=false',
      CGO_ENABLED: '0',
    },
  )
  rmSync(build, { recursive: true, force: true })
  if (result.status !== 0) return `go install fails: ${lastLine(result.stderr) || result.error?.message}`
  const works = run(join(target, 'bin', 'versitygw'), ['--version'])
  return works.status === 0 ? undefined : `it does not start: ${lastLine(works.stderr)}`
}

const lastLine = (text) => (text ?? '').trim().split('\n').at(-1) ?? ''

if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
  console.log(`S3 server: ${wanted} is there`)
} else {
  console.log(`S3 server: building ${wanted}...`)
  const problem = install()
  if (problem) {
    noteSkipped(root, 'the S3 server versitygw', problem)
    console.log(`S3 server: not built, because ${problem}; tests with it are skipped`)
  } else {
    writeFileSync(stamp, wanted)
    console.log(`S3 server: built in ${target}`)
  }
}
