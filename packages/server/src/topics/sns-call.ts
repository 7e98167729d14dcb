import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { Random } from '../clock/index.ts'
import { queryMember, xmlElement, type QueryNode, type XmlElement } from '../http/index.ts'
import type { FanOut } from './fan-out.ts'
import { invalidParameter, unknownTopic } from './sns-error.ts'
import type { SubscriptionTokens } from './subscription-tokens.ts'
import type { RequestConditions, TopicAccess } from './topic-access.ts'
import type { CommitWrites, TopicDirectory } from './topic-directory.ts'
import { readArn, type TopicDocument } from './topic-documents.ts'
import type { TopicLimits } from './topic-limits.ts'

/** A member of an answer: a `Map` is answered as entries of key and value, a list as members. */
export type SnsValue = string | boolean | readonly SnsValue[] | ReadonlyMap<string, string> | SnsOutput
export interface SnsOutput {
  readonly [name: string]: SnsValue | undefined
}

/** What calls are answered from. */
export interface SnsParts {
  readonly directory: TopicDirectory
  readonly access: TopicAccess
  readonly fanOut: FanOut
  readonly tokens: SubscriptionTokens
  readonly limits: TopicLimits
  readonly random: Random
  /** Domain ms. */
  readonly now: () => number
}

/** One call whose caller has proven who it is. */
export interface SnsCall {
  readonly input: QueryNode
  readonly principal: Principal
  readonly region: Region
  readonly conditions: RequestConditions
  /** Writes a change together with the record of the call, which is then not recorded once more. */
  commit(output: SnsOutput): CommitWrites
}

export interface SnsOperation {
  readonly name: string
  readonly readOnly: boolean
  readonly category: 'Management' | 'Data'
  /** Undefined: the answer has no result. @throws {SnsError} */
  handle(call: SnsCall, parts: SnsParts): Promise<SnsOutput | undefined>
}

/** @throws {SnsError} InvalidParameter: it is missing. */
export function required(input: QueryNode, name: string): string {
  const value = queryMember.string(input, name)
  if (value === undefined || value === '') throw invalidParameter(`${name} Reason: no value for required parameter`)
  return value
}

/** The topic that a call names, if the caller may do that with it. @throws {SnsError} */
export function topicOf(
  { input, principal, conditions }: SnsCall,
  { directory, access }: SnsParts,
  operation: Pick<SnsOperation, 'name' | 'readOnly'>,
  member = 'TopicArn',
): TopicDocument {
  const topic = findTopic(directory, required(input, member), member)
  access.authorise({ principal, conditions }, operation, topic)
  return topic
}

/** @throws {SnsError} InvalidParameter: no topic's ARN; NotFound */
export function findTopic(directory: Pick<TopicDirectory, 'topic'>, arn: string, member: string): TopicDocument {
  const read = readArn(arn)
  if (!read || read.id !== undefined) throw invalidParameter(member)
  const topic = directory.topic(read.topic)
  if (!topic) throw unknownTopic()
  return topic
}

export const resultXml = (output: SnsOutput): XmlElement[] =>
  Object.entries(output).flatMap(([name, value]) => (value === undefined ? [] : [valueXml(name, value)]))

function valueXml(name: string, value: SnsValue): XmlElement {
  if (typeof value === 'string' || typeof value === 'boolean') return xmlElement(name, value)
  if (value instanceof Map)
    return xmlElement(
      name,
      [...value].map(([key, text]) => xmlElement('entry', [xmlElement('key', key), xmlElement('value', text)])),
    )
  if (Array.isArray(value))
    return xmlElement(
      name,
      value.map((item: SnsValue) => valueXml('member', item)),
    )
  return xmlElement(name, resultXml(value as SnsOutput))
}

const pageMax = 100

/** A page of a list that is kept in order, and where the next begins. The token is the last item's name. @throws {SnsError} */
export function pageOf<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  token: string | undefined,
): { readonly page: readonly T[]; readonly NextToken?: string } {
  const after = token === undefined || token === '' ? undefined : Buffer.from(token, 'base64url').toString()
  const start = after === undefined ? 0 : items.findIndex((item) => nameOf(item) > after)
  if (after !== undefined && (after === '' || after.length > tokenCharsMax)) throw invalidParameter('NextToken')
  const page = start === -1 ? [] : items.slice(start, start + pageMax)
  const hasMore = start !== -1 && start + pageMax < items.length
  return { page, ...(hasMore && { NextToken: Buffer.from(nameOf(page.at(-1)!)).toString('base64url') }) }
}
const tokenCharsMax = 512
