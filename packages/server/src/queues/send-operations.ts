import { hash } from 'node:crypto'
import { ApiError, inputMember } from '../operations/index.ts'
import {
  checkAttributes,
  checkText,
  md5OfAttributes,
  md5OfText,
  messageBytes,
  type MessageAttributes,
} from './message-content.ts'
import { invalidParameter, invalidValue, missingParameter, QueueError, queryCode } from './queue-error.ts'
import { batchBytesMax } from './queue-limits.ts'
import type { MessageContent } from './message-documents.ts'
import type { NewMessage } from './sending.ts'
import type { SentMessage } from './deduplication.ts'
import { batchEntries, boundedInteger, readMessageAttributes, requiredString } from './sqs-input.ts'
import type { SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'
import type { Queue } from './queue.ts'

/** A message that was checked, and what its answer says of it. */
interface Checked extends NewMessage {
  readonly digests: SqsOutput
}

/** @throws {ApiError} what is wrong with the message. */
function readMessage(input: SqsInput, { settings }: Queue, senderId: string): Checked {
  const body = requiredString(input, 'MessageBody')
  checkText(body)
  const attributes = readMessageAttributes(input, 'MessageAttributes')
  checkAttributes(attributes)
  const systemAttributes = readMessageAttributes(input, 'MessageSystemAttributes')
  const traceHeader = readTraceHeader(systemAttributes)
  const bytes = messageBytes(body, attributes)
  if (bytes > settings.messageBytesMax)
    throw invalidValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${settings.messageBytesMax} bytes.`,
    )
  const { content, ...key } = readFifoIds(input, body, settings)
  const delaySeconds = boundedInteger(input, 'DelaySeconds', 0, 900)
  if (settings.isFifo && delaySeconds !== undefined && delaySeconds > 0)
    throw invalidParameter('DelaySeconds', delaySeconds, notForThisType)
  return {
    content: {
      body,
      attributes,
      senderId,
      ...(traceHeader !== undefined && { traceHeader }),
      ...content,
    },
    bytes,
    delayMs: delaySeconds === undefined ? settings.delayMs : delaySeconds * 1_000,
    ...key,
    digests: {
      MD5OfMessageBody: md5OfText(body),
      ...optional('MD5OfMessageAttributes', md5OfAttributes(attributes)),
      ...optional('MD5OfMessageSystemAttributes', md5OfAttributes(systemAttributes)),
    },
  }
}

const notForThisType = 'The request include parameter that is not valid for this queue type.'
const optional = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value })

/** The only system attribute that can be sent. Its size does not count. */
function readTraceHeader(systemAttributes: MessageAttributes): string | undefined {
  const { AWSTraceHeader, ...others } = systemAttributes
  if (Object.keys(others).length > 0 || (AWSTraceHeader && AWSTraceHeader.dataType !== 'String'))
    throw invalidValue('The only message system attribute is AWSTraceHeader, a String.')
  if (!AWSTraceHeader) return undefined
  checkAttributes(systemAttributes)
  const { stringValue = '' } = AWSTraceHeader
  if (stringValue.length > traceHeaderCharsMax) throw invalidValue('AWSTraceHeader is too long.')
  return stringValue
}
const traceHeaderCharsMax = 1_024

/** Letters, digits and punctuation. */
const fifoIdForm = /^[!-~]{1,128}$/

/** What a message says of its group and of what makes it the same as another, and the key of the latter. @throws {ApiError} */
export function readFifoIds(
  input: SqsInput,
  body: string,
  { isFifo, contentBasedDeduplication, deduplicationScope }: Queue['settings'],
): Pick<NewMessage, 'deduplicationKey'> & { readonly content: Pick<MessageContent, 'group' | 'deduplicationId'> } {
  const group = readFifoId(input, 'MessageGroupId')
  const given = readFifoId(input, 'MessageDeduplicationId')
  if (!isFifo) {
    // Groups are for fair queues there; nothing of the order depends on them.
    if (given !== undefined) throw invalidParameter('MessageDeduplicationId', given, notForThisType)
    return { content: group === undefined ? {} : { group } }
  }
  if (group === undefined) throw missingParameter('MessageGroupId')
  const deduplicationId = given ?? (contentBasedDeduplication ? hash('sha256', body, 'hex') : undefined)
  if (deduplicationId === undefined)
    throw invalidValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  const deduplicationKey = deduplicationScope === 'queue' ? deduplicationId : `${group} ${deduplicationId}`
  return { content: { group, deduplicationId }, deduplicationKey }
}

function readFifoId(input: SqsInput, name: string): string | undefined {
  const id = inputMember.string(input, name)
  if (id !== undefined && !fifoIdForm.test(id))
    throw invalidParameter(
      name,
      id,
      `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    )
  return id
}

const answerOf = ({ digests }: Checked, { messageId, sequence }: SentMessage, { settings }: Queue): SqsOutput => ({
  ...digests,
  MessageId: messageId,
  ...(settings.isFifo && { SequenceNumber: sequenceNumber(sequence) }),
})

/** Twenty digits, as AWS's. */
export const sequenceNumber = (sequence: number): string => String(sequence).padStart(20, '0')

const facts = {
  action: 'sqs:SendMessage',
  readOnly: false,
  category: 'Data',
  onlyReads: false,
  acrossAccounts: true,
  about: 'queue',
} as const

export const SendMessage: SqsOperation = {
  name: 'SendMessage',
  ...facts,
  async handle({ input, store, caller }, queue) {
    const message = readMessage(input, queue, caller.userId)
    const [sent] = await store.send(queue, [message])
    return answerOf(message, sent!, queue)
  },
}

export const SendMessageBatch: SqsOperation = {
  name: 'SendMessageBatch',
  ...facts,
  async handle({ input, store, caller }, queue) {
    const entries = batchEntries(input).map(({ id, entry }) => ({
      id,
      message: attempt(() => readMessage(entry, queue, caller.userId)),
    }))
    const good = entries.flatMap(({ id, message }) => (message instanceof ApiError ? [] : [{ id, message }]))
    const bytes = good.reduce((sum, { message }) => sum + message.bytes, 0)
    if (bytes > batchBytesMax)
      throw new QueueError(
        'BatchRequestTooLong',
        `Batch requests cannot be longer than ${batchBytesMax} bytes. You have sent ${bytes} bytes.`,
      )
    const sent =
      good.length === 0
        ? []
        : await store.send(
            queue,
            good.map(({ message }) => message),
          )
    return batchOutput(
      good.map(({ id, message }, at) => ({ Id: id, ...answerOf(message, sent[at]!, queue) })),
      entries.flatMap(({ id, message }) => (message instanceof ApiError ? [failedEntry(id, message)] : [])),
    )
  },
}

/** What fails with an answer of its own fails alone. */
export function attempt<T>(read: () => T): T | ApiError {
  try {
    return read()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

export const failedEntry = (id: string, error: ApiError): SqsOutput => ({
  Id: id,
  SenderFault: error.status < 500,
  Code: queryCode(error),
  Message: error.message,
})

/** Lists without an entry are left out, as on AWS. */
export const batchOutput = (successful: readonly SqsOutput[], failed: readonly SqsOutput[]): SqsOutput => ({
  ...(successful.length > 0 && { Successful: successful }),
  ...(failed.length > 0 && { Failed: failed }),
})
