import { queryMember } from '../http/index.ts'
import type { SnsOperation } from './sns-call.ts'
import { findTopic, pageOf, required, topicOf } from './sns-call.ts'
import { invalidParameter, SnsError } from './sns-error.ts'
import { readTags } from './topic-tags.ts'
import { topicActions, withoutPermission, withPermission } from './topic-access.ts'
import { topicAttributes, withAttribute } from './topic-attributes.ts'
import { readArn, topicArn, type TopicDocument } from './topic-documents.ts'

const nameForm = /^[A-Za-z0-9_-]{1,256}$/
/** Attributes of one call; there are fewer than ten. */
const attributesMax = 20

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const CreateTopic: SnsOperation = {
  name: 'CreateTopic',
  readOnly: false,
  category: 'Management',
  async handle(call, { directory, access, limits, now }) {
    const { input, principal, conditions, region } = call
    access.authoriseAccount({ principal, conditions }, CreateTopic)
    const name = required(input, 'Name')
    if (name.endsWith('.fifo'))
      throw invalidParameter('Topic Name: FIFO topics are not built in this version of OpenTrail')
    if (!nameForm.test(name)) throw invalidParameter('Topic Name')
    const { account } = principal
    const attributes = readAttributes(call.input)
    const tags = readTags(input)
    const output = { TopicArn: topicArn({ account, region, name }) }
    return directory.change(async (save) => {
      const existing = directory.topic({ account, region, name })
      if (existing) {
        // What is not mentioned may be anything; what is has to be so already.
        const differs = Object.entries(attributes).some(([key, value]) => existing.attributes[key] !== value)
        if (differs) throw invalidParameter('Attributes Reason: Topic already exists with different attributes')
        if (tags.length > 0 && !isEqual(tags, existing.tags))
          throw invalidParameter('Tags Reason: Topic already exists with different tags')
        return output
      }
      if (directory.topics(account, region).length >= limits.topicsMax)
        throw new SnsError('TopicLimitExceeded', `An account has at most ${limits.topicsMax} topics in a Region.`)
      const after: TopicDocument = { account, region, name, attributes, tags, createdAt: now() }
      await save({ topics: [{ before: undefined, after }] }, call.commit(output))
      return output
    })
  },
}

function readAttributes(input: Parameters<SnsOperation['handle']>[0]['input']): Readonly<Record<string, string>> {
  const given = queryMember.entries(input, 'Attributes')
  if (given.length > attributesMax) throw invalidParameter('Attributes')
  let attributes: Readonly<Record<string, string>> = {}
  for (const { key, value } of given) attributes = withAttribute(attributes, key, value.value ?? '')
  return attributes
}

const DeleteTopic: SnsOperation = {
  name: 'DeleteTopic',
  readOnly: false,
  category: 'Management',
  async handle(call, parts) {
    const { directory } = parts
    // Deleting what is not there succeeds, as on AWS: a script can be run twice.
    const read = readArn(required(call.input, 'TopicArn'))
    if (!read || read.id !== undefined) throw invalidParameter('TopicArn')
    if (!directory.topic(read.topic)) {
      const { principal, conditions } = call
      parts.access.authoriseAccount({ principal, conditions }, DeleteTopic)
      return undefined
    }
    const topic = topicOf(call, parts, DeleteTopic)
    await directory.change(async (save) => {
      const before = directory.topic(topic)
      if (!before) return
      const subscriptions = directory.subscriptionsOf(before).map((each) => ({ before: each, after: undefined }))
      await save({ topics: [{ before, after: undefined }], subscriptions }, call.commit({}))
    })
    return undefined
  },
}

const ListTopics: SnsOperation = {
  name: 'ListTopics',
  readOnly: true,
  category: 'Management',
  async handle({ input, principal, conditions, region }, { directory, access }) {
    access.authoriseAccount({ principal, conditions }, ListTopics)
    const topics = directory.topics(principal.account, region)
    const { page, NextToken } = pageOf(topics, ({ name }) => name, queryMember.string(input, 'NextToken'))
    return { Topics: page.map((topic) => ({ TopicArn: topicArn(topic) })), NextToken }
  },
}

const GetTopicAttributes: SnsOperation = {
  name: 'GetTopicAttributes',
  readOnly: true,
  category: 'Management',
  async handle(call, parts) {
    const topic = topicOf(call, parts, GetTopicAttributes)
    return { Attributes: topicAttributes(topic, parts.directory.subscriptionsOf(topic)) }
  },
}

/** Changes a topic that the caller may change; no change, no commit. */
async function editTopic(
  call: Parameters<SnsOperation['handle']>[0],
  parts: Parameters<SnsOperation['handle']>[1],
  operation: SnsOperation,
  edit: (topic: TopicDocument) => TopicDocument,
): Promise<undefined> {
  const { directory } = parts
  const { account, region, name } = topicOf(call, parts, operation)
  await directory.change(async (save) => {
    const before = findTopic(directory, topicArn({ account, region, name }), 'TopicArn')
    const after = edit(before)
    if (!isEqual(before, after)) await save({ topics: [{ before, after }] }, call.commit({}))
  })
}

const SetTopicAttributes: SnsOperation = {
  name: 'SetTopicAttributes',
  readOnly: false,
  category: 'Management',
  handle: (call, parts) =>
    editTopic(call, parts, SetTopicAttributes, (topic) => {
      const name = required(call.input, 'AttributeName')
      const value = queryMember.string(call.input, 'AttributeValue') ?? ''
      return { ...topic, attributes: withAttribute(topic.attributes, name, value) }
    }),
}

const labelForm = /^[A-Za-z0-9_-]{1,80}$/
const permissionsMax = 50

const AddPermission: SnsOperation = {
  name: 'AddPermission',
  readOnly: false,
  category: 'Management',
  handle: (call, parts) =>
    editTopic(call, parts, AddPermission, (topic) => {
      const label = required(call.input, 'Label')
      if (!labelForm.test(label)) throw invalidParameter('Label')
      const accounts = queryMember.strings(call.input, 'AWSAccountId')
      const actions = queryMember.strings(call.input, 'ActionName')
      if (!isListOf(accounts, (account) => /^\d{12}$/.test(account))) throw invalidParameter('AWSAccountId')
      if (!isListOf(actions, (action) => topicActions.some((known) => known === action)))
        throw invalidParameter('Policy statement action out of service scope!')
      const Policy = withPermission(topic, { label, accounts, actions })
      return { ...topic, attributes: { ...topic.attributes, Policy } }
    }),
}

const isListOf = (values: readonly string[], matches: (value: string) => boolean): boolean =>
  values.length > 0 && values.length <= permissionsMax && values.every(matches)

const RemovePermission: SnsOperation = {
  name: 'RemovePermission',
  readOnly: false,
  category: 'Management',
  handle: (call, parts) =>
    editTopic(call, parts, RemovePermission, (topic) => {
      const Policy = withoutPermission(topic, required(call.input, 'Label'))
      return { ...topic, attributes: { ...topic.attributes, Policy } }
    }),
}

export const topicOperations: readonly SnsOperation[] = [
  CreateTopic,
  DeleteTopic,
  ListTopics,
  GetTopicAttributes,
  SetTopicAttributes,
  AddPermission,
  RemovePermission,
]
