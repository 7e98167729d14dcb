import { createHash } from 'node:crypto'

/** What Linux, macOS and Windows take as one name at most. */
const nameBytesMax = 255

/**
 * The path for a key below the export's directory, as its segments; the last is '' for a folder marker. Every segment
 * that a file system cannot hold as it is begins with `%`, and so does every one that begins with `%` by itself: no two
 * keys share a path, and no path leaves the directory. `isAlsoFolder`: the key is the beginning of others, `a` and `a/b`.
 */
export function exportSegments(
  key: string,
  options: { readonly isAlsoFolder: boolean; readonly isMarker: boolean },
): string[] {
  const names = key.split('/')
  return names.map((name, index) => {
    const isLast = index === names.length - 1
    if (isLast && options.isMarker) return ''
    return fitted(isLast && options.isAlsoFolder ? `%object-${name}` : escaped(name), name)
  })
}

function escaped(name: string): string {
  // A name of no characters: the key begins with a slash, or has two in a row.
  if (name === '') return '%'
  if (name === '.') return '%2E'
  if (name === '..') return '%2E%2E'
  return name.startsWith('%') ? `%25${name.slice(1)}` : name
}

function fitted(escapedName: string, name: string): string {
  if (Buffer.byteLength(escapedName) <= nameBytesMax) return escapedName
  const kind = escapedName.startsWith('%object-') ? '%longobject' : '%long'
  return `${kind}-${createHash('sha256').update(name).digest('hex')}`
}

/** Whether two keys of one listing are `a` and something that begins with `a/`. */
export const isBelow = (key: string, other: string): boolean => key.startsWith(`${other}/`)
