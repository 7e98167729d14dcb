// Installs the AWS CLI and boto3 into .tools/python, for the tests that speak to the server with clients that are not ours, and moto,
// for those that deliver to a store that is not ours where there is no Go to build a better one (install-s3-server.mjs).
// They are optional: without Python or a package index those tests are skipped, and say so.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noteSkipped } from './lib/skipped.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, '.tools', 'python')
const stamp = join(target, '.installed')
/** Exact versions: a client that changes its mind about a wire detail shall not break an unrelated change. */
// Flask by itself: moto[server] brings 100 MB for services that nobody asks for here.
const packages = ['awscli==1.46.3', 'boto3==1.44.3', 'moto[s3]==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5']
/** A reader of log files that nobody here wrote. Pinned to an older boto3, which reading files does not need: installed alone. */
const readers = ['toolz==1.0.0', 'pytz==2025.2', 'trailscraper==0.10.0']
const wanted = [...packages, ...readers].join(' ')
/** A download of some 50 MB. */
const installMs = 10 * 60_000

const run = (command, args) =>
  spawnSync(command, args, { encoding: 'utf8', timeout: installMs, stdio: ['ignore', 'pipe', 'pipe'] })

/** @returns {string | undefined} why the clients are not there */
function install() {
  const python = ['python3', 'python'].find(
    (name) => run(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).status === 0,
  )
  if (!python) return 'there is no Python 3.10 or newer'
  rmSync(target, { recursive: true, force: true })
  const venv = run(python, ['-m', 'venv', target])
  // Debian splits ensurepip off; a venv without pip takes the one of the system.
  const hasOwnPip = venv.status === 0 && run(join(target, 'bin', 'python'), ['-m', 'pip', '--version']).status === 0
  if (!hasOwnPip) {
    rmSync(target, { recursive: true, force: true })
    if (run(python, ['-m', 'venv', '--without-pip', target]).status !== 0)
      return `python -m venv fails: ${lastLine(venv.stderr)}`
    if (run(python, ['-m', 'pip', '--version']).status !== 0) return 'there is no pip'
  }
  const pip = hasOwnPip
    ? [join(target, 'bin', 'python'), '-m', 'pip']
    : [python, '-m', 'pip', '--python', join(target, 'bin', 'python')]
  const [command, ...args] = pip
  const quietly = [...args, 'install', '--quiet', '--disable-pip-version-check', '--no-input']
  for (const chosen of [packages, ['--no-deps', ...readers]]) {
    const result = run(command, [...quietly, ...chosen])
    if (result.status !== 0) return `pip install fails: ${lastLine(result.stderr) || result.error?.message}`
  }
  return undefined
}

const lastLine = (text) => (text ?? '').trim().split('\n').at(-1) ?? ''

if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
  console.log(`clients: ${wanted} are there`)
} else {
  console.log(`clients: installing ${wanted}...`)
  const problem = install()
  if (problem) {
    noteSkipped(root, 'AWS CLI, boto3 and moto', problem)
    console.log(`clients: not installed, because ${problem}; tests with them are skipped`)
  } else {
    writeFileSync(stamp, wanted)
    console.log(`clients: installed in ${target}`)
  }
}
