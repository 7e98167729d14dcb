import { queryMember, xmlElement, type QueryNode, type XmlElement } from '../http/index.ts'
import { invalidParameter } from './queue-error.ts'
import type { SqsInput, SqsOutput } from './sqs-operation.ts'

/** The namespace of SQS's answers in the Query protocol. */
export const sqsProtocol = { namespace: 'http://queue.amazonaws.com/doc/2012-11-05/' }

const texts = [
  'Id',
  'Label',
  'MessageBody',
  'MessageDeduplicationId',
  'MessageGroupId',
  'NextToken',
  'QueueName',
  'QueueNamePrefix',
  'QueueOwnerAWSAccountId',
  'QueueUrl',
  'ReceiptHandle',
  'ReceiveRequestAttemptId',
]
const integers = ['DelaySeconds', 'MaxNumberOfMessages', 'MaxResults', 'VisibilityTimeout', 'WaitTimeSeconds']
/** Lists of text: the member's name and its parameter's. */
const lists = {
  AWSAccountIds: 'AWSAccountId',
  Actions: 'ActionName',
  AttributeNames: 'AttributeName',
  MessageAttributeNames: 'MessageAttributeName',
  MessageSystemAttributeNames: 'MessageSystemAttributeName',
  TagKeys: 'TagKey',
}
/** All members of inputs, of whatever operation. */
export const inputMembers: ReadonlySet<string> = new Set([
  ...texts,
  ...integers,
  ...Object.keys(lists),
  'Attributes',
  'Entries',
  'MessageAttributes',
  'MessageSystemAttributes',
  'Tags',
  'tags',
])
const nameAndValue = { key: 'Name', value: 'Value' }
const keyAndValue = { key: 'Key', value: 'Value' }
const batchEntries: Readonly<Record<string, string>> = {
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibilityBatchRequestEntry',
  DeleteMessageBatch: 'DeleteMessageBatchRequestEntry',
  SendMessageBatch: 'SendMessageBatchRequestEntry',
}

/**
 * The input of a call of the Query protocol as the JSON protocol would have it; a member has the same meaning in every
 * operation. @throws {ApiError} InvalidParameterValue
 */
export function readQueryInput(operation: string, call: QueryNode): SqsInput {
  const entries = batchEntries[operation]
  return {
    ...readMembers(call),
    ...(operation === 'CreateQueue' && present('tags', readTexts(call, 'Tag', keyAndValue))),
    ...(operation === 'TagQueue' && present('Tags', readTexts(call, 'Tag', keyAndValue))),
    ...(entries !== undefined && { Entries: queryMember.list(call, entries).map(readMembers) }),
  }
}

function readMembers(node: QueryNode): SqsInput {
  const pairs = [
    ...texts.map((name) => [name, queryMember.string(node, name)] as const),
    ...integers.map((name) => [name, readInteger(node, name)] as const),
    ...Object.entries(lists).map(([name, parameter]) => [name, readList(node, parameter)] as const),
    ['Attributes', readTexts(node, 'Attribute', nameAndValue)] as const,
    ['MessageAttributes', readMessageAttributes(node, 'MessageAttribute')] as const,
    ['MessageSystemAttributes', readMessageAttributes(node, 'MessageSystemAttribute')] as const,
  ]
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}

const present = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value })

function readInteger(node: QueryNode, name: string): number | undefined {
  const text = queryMember.string(node, name)
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,9}$/.test(text)) throw invalidParameter(name, text, 'Must be an integer.')
  return Number(text)
}

/** `Name.1`, or `Name` alone, as old examples have it. */
function readList(node: QueryNode, parameter: string): readonly string[] | undefined {
  const alone = queryMember.string(node, parameter)
  if (alone !== undefined) return [alone]
  return node.members.has(parameter) ? queryMember.strings(node, parameter) : undefined
}

/** `Name.1.Key` and `.Value`, or without an index where there is but one. */
function readPairs(node: QueryNode, parameter: string, words: typeof nameAndValue) {
  const alone = queryMember.structure(node, parameter)
  const key = alone && queryMember.string(alone, words.key)
  if (alone && key !== undefined) return [{ key, value: alone.members.get(words.value) }]
  return queryMember.entries(node, parameter, words)
}

function readTexts(node: QueryNode, parameter: string, words: typeof nameAndValue) {
  const pairs = readPairs(node, parameter, words)
  if (pairs.length === 0) return undefined
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value?.value ?? '']))
}

function readMessageAttributes(node: QueryNode, parameter: string) {
  const pairs = readPairs(node, parameter, nameAndValue)
  if (pairs.length === 0) return undefined
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const members = ['DataType', 'StringValue', 'BinaryValue'].map(
        (name) => [name, value && queryMember.string(value, name)] as const,
      )
      return [key, Object.fromEntries(members.filter(([, text]) => text !== undefined))]
    }),
  )
}

/** An operation's output as elements: lists are flat, maps are pairs, and the elements of both have names of their own. */
export function queryResult(operation: string, output: SqsOutput): readonly XmlElement[] {
  return Object.entries(output).flatMap(([name, value]) => writeMember(operation, name, value))
}

function writeMember(operation: string, name: string, value: unknown): XmlElement[] {
  switch (name) {
    case 'QueueUrls':
    case 'queueUrls':
      return items(value).map((url) => xmlElement('QueueUrl', String(url)))
    case 'Messages':
      return items(value).map((message) => xmlElement('Message', [...queryResult(operation, structure(message))]))
    case 'Successful':
      return items(value).map((entry) => xmlElement(`${operation}ResultEntry`, plain(structure(entry))))
    case 'Failed':
      return items(value).map((entry) => xmlElement('BatchResultErrorEntry', plain(structure(entry))))
    case 'Attributes':
      return pairs('Attribute', nameAndValue, structure(value), String)
    case 'Tags':
      return pairs('Tag', keyAndValue, structure(value), String)
    case 'MessageAttributes':
      return pairs('MessageAttribute', nameAndValue, structure(value), (attribute) => plain(structure(attribute)))
    default:
      return plain({ [name]: value })
  }
}

const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const structure = (value: unknown): SqsOutput => (typeof value === 'object' && value !== null ? { ...value } : {})
const plain = (members: SqsOutput): XmlElement[] =>
  Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => xmlElement(name, String(value)))

const pairs = (
  element: string,
  words: typeof nameAndValue,
  members: SqsOutput,
  content: (value: unknown) => string | XmlElement[],
): XmlElement[] =>
  Object.entries(members).map(([key, value]) =>
    xmlElement(element, [xmlElement(words.key, key), xmlElement(words.value, content(value))]),
  )
