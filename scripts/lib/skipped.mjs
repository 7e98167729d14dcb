import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where everything that could not be checked is noted, so that a green run says what it did not see. */
export const skippedPath = (root) => join(root, '.tools', 'skipped.txt')

/** @param {string} root @param {string} what @param {string} why */
export function noteSkipped(root, what, why) {
  mkdirSync(join(root, '.tools'), { recursive: true })
  // One short line, one write: several processes may append at once.
  appendFileSync(skippedPath(root), `${what}: ${why.replace(/\s+/g, ' ')}\n`)
}

/** Each line once. @param {string} root @returns {string[]} */
export const readSkipped = (root) =>
  existsSync(skippedPath(root)) ? [...new Set(readFileSync(skippedPath(root), 'utf8').split('\n').filter(Boolean))] : []
