import { ApiError } from '../operations/index.ts'

/** Parameters of one call; ten messages of a batch with ten attributes each come to some 400. */
const parametersMax = 2_000
/** Dotted parts of a name; the deepest of SNS and SQS (`Entry.1.MessageAttributes.entry.1.Value.StringValue`) has 7. */
const partsMax = 10
const nameCharsMax = 256
/** Digits of an index in a list. */
const indexForm = /^[1-9]\d{0,5}$/

/** What stands under a name of the Query protocol: `A=1` is a value, `A.B=1` a member of `A`. */
export interface QueryNode {
  readonly value: string | undefined
  readonly members: ReadonlyMap<string, QueryNode>
}

interface GrowingNode extends QueryNode {
  value: string | undefined
  readonly members: Map<string, GrowingNode>
}

const emptyNode = (): GrowingNode => ({ value: undefined, members: new Map() })

const malformed = (message: string, cause?: unknown) => new ApiError('MalformedQueryString', message, { cause })

/**
 * Reads the parameters of a call of the AWS Query protocol: of a form body, of a query, or of both. Untrusted: bounded in
 * number, depth and names, strict UTF-8; each name at most once, as nobody could say which of two was meant. What belongs to
 * a signature in the query (`X-Amz-...`) is left out.
 * @throws {ApiError} MalformedQueryString
 */
export function parseQueryParameters(...forms: readonly (string | Uint8Array)[]): QueryNode {
  const root = emptyNode()
  let count = 0
  for (const form of forms) {
    const text = typeof form === 'string' ? form : utf8(form)
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('&', start)
      const parameter = text.slice(start, end === -1 ? text.length : end)
      start = end === -1 ? text.length : end + 1
      if (parameter === '') continue
      if (++count > parametersMax) throw malformed(`A call has at most ${parametersMax} parameters.`)
      addParameter(root, parameter)
    }
  }
  return root
}

function addParameter(root: GrowingNode, parameter: string): void {
  const equals = parameter.indexOf('=')
  const name = decodeForm(equals === -1 ? parameter : parameter.slice(0, equals))
  if (/^x-amz-/i.test(name)) return
  if (name.length > nameCharsMax) throw malformed(`The name of a parameter has at most ${nameCharsMax} characters.`)
  const parts = name.split('.')
  if (parts.length > partsMax || parts.includes('')) throw malformed('The name of a parameter is malformed.')
  let node = root
  for (const part of parts) {
    const member = node.members.get(part) ?? emptyNode()
    node.members.set(part, member)
    node = member
  }
  if (node.value !== undefined) throw malformed('A parameter was sent twice.')
  node.value = equals === -1 ? '' : decodeForm(parameter.slice(equals + 1))
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw malformed('A parameter is not well encoded.', error)
  }
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw malformed('The request body is not UTF-8.', error)
  }
}

/** Members of a call by kind. What is absent gives undefined or an empty list; nothing here throws. */
export const queryMember = {
  string: (node: QueryNode, name: string): string | undefined => node.members.get(name)?.value,
  structure: (node: QueryNode, name: string): QueryNode | undefined => node.members.get(name),
  /** `name.1`, `name.2` or `name.member.1`, by index; holes are closed. */
  list: (node: QueryNode, name: string, itemName = 'member'): readonly QueryNode[] =>
    indexed(node.members.get(name), itemName),
  /** Values of a list; an item that is no value counts as empty. */
  strings: (node: QueryNode, name: string, itemName = 'member'): readonly string[] =>
    indexed(node.members.get(name), itemName).map(({ value }) => value ?? ''),
  /** `name.entry.1.key` and `.value`, or with other words and without `entry`: pairs by index. */
  entries(node: QueryNode, name: string, words: { readonly key: string; readonly value: string } = keyAndValue) {
    return indexed(node.members.get(name), 'entry').map(({ members }) => ({
      key: members.get(words.key)?.value ?? '',
      value: members.get(words.value) ?? emptyNode(),
    }))
  },
}

const keyAndValue = { key: 'key', value: 'value' }

function indexed(node: QueryNode | undefined, itemName: string): readonly QueryNode[] {
  if (!node) return []
  const { members } = node.members.get(itemName) ?? node
  return [...members]
    .filter(([index]) => indexForm.test(index))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item)
}
