import { queryMember, type QueryNode } from '../http/index.ts'
import { publishTo, readMessage, type MessageContent } from './publish.ts'
import { topicOf, type SnsOperation } from './sns-call.ts'
import { invalidParameter, SnsError } from './sns-error.ts'

const messageBytesMax = 262_144

function readContent(input: QueryNode): MessageContent {
  const text = (name: string) => queryMember.string(input, name)
  for (const name of ['MessageGroupId', 'MessageDeduplicationId'])
    if (text(name) !== undefined)
      throw invalidParameter(
        `${name} Reason: The request includes ${name} parameter that is not valid for this topic type`,
      )
  const attributes = queryMember.entries(input, 'MessageAttributes', { key: 'Name', value: 'Value' })
  return readMessage({
    message: text('Message'),
    subject: text('Subject'),
    structure: text('MessageStructure'),
    attributes: attributes.map(({ key, value }) => ({
      name: key,
      dataType: queryMember.string(value, 'DataType'),
      stringValue: queryMember.string(value, 'StringValue'),
      base64Value: queryMember.string(value, 'BinaryValue'),
    })),
  })
}

const Publish: SnsOperation = {
  name: 'Publish',
  readOnly: false,
  category: 'Data',
  async handle(call, parts) {
    const { input } = call
    if (queryMember.string(input, 'PhoneNumber') !== undefined)
      throw invalidParameter('PhoneNumber Reason: text messages are not built in this version of OpenTrail')
    const member = queryMember.string(input, 'TopicArn') === undefined ? 'TargetArn' : 'TopicArn'
    const topic = topicOf(call, parts, Publish, member)
    const content = readContent(input)
    if (content.bytes > messageBytesMax) throw invalidParameter('Message too long')
    return { MessageId: await publishTo(parts, topic, content) }
  },
}

const batchMax = 10
const idForm = /^[A-Za-z0-9_-]{1,80}$/

const PublishBatch: SnsOperation = {
  name: 'PublishBatch',
  readOnly: false,
  category: 'Data',
  async handle(call, parts) {
    // IAM knows one action for both.
    const topic = topicOf(call, parts, { ...PublishBatch, name: 'Publish' })
    const entries = queryMember.list(call.input, 'PublishBatchRequestEntries')
    checkEntries(entries)
    const read = entries.map((entry) => ({ id: queryMember.string(entry, 'Id')!, content: outcomeOf(entry) }))
    const bytes = read.reduce((sum, { content }) => sum + ('bytes' in content ? content.bytes : 0), 0)
    if (bytes > messageBytesMax)
      throw new SnsError('BatchRequestTooLong', `The batch exceeds ${messageBytesMax} bytes.`)
    const outcomes = await Promise.all(
      read.map(async ({ id, content }) => {
        if (content instanceof SnsError) return failedEntry(id, content)
        return publishTo(parts, topic, content).then(
          (messageId) => ({ Id: id, MessageId: messageId }),
          (error: unknown) => {
            if (error instanceof SnsError) return failedEntry(id, error)
            throw error
          },
        )
      }),
    )
    return {
      Successful: outcomes.filter((each) => 'MessageId' in each),
      Failed: outcomes.filter((each) => !('MessageId' in each)),
    }
  },
}

function checkEntries(entries: readonly QueryNode[]): void {
  if (entries.length === 0) throw new SnsError('EmptyBatchRequest', 'The batch has no entries.')
  if (entries.length > batchMax)
    throw new SnsError('TooManyEntriesInBatchRequest', `The batch has more than ${batchMax} entries.`)
  const ids = entries.map((entry) => queryMember.string(entry, 'Id') ?? '')
  if (!ids.every((id) => idForm.test(id))) throw new SnsError('InvalidBatchEntryId', 'The id of an entry is malformed.')
  if (new Set(ids).size < ids.length) throw new SnsError('BatchEntryIdsNotDistinct', 'Two entries have the same id.')
}

/** What is wrong with one entry is that entry's answer. */
function outcomeOf(entry: QueryNode): MessageContent | SnsError {
  try {
    return readContent(entry)
  } catch (error) {
    if (error instanceof SnsError) return error
    throw error
  }
}

const failedEntry = (id: string, { code, message, status }: SnsError) => ({
  Id: id,
  Code: code,
  Message: message,
  SenderFault: status < 500,
})

export const publishOperations: readonly SnsOperation[] = [Publish, PublishBatch]
