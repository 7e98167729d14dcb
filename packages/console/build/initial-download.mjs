import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes, gzip, that a browser has to get before it shows anything: index.html and what it names. */
export const initialBytesMax = 650 * 1024

/** @returns {{ bytes: number, files: number }} of index.html and all scripts and style sheets that it names. */
export function initialDownload(directory) {
  const html = readFileSync(join(directory, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="\.?\/?(?:console\/)?([^"]+)"/g)].map((match) => match[1])
  const paths = ['index.html', ...named].map((name) => join(directory, name))
  return { bytes: paths.reduce((sum, path) => sum + zipped(path), 0), files: paths.length }
}

const zipped = (path) => statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size
