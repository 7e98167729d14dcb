// Builds the console into dist/: hashed names, one chunk per page, each file also compressed, and a stamp of what it was built from. Does
// nothing where the stamp still fits, so that every start may call it.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { progress } from '../../../scripts/lib/report.mjs'
import { compressFiles } from './compress.mjs'
import { initialDownload } from './initial-download.mjs'
import { viteConfiguration } from './vite-configuration.mjs'

const home = fileURLToPath(new URL('..', import.meta.url))
const root = join(home, '..', '..')
const output = join(home, 'dist')
const stamp = join(output, '.built-from')

/** All that the output depends on. */
const inputs = [
  join(home, 'src'),
  join(home, 'build'),
  join(home, 'public'),
  join(home, 'index.html'),
  join(root, 'packages', 'core', 'src', 'api'),
  join(root, 'packages', 'core', 'src', 'search'),
  join(root, 'package-lock.json'),
]

function hashOfInputs() {
  const hash = createHash('sha256')
  for (const input of inputs) {
    for (const file of filesOf(input).filter((path) => !/\.(test|testing)\.tsx?$/.test(path)))
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0')
  }
  return hash.digest('hex')
}

function filesOf(path) {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

const hash = hashOfInputs()
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  progress('building the console (once; later only what changed)')
  // Whoever calls: tests would put React's development build into what is shipped.
  process.env.NODE_ENV = 'production'
  const { build } = await import('vite')
  await build(viteConfiguration(home))
  await compressFiles(output)
  const { bytes, files } = initialDownload(output)
  process.stderr.write(`opentrail: the console's first page: ${Math.round(bytes / 1024)} KB gzip in ${files} files\n`)
  // Last: a build that was interrupted begins again.
  writeFileSync(stamp, hash)
}
