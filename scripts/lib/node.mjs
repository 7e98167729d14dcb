import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What the packages need (`engines` in package.json). */
export const nodeLeast = [22, 12]
/** What this script itself needs. */
export const bootstrapLeast = [20, 19]

/** @param {string} version like 22.12.0 */
export const isNewEnough = (version, least = nodeLeast) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > least[0] || (major === least[0] && minor >= least[1])
}

/** The program of the Node.js that runtime/node24 brings, if it is installed. @param {string} root */
export function findNode(root, platform = process.platform, architecture = process.arch) {
  const path = join(root, 'runtime', 'node24', 'node_modules', `node-${platform}-${architecture}`, 'bin', 'node')
  return existsSync(path) ? path : undefined
}
