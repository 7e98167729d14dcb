import { evaluatePolicies } from '@opentrail/core/policy'
import { ApiError } from '../operations/index.ts'
import { checkAttributes, checkText, messageBytes } from './message-content.ts'
import { QueueSinkError, type QueueSink } from './queue-sink.ts'
import { readQueueArn, type Queue } from './queue.ts'
import { readFifoIds } from './send-operations.ts'
import type { SqsParts } from './sqs-operation.ts'

const topicsPrincipal = 'sns.amazonaws.com'

/** The built-in queues as topics see them. */
export function createQueueSink({ directory, store }: Pick<SqsParts, 'directory' | 'store'>): QueueSink {
  async function find(queueArn: string): Promise<Queue | undefined> {
    const name = readQueueArn(queueArn)
    const queue = name && (await directory.find(name))
    // The partition is part of the name, too.
    return queue?.arn === queueArn ? queue : undefined
  }

  return {
    async ownerOf(queueArn) {
      return (await find(queueArn))?.account
    },
    async send(message) {
      try {
        const queue = await find(message.queueArn)
        if (!queue) throw new QueueSinkError('NonExistentQueue', `There is no queue ${message.queueArn}.`)
        checkAllowed(queue, message)
        await store.send(queue, [readMessage(queue, message)])
      } catch (error) {
        throw asSinkError(error)
      }
    },
  }
}

type SinkMessage = Parameters<QueueSink['send']>[0]

function checkAllowed({ arn, policy }: Queue, { senderArn, senderAccount }: SinkMessage): void {
  const { effect } = evaluatePolicies(policy ? [policy] : [], {
    principal: { kind: 'service', service: topicsPrincipal },
    action: 'sqs:SendMessage',
    resource: arn,
    context: { 'aws:SourceArn': senderArn, 'aws:SourceAccount': senderAccount, 'aws:PrincipalIsAWSService': 'true' },
  })
  if (effect === 'allow') return
  throw new QueueSinkError(
    'AccessDenied',
    `The policy of ${arn} does not let ${topicsPrincipal} send for ${senderArn}.`,
  )
}

function readMessage({ settings }: Queue, message: SinkMessage) {
  const { body, attributes = {}, groupId, deduplicationId } = message
  if (body === '') throw new QueueSinkError('InvalidMessage', 'The message is empty.')
  checkText(body)
  checkAttributes(attributes)
  const bytes = messageBytes(body, attributes)
  if (bytes > settings.messageBytesMax)
    throw new QueueSinkError('TooLarge', `The message has ${bytes} bytes; the queue takes ${settings.messageBytesMax}.`)
  const { content: ids, ...key } = readFifoIds(
    {
      ...(groupId !== undefined && { MessageGroupId: groupId }),
      ...(deduplicationId !== undefined && { MessageDeduplicationId: deduplicationId }),
    },
    body,
    settings,
  )
  return {
    content: { body, attributes, senderId: topicsPrincipal, ...ids },
    bytes,
    delayMs: settings.delayMs,
    ...key,
  }
}

function asSinkError(error: unknown): QueueSinkError {
  if (error instanceof QueueSinkError) return error
  if (!(error instanceof ApiError)) return new QueueSinkError('Unavailable', 'The queue failed.', { cause: error })
  if (error.code === 'QueueDoesNotExist') return new QueueSinkError('NonExistentQueue', error.message, { cause: error })
  return new QueueSinkError(error.status < 500 ? 'InvalidMessage' : 'Unavailable', error.message, { cause: error })
}
