import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noteSkipped } from './skipped.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const outputBytesMax = 16 * 1024 * 1024

/**
 * Builds `test/wire/<name>` into `.tools/<name>/<name>`, unless it is there. Its go.sum pins what comes from the Go module proxy. Without
 * Go or the proxy it is noted as skipped.
 * @param {{ name: string, checks: string, buildMs: number }} program `checks`: what cannot be checked without it
 */
export function installGoProgram({ name, checks, buildMs }) {
  const source = join(root, 'test/wire', name)
  const target = join(root, '.tools', name)
  const stamp = join(target, '.installed')
  const wanted = ['go.mod', 'go.sum', 'main.go'].map((file) => readFileSync(join(source, file), 'utf8')).join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return console.log(`${name}: it is there`)
  console.log(`${name}: building...`)
  const problem = build({ source, target, program: join(target, name), buildMs })
  if (problem === undefined) {
    writeFileSync(stamp, wanted)
    console.log(`${name}: built in ${target}`)
  } else {
    noteSkipped(root, checks, problem)
    console.log(`${name}: not built, because ${problem}; tests with it are skipped`)
  }
}

/** @returns {string | undefined} why the program is not there */
function build({ source, target, program, buildMs }) {
  const go = (args, env = {}) =>
    spawnSync('go', args, {
      cwd: source,
      encoding: 'utf8',
      timeout: buildMs,
      maxBuffer: outputBytesMax,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
  if (go(['version']).status !== 0) return 'there is no Go'
  rmSync(target, { recursive: true, force: true })
  // Own caches, which are removed after: they are many times as large as the program.
  const caches = join(target, 'build')
  mkdirSync(caches, { recursive: true })
  const result = go(['build', '-modcacherw', '-trimpath', '-ldflags=-s -w', '-o', program, '.'], {
    GOCACHE: join(caches, 'cache'),
    GOMODCACHE: join(caches, 'modules'),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-buildvcs=false',
    CGO_ENABLED: '0',
  })
  rmSync(caches, { recursive: true, force: true })
  return result.status === 0 ? undefined : `go build fails: ${lastLine(result.stderr) || result.error?.message}`
}

const lastLine = (text) => (text ?? '').trim().split('\n').at(-1) ?? ''
