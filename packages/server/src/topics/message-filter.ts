import { readFilterPolicy, type FilterLeaf, type FilterNode } from './filter-policy.ts'
import type { StoredAttribute, SubscriptionDocument } from './topic-documents.ts'

/**
 * Whether a subscriber takes the message with these attributes, `text` being what it would get: always where it has no filter policy.
 * For one message: what was read of it once is kept for the subscribers that follow.
 */
export function createMessageFilter(
  attributes: Readonly<Record<string, StoredAttribute>> = {},
): (subscription: Pick<SubscriptionDocument, 'attributes'>, text: string) => boolean {
  let values: object | undefined
  const bodies = new Map<string, unknown>()
  const bodyOf = (text: string): unknown => {
    if (!bodies.has(text)) bodies.set(text, parsed(text))
    return bodies.get(text)
  }
  return ({ attributes: { FilterPolicy, FilterPolicyScope } }, text) => {
    if (FilterPolicy === undefined) return true
    const policy = readFilterPolicy(FilterPolicy)
    if (FilterPolicyScope !== 'MessageBody') return fits(policy, (values ??= attributeValues(attributes)))
    const body = bodyOf(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body) && fits(policy, body)
  }
}

/** What is binary counts for nothing, as in SNS. */
function attributeValues(attributes: Readonly<Record<string, StoredAttribute>>): object {
  const values = Object.entries(attributes).flatMap(([name, { dataType, stringValue = '' }]) => {
    if (dataType === 'String') return [[name, stringValue] as const]
    if (dataType === 'Number') return [[name, Number(stringValue)] as const]
    const list = dataType === 'String.Array' ? parsed(stringValue) : undefined
    return Array.isArray(list) ? [[name, list as unknown] as const] : []
  })
  return Object.fromEntries(values)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Of a list, one element has to fit as a whole. */
function fits(policy: FilterNode, value: unknown): boolean {
  if (Array.isArray(value) && value.length > 0) return value.some((each) => !Array.isArray(each) && fits(policy, each))
  return (
    policy.properties.every(([name, wanted]) => {
      const own = ownProperty(value, name)
      return wanted.kind === 'leaf' ? leafFits(wanted, own) : fits(wanted, own)
    }) && policy.alternatives.every((alternatives) => alternatives.some((each) => fits(each, value)))
  )
}

function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

/** Of a list, each element is a value. Objects are none: `exists` asks for leaves alone. */
function leafFits({ rules, takesAbsent }: FilterLeaf, value: unknown): boolean {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  const values = list.filter((each) => each !== undefined && (typeof each !== 'object' || each === null))
  if (values.length === 0) return takesAbsent
  return values.some((each) => rules.some((rule) => rule(each)))
}
