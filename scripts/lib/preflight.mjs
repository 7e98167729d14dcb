import { spawnSync } from 'node:child_process'
import { accessSync, constants, statfsSync } from 'node:fs'
import { bootstrapLeast, isNewEnough } from './node.mjs'

/** node_modules with the query engine (560 MB), Node 24 (130 MB), the rest and the build, with room to unpack. */
export const installBytes = 1_500_000_000

/**
 * The reason why this machine cannot run OpenTrail, with what to do, in one line; undefined when it can.
 * @param {{ root: string, needsInstall: boolean }} what @param {Partial<ReturnType<typeof machine>>} [known] for tests
 */
export function preflight({ root, needsInstall }, known = {}) {
  const { platform, architecture, node, musl, freeBytes, npm, writable } = { ...machine(root), ...known }
  if (!isNewEnough(node, bootstrapLeast))
    return `Node.js ${node} is too old to start with; install ${bootstrapLeast.join('.')} or newer from https://nodejs.org`
  if (platform === 'win32') return 'Windows is not supported, because the query engine has no build for it; use WSL 2'
  if (platform !== 'linux' && platform !== 'darwin') return `${platform} is not supported; use Linux (glibc) or macOS`
  if (architecture !== 'x64' && architecture !== 'arm64')
    return `processors of type ${architecture} are not supported; use x64 or arm64`
  if (platform === 'linux' && musl())
    return 'Linux with musl (Alpine) is not supported, because the query engine needs glibc; use a Debian or Ubuntu image'
  if (!needsInstall) return undefined
  if (!writable()) return `${root} cannot be written; clone it to a place that belongs to you`
  if (!npm()) return 'npm is not on the PATH; install it together with Node.js'
  const free = freeBytes()
  if (free < installBytes)
    return `the installation needs ${megabytes(installBytes)} MB in ${root}, but only ${megabytes(free)} MB are free`
  return undefined
}

const megabytes = (bytes) => Math.round(bytes / 1e6)

/** What is asked of the machine; the slow questions only when they are needed. */
const machine = (root) => ({
  platform: process.platform,
  architecture: process.arch,
  node: process.versions.node,
  musl: () => !process.report.getReport().header.glibcVersionRuntime,
  freeBytes: () => {
    const { bavail, bsize } = statfsSync(root)
    return bavail * bsize
  },
  npm: () => spawnSync('npm', ['--version'], { stdio: 'ignore' }).status === 0,
  writable: () => {
    try {
      accessSync(root, constants.W_OK)
      return true
    } catch {
      return false
    }
  },
})
