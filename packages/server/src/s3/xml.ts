/** The namespace of S3's answers; errors have none. */
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A piece of markup, already escaped; only `element` makes one. */
export interface Markup {
  readonly markup: string
}

/** Absent content leaves the element out: `undefined` is no element, an empty text is an empty one. */
export function element(name: string, content: string | number | boolean | readonly (Markup | undefined)[]): Markup {
  const inner = typeof content === 'object' ? joined(content) : escapeText(String(content))
  return { markup: `<${name}>${inner}</${name}>` }
}

const joined = (pieces: readonly (Markup | undefined)[]): string => pieces.map((piece) => piece?.markup ?? '').join('')

/** `element`, unless there is no content. */
export const optional = (name: string, content: string | undefined): Markup | undefined =>
  content === undefined ? undefined : element(name, content)

export const xmlDocument = (root: string, content: readonly (Markup | undefined)[]): string =>
  `${declaration}<${root} xmlns="${s3Namespace}">${joined(content)}</${root}>`

export const plainDocument = (root: Markup): string => declaration + root.markup

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/**
 * Keys may hold what XML 1.0 has no place for. S3 writes such characters as references all the same; a client that wants to
 * read them asks for `encoding-type=url`. NUL, which no parser takes even so, is in no key, but in what clients ask for.
 */
export const escapeText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
    .replace(
      // eslint-disable-next-line no-control-regex -- exactly these need a reference
      /[&<>"\u0000-\u0009\u000b-\u001f\u007f\u0085\u2028\ufffe\uffff]/g,
      (character) => named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
    )

/** `encoding-type=url`: percent-encoded UTF-8 in which slashes stay. A space is `%20`, which every decoder reads alike. */
export const urlEncoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
