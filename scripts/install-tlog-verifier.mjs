// Builds test/wire/tlog-verifier into .tools: a few lines of Go around golang.org/x/mod/sumdb, which verifies our checkpoints and proofs
// with code nobody here wrote. Without Go or its module proxy those tests are skipped, and say so.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noteSkipped } from './lib/skipped.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'test/wire/tlog-verifier')
const target = join(root, '.tools', 'tlog-verifier')
const program = join(target, 'tlog-verifier')
const stamp = join(target, '.installed')
const wanted = ['go.mod', 'go.sum', 'main.go'].map((name) => readFileSync(join(source, name), 'utf8')).join('\n')
/** Seconds of two cores, most of them for Go's own library. */
const buildMs = 5 * 60_000

const run = (command, args, env = {}) =>
  spawnSync(command, args, {
    cwd: source,
    encoding: 'utf8',
    timeout: buildMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })

/** @returns {string | undefined} why the program is not there */
function install() {
  if (run('go', ['version']).status !== 0) return 'there is no Go'
  rmSync(target, { recursive: true, force: true })
  const build = join(target, 'build')
  mkdirSync(build, { recursive: true })
  const result = run('go', ['build', '-modcacherw', '-trimpath', '-o', program, '.'], {
    GOCACHE: join(build, 'cache'),
    GOMODCACHE: join(build, 'modules'),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-buildvcs=false',
    CGO_ENABLED: '0',
  })
  rmSync(build, { recursive: true, force: true })
  return result.status === 0 ? undefined : `go build fails: ${lastLine(result.stderr) || result.error?.message}`
}

const lastLine = (text) => (text ?? '').trim().split('\n').at(-1) ?? ''

if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
  console.log('tlog verifier: it is there')
} else {
  console.log('tlog verifier: building...')
  const problem = install()
  if (problem) {
    noteSkipped(root, 'checkpoints and proofs by golang.org/x/mod', problem)
    console.log(`tlog verifier: not built, because ${problem}; tests with it are skipped`)
  } else {
    writeFileSync(stamp, wanted)
    console.log(`tlog verifier: built in ${target}`)
  }
}
