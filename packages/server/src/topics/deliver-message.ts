import { QueueSinkError, type QueueSink } from '../queues/index.ts'
import { envelopeText, messageAttributes, messageHeaders, type EnvelopeParts, type MessageLinks } from './envelope.ts'
import type { Attempt, HttpSubscribers } from './http-subscriber.ts'
import type { MessageSigner } from './message-signer.ts'
import { pauseAfterFailures, queuePolicy } from './retry-policy.ts'
import { httpDelivery } from './topic-attributes.ts'
import type { TopicDirectory } from './topic-directory.ts'
import {
  topicArn,
  type PendingDocument,
  type PendingKind,
  type PublishedMessage,
  type SubscriptionDocument,
} from './topic-documents.ts'

export interface DeliverMessageOptions {
  readonly directory: Pick<TopicDirectory, 'topic'>
  readonly signer: MessageSigner
  readonly links: MessageLinks
  readonly queues: QueueSink
  readonly http: Pick<HttpSubscribers, 'post'>
}

/** What is sent: a pending document that has been opened. */
export interface OutgoingMessage {
  readonly kind: PendingKind
  readonly message: PublishedMessage
  readonly deadLetterArn?: string
}

/** One attempt to bring a message to its subscriber, or to the subscriber's dead-letter queue. Never rejects. */
export type DeliverMessage = (outgoing: OutgoingMessage, subscription: SubscriptionDocument) => Promise<Attempt>

export function createDeliverMessage(options: DeliverMessageOptions): DeliverMessage {
  const { directory, signer, links, queues, http } = options

  async function deliver(outgoing: OutgoingMessage, subscription: SubscriptionDocument): Promise<Attempt> {
    const { kind, message, deadLetterArn } = outgoing
    const topic = directory.topic(subscription.topic)
    const signatureVersion = topic?.attributes['SignatureVersion'] === '2' ? '2' : '1'
    const parts: EnvelopeParts = { kind, message, subscription, signatureVersion }
    const isRaw = kind === 'Notification' && subscription.attributes['RawMessageDelivery'] === 'true'
    const body = isRaw ? message.message : await envelopeText(parts, signer, links)
    if (deadLetterArn !== undefined || subscription.protocol === 'sqs') {
      await queues.send({
        queueArn: deadLetterArn ?? subscription.endpoint,
        body,
        ...(isRaw && message.attributes && { attributes: messageAttributes(message.attributes) }),
        senderArn: topicArn(subscription.topic),
        senderAccount: subscription.topic.account,
      })
      return { kind: 'taken' }
    }
    const { contentType } = httpDelivery(subscription, topic)
    const headers = {
      'Content-Type': contentType,
      ...messageHeaders(parts),
      ...(isRaw && { 'x-amz-sns-rawdelivery': 'true' }),
    }
    return http.post({ url: subscription.endpoint, headers, body })
  }

  return (outgoing, subscription) => deliver(outgoing, subscription).catch(failedAttempt)
}

/** SNS does not repeat what its client has got wrong: a queue that is not there, or does not let the topic in. */
function failedAttempt(error: unknown): Attempt {
  const reason = error instanceof Error ? error.message : String(error)
  if (!(error instanceof QueueSinkError) || error.code === 'Unavailable') return { kind: 'failed', reason }
  return { kind: 'refused', reason: `${error.code}: ${reason}` }
}

/** The pause after so many failures of a message, ms; undefined: it was the last attempt. */
export function nextPause(
  { deadLetterArn, failures }: PendingDocument,
  subscription: SubscriptionDocument,
  directory: Pick<TopicDirectory, 'topic'>,
): number | undefined {
  if (deadLetterArn !== undefined || subscription.protocol === 'sqs') return pauseAfterFailures(queuePolicy, failures)
  return pauseAfterFailures(httpDelivery(subscription, directory.topic(subscription.topic)).policy, failures)
}
