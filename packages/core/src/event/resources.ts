import type { EventResource } from './envelope.ts'
import type { JsonOutline } from './json-outline.ts'
import { NameTable } from './name-table.ts'
import { childString } from './record-members.ts'
import { fieldIndex } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'
import { resourceRules } from './resource-rules.ts'

/** What an envelope carries at most: a call that names more is found by the first fifty. */
export const eventResourcesMax = 50
/** LookupEvents cannot ask for more. */
export const lookupValueCharsMax = 2000

/** The rules of one service as a tree, so that a record's parameters are walked once. */
interface PathNode {
  readonly children: Map<string, PathNode>
  /** The children's names and, by their index, nodes; made when the tree is complete. */
  table: NameTable
  nodes: readonly PathNode[]
  types: { readonly type: string; readonly eventNames: ReadonlySet<string> | undefined }[]
}
interface ServiceRules {
  readonly requestParameters: PathNode
  readonly responseElements: PathNode
}
const noNames = new NameTable([])
const emptyNode = (): PathNode => ({ children: new Map(), table: noNames, nodes: [], types: [] })

const rulesBySource = new Map<string, ServiceRules>()
for (const { source, eventNames, names } of resourceRules) {
  let rules = rulesBySource.get(source)
  if (!rules) rulesBySource.set(source, (rules = { requestParameters: emptyNode(), responseElements: emptyNode() }))
  for (const [path, type] of Object.entries(names)) {
    const steps = path.split('.')
    const inResponse = steps[0] === 'responseElements'
    let node = inResponse ? rules.responseElements : rules.requestParameters
    for (const step of inResponse ? steps.slice(1) : steps) {
      let child = node.children.get(step)
      if (!child) node.children.set(step, (child = emptyNode()))
      node = child
    }
    node.types.push({ type, eventNames: eventNames && new Set(eventNames) })
  }
}

function index(node: PathNode): void {
  node.table = new NameTable([...node.children.keys()])
  node.nodes = [...node.children.values()]
  for (const child of node.nodes) index(child)
}
for (const rules of rulesBySource.values()) {
  index(rules.requestParameters)
  index(rules.responseElements)
}

/** At most `lookupValueCharsMax` characters, never half of a pair. */
export function lookupValue(text: string): string {
  if (text.length <= lookupValueCharsMax) return text
  const last = text.charCodeAt(lookupValueCharsMax - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? lookupValueCharsMax - 1 : lookupValueCharsMax)
}

/** The record's own `resources`, then those that its parameters name; each once. */
export function readResources(members: RecordMembers, eventSource: string, eventName: string): EventResource[] {
  const found: EventResource[] = []
  readListed(members, found)
  const rules = rulesBySource.get(eventSource)
  if (rules) {
    for (const part of ['requestParameters', 'responseElements'] as const) {
      const entry = members.object(fieldIndex[part])
      if (entry >= 0 && rules[part].children.size > 0) walk(members.outline, entry, rules[part], eventName, found)
    }
  }
  return found
}

function readListed(members: RecordMembers, found: EventResource[]): void {
  const { outline } = members
  const list = members.entry(fieldIndex.resources)
  if (list < 0 || !outline.isArray(list)) return
  const behind = outline.next[list]!
  for (let item = list + 1; item < behind && found.length < eventResourcesMax; item = outline.next[item]!) {
    const name = childString(outline, item, 'ARN') ?? childString(outline, item, 'ARNPrefix')
    if (name !== undefined) add(found, childString(outline, item, 'type'), name)
  }
}

function walk(outline: JsonOutline, parent: number, node: PathNode, eventName: string, found: EventResource[]): void {
  const behind = outline.next[parent]!
  const isArray = outline.isArray(parent)
  const forElements = isArray ? node.children.get('*') : undefined
  if (isArray && !forElements) return
  for (let child = parent + 1; child < behind && found.length < eventResourcesMax; child = outline.next[child]!) {
    const childNode = isArray ? forElements : node.nodes[outline.keyIn(node.table, child)]
    if (!childNode) continue
    if (outline.isString(child)) {
      const name = childNode.types.length > 0 ? outline.string(child) : ''
      for (const { type, eventNames } of childNode.types)
        if (name !== '' && (!eventNames || eventNames.has(eventName))) add(found, type, name)
    } else if (outline.isObject(child) || outline.isArray(child)) walk(outline, child, childNode, eventName, found)
  }
}

function add(found: EventResource[], type: string | undefined, text: string): void {
  const name = lookupValue(text)
  if (found.length >= eventResourcesMax || found.some((known) => known.name === name && known.type === type)) return
  found.push({ ...(type !== undefined && { type: lookupValue(type) }), name })
}
