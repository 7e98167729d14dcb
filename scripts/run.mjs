// `npm start`, `npm test`, `npm run build|lint|bench`: brings what is missing (Node 24, the packages, the build), then runs.
// Plain JavaScript without dependencies, because it runs before anything is installed, on Node 20.19 and newer.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allocator } from './lib/allocator.mjs'
import { engineLoads, installNode, installPackages, packagesAreCurrent } from './lib/install.mjs'
import { findNode, isNewEnough } from './lib/node.mjs'
import { preflight } from './lib/preflight.mjs'
import { progress, refuse } from './lib/report.mjs'
import { runChild } from './lib/run-child.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')
const [task = 'help', ...args] = process.argv.slice(2)
const bin = (name) => join(root, 'node_modules', '.bin', name)

/** @type {Record<string, () => Promise<number>>} */
const tasks = {
  async start() {
    build()
    const program = join(root, 'packages', 'server', 'dist', 'cli', 'main.js')
    return runChild(process.execPath, [program, 'start', ...args], { env: { ...allocator, ...process.env } })
  },
  async test() {
    // The build first: end-to-end tests start the program as it is published.
    build()
    progress('checking types')
    for (const project of ['tsconfig.tests.json', 'packages/console/tsconfig.json'])
      must(process.execPath, [bin('tsc'), '-p', join(root, project)], 'The types do not fit')
    progress('testing')
    return runChild(process.execPath, [bin('vitest'), 'run', ...args], { cwd: root })
  },
  async build() {
    build()
    return 0
  },
  async lint() {
    progress('linting')
    const paths =
      args.length > 0
        ? args
        : ['packages', 'scripts', ...['test', 'bench'].filter((path) => existsSync(join(root, path)))]
    return runChild(process.execPath, [bin('oxlint'), '--type-aware', ...paths], { cwd: root })
  },
  async format() {
    return runChild(process.execPath, [bin('prettier'), '--check', ...(args.length > 0 ? args : ['.'])], { cwd: root })
  },
  async bench() {
    build()
    const program = ['run.ts', 'run.mjs'].map((name) => join(root, 'bench', name)).find((path) => existsSync(path))
    if (!program) return refuse(`there are no benchmarks in ${join(root, 'bench')}`)
    return runChild(process.execPath, [program, ...args], { cwd: root })
  },
}

function must(command, commandArgs, failure) {
  const { status, error } = spawnSync(command, commandArgs, { stdio: ['ignore', 'inherit', 'inherit'], cwd: root })
  if (error) throw new Error(`${failure}: ${error.message}`)
  if (status !== 0) refuse(failure)
}

function build() {
  const hasOutput = ['core', 'server'].every((name) => existsSync(join(root, 'packages', name, 'dist', '.tsbuildinfo')))
  if (!hasOutput) progress('building (once; later only what changed)')
  must(process.execPath, [bin('tsc'), '-b'], 'The build failed')
  must(process.execPath, [join(root, 'packages', 'console', 'build', 'build.mjs')], 'The console could not be built')
}

async function main() {
  const run = Object.hasOwn(tasks, task) ? tasks[task] : undefined
  if (!run) refuse(`there is no task "${task}": choose one of ${Object.keys(tasks).join(', ')}`)

  const problem = preflight({ root, needsInstall: !packagesAreCurrent(root) })
  if (problem) refuse(problem)

  if (!isNewEnough(process.versions.node)) {
    const node = findNode(root) ?? (installNode(root), findNode(root))
    if (!node)
      refuse(
        "Node.js 24 was installed but cannot be found in runtime/node24; delete that directory's node_modules and try again",
      )
    // Everything from here on, npm's own scripts included, sees the new Node first.
    const path = [join(node, '..'), process.env.PATH ?? ''].join(delimiter)
    return runChild(node, [fileURLToPath(import.meta.url), task, ...args], { env: { ...process.env, PATH: path } })
  }

  if (!packagesAreCurrent(root)) {
    installPackages(root)
    const failure = engineLoads(root)
    if (failure) refuse(`the packages are installed but do not load here: ${failure}`)
  }
  return run()
}

// readdirSync keeps a deleted working directory from surfacing later as a confusing failure of npm.
readdirSync(root)
process.exitCode = await main()
