import { S3Error } from './s3-error.ts'

/** An element of a request's body. Attributes and namespace prefixes tell S3 nothing and are left out. */
export interface XmlNode {
  readonly name: string
  /** Of an element without children, as written. */
  readonly text: string
  readonly children: readonly XmlNode[]
}

/** S3's deepest document, a lifecycle, has seven levels. */
const depthMax = 16
/** An upload of 10,000 parts, each with number, ETag and a checksum, has some 50,000. */
const elementsMax = 100_000
const nameCharsMax = 128

export const malformedXml = (cause?: unknown): S3Error =>
  new S3Error(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
    { cause },
  )

const utf8 = new TextDecoder('utf-8', { fatal: true })
const openTag = /<([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const closeTag = /<\/([A-Za-z_][\w.:-]*)\s*>/y
const declaration = /^<\?xml\s[^<>?]{0,200}\?>/
// eslint-disable-next-line no-control-regex -- what XML 1.0 does not have
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

interface OpenNode {
  readonly name: string
  text: string
  readonly children: XmlNode[]
}

/**
 * Reads the subset of XML 1.0 that S3's documents are written in: elements, text, CDATA, comments, character references.
 * There are no document types, entities of one's own or processing instructions, so nothing can grow or reach outside.
 * Untrusted; the caller bounds the bytes. Needs time linear in them. @throws {S3Error} MalformedXML
 */
export function parseXml(bytes: Uint8Array): XmlNode {
  const text = decoded(bytes)
  const root: OpenNode = { name: '', text: '', children: [] }
  const stack = [root]
  let elements = 0
  let at = declaration.exec(text)?.[0].length ?? 0
  while (at < text.length) {
    const top = stack.at(-1)!
    if (text[at] !== '<') {
      const end = text.indexOf('<', at)
      top.text += unescaped(text.slice(at, end < 0 ? text.length : end))
      at = end < 0 ? text.length : end
    } else if (text.startsWith('<!--', at)) {
      at = behind(text, '-->', at + 4)
    } else if (text.startsWith('<![CDATA[', at)) {
      const end = behind(text, ']]>', at + 9)
      top.text += text.slice(at + 9, end - 3)
      at = end
    } else if (text[at + 1] === '/') {
      const [tag, name] = matchAt(closeTag, text, at)
      if (stack.length === 1 || localName(name) !== top.name) throw malformedXml()
      stack.pop()
      stack.at(-1)!.children.push(closed(top))
      at += tag.length
    } else {
      const [tag, name, , isEmpty] = matchAt(openTag, text, at)
      if (++elements > elementsMax || stack.length > depthMax) throw malformedXml()
      const node: OpenNode = { name: localName(name), text: '', children: [] }
      if (isEmpty === '/') top.children.push(node)
      else stack.push(node)
      at += tag.length
    }
  }
  const [only] = root.children
  if (stack.length > 1 || !only || root.children.length > 1 || root.text.trim() !== '') throw malformedXml()
  return only
}

function decoded(bytes: Uint8Array): string {
  try {
    const text = utf8.decode(bytes)
    if (illegal.test(text)) throw malformedXml()
    return text.replace(/\r\n?/g, '\n').trim()
  } catch (cause) {
    throw malformedXml(cause)
  }
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  if (at < 0) throw malformedXml()
  return at + mark.length
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  if (!match) throw malformedXml()
  return match
}

function localName(name: string | undefined): string {
  if (name === undefined || name.length > nameCharsMax) throw malformedXml()
  return name.slice(name.indexOf(':') + 1)
}

function closed(node: OpenNode): XmlNode {
  if (node.children.length === 0) return node
  if (node.text.trim() !== '') throw malformedXml()
  return { ...node, text: '' }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Clients refer so to characters that XML itself has no place for; only NUL and halves of pairs are none. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]{2,4}));|&/g, (_, decimal, hex, name) => {
    if (typeof name === 'string' && Object.hasOwn(named, name)) return named[name]!
    const code = typeof decimal === 'string' ? Number(decimal) : typeof hex === 'string' ? Number.parseInt(hex, 16) : 0
    if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw malformedXml()
    return String.fromCodePoint(code)
  })
}

/** The children by name; one that is not among `names` is not in S3's schema. @throws {S3Error} MalformedXML */
export function childrenOf<Name extends string>(
  node: XmlNode,
  names: readonly Name[],
): Readonly<Record<Name, readonly XmlNode[]>> {
  if (node.children.length === 0 && node.text.trim() !== '') throw malformedXml()
  if (node.children.some(({ name }) => !(names as readonly string[]).includes(name))) throw malformedXml()
  const entries = names.map((name) => [name, node.children.filter((child) => child.name === name)])
  return Object.fromEntries(entries) as Record<Name, XmlNode[]>
}

/** The one there may be. @throws {S3Error} MalformedXML */
export function atMostOne(nodes: readonly XmlNode[]): XmlNode | undefined {
  if (nodes.length > 1) throw malformedXml()
  return nodes[0]
}

/** The text of the one there may be. @throws {S3Error} MalformedXML */
export function textOf(nodes: readonly XmlNode[]): string | undefined {
  const node = atMostOne(nodes)
  if (node && node.children.length > 0) throw malformedXml()
  return node?.text
}

/** One of the words that S3 has for it. @throws {S3Error} MalformedXML */
export function wordOf<Word extends string>(nodes: readonly XmlNode[], words: readonly Word[]): Word | undefined {
  const text = textOf(nodes)
  if (text === undefined) return undefined
  const word = words.find((candidate) => candidate === text)
  if (word === undefined) throw malformedXml()
  return word
}

/** A whole number. @throws {S3Error} MalformedXML */
export function numberOf(nodes: readonly XmlNode[]): number | undefined {
  const text = textOf(nodes)
  if (text === undefined) return undefined
  if (!/^-?\d{1,15}$/.test(text)) throw malformedXml()
  return Number(text)
}

/** The root has to be named so. @throws {S3Error} MalformedXML */
export function rootNamed(node: XmlNode, name: string): XmlNode {
  if (node.name !== name) throw malformedXml()
  return node
}

/** For records: elements as members, several of a name as a list. */
export function asRecorded(node: XmlNode): unknown {
  if (node.children.length === 0) return node.text
  const byName = Map.groupBy(node.children, ({ name }) => name)
  return Object.fromEntries(
    [...byName].map(([name, nodes]) => [name, nodes.length === 1 ? asRecorded(nodes[0]!) : nodes.map(asRecorded)]),
  )
}
