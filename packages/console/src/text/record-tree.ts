/** A value of a record. Numbers stay text: a parser would change them. */
export type RecordNode =
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: RecordNode])[] }
  | { readonly kind: 'array'; readonly elements: readonly RecordNode[] }
  | { readonly kind: 'string'; readonly text: string }
  /** A number, `true`, `false` or `null`, as written. */
  | { readonly kind: 'literal'; readonly text: string }

/** Records are refused beyond 64 levels when they come in; what is deeper is not from our server. */
const depthMax = 200

const token = /\s*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|(-?[\d.eE+-]+|true|false|null))/sy

/** Reads a record's own text, members in their order. @throws {SyntaxError} it is no JSON */
export function readRecord(text: string): RecordNode {
  let at = 0
  const next = (): RegExpExecArray => {
    token.lastIndex = at
    const match = token.exec(text)
    if (!match) throw new SyntaxError(`this is no JSON at ${at}`)
    at = token.lastIndex
    return match
  }
  const value = (match: RegExpExecArray, depth: number): RecordNode => {
    const [, sign, quoted, literal] = match
    if (depth > depthMax) throw new SyntaxError('this is too deep')
    if (quoted !== undefined) return { kind: 'string', text: JSON.parse(quoted) as string }
    if (literal !== undefined) return { kind: 'literal', text: literal }
    if (sign === '{') return { kind: 'object', members: members(depth) }
    if (sign === '[') return { kind: 'array', elements: elements(depth) }
    throw new SyntaxError(`a value is expected at ${match.index}`)
  }
  const members = (depth: number): (readonly [string, RecordNode])[] => {
    const found: (readonly [string, RecordNode])[] = []
    let match = next()
    if (match[1] === '}') return found
    for (;;) {
      if (match[2] === undefined) throw new SyntaxError(`a name is expected at ${match.index}`)
      const name = JSON.parse(match[2]) as string
      expect(next(), ':')
      found.push([name, value(next(), depth + 1)])
      match = next()
      if (match[1] === '}') return found
      expect(match, ',')
      match = next()
    }
  }
  const elements = (depth: number): RecordNode[] => {
    const found: RecordNode[] = []
    let match = next()
    if (match[1] === ']') return found
    for (;;) {
      found.push(value(match, depth + 1))
      match = next()
      if (match[1] === ']') return found
      expect(match, ',')
      match = next()
    }
  }
  const root = value(next(), 0)
  if (text.slice(at).trim() !== '') throw new SyntaxError(`nothing is expected at ${at}`)
  return root
}

function expect(match: RegExpExecArray, wanted: string): void {
  if (match[1] !== wanted) throw new SyntaxError(`"${wanted}" is expected at ${match.index}`)
}

/** Whether the name, the value, or anything below contains the text, in small letters. */
export function contains(name: string, node: RecordNode, text: string): boolean {
  if (name.toLowerCase().includes(text)) return true
  if (node.kind === 'object') return node.members.some(([own, value]) => contains(own, value, text))
  if (node.kind === 'array') return node.elements.some((element) => contains('', element, text))
  return node.text.toLowerCase().includes(text)
}
