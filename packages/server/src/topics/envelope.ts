import type { MessageAttribute } from '../queues/index.ts'
import type { MessageSigner } from './message-signer.ts'
import {
  subscriptionArn,
  topicArn,
  type MessageAttributes,
  type PendingKind,
  type PublishedMessage,
  type StoredAttribute,
  type SubscriptionDocument,
} from './topic-documents.ts'

/** The links that a message carries. */
export interface MessageLinks {
  certificate(region: string): string
  confirm(subscription: SubscriptionDocument): { readonly url: string; readonly token: string }
  unsubscribe(subscription: SubscriptionDocument): string
}

export interface EnvelopeParts {
  readonly kind: PendingKind
  readonly message: PublishedMessage
  readonly subscription: SubscriptionDocument
  readonly signatureVersion: '1' | '2'
}

/**
 * The JSON that subscribers get, in SNS's own order and layout. What is signed is the same for all subscribers of a
 * notification. Source: SNS Developer Guide, "HTTP/HTTPS notification JSON format" and "Verifying message signatures".
 */
export async function envelopeText(parts: EnvelopeParts, signer: MessageSigner, links: MessageLinks): Promise<string> {
  const { kind, message, subscription, signatureVersion } = parts
  const { token, url } = kind === 'Notification' ? {} : links.confirm(subscription)
  const said = {
    Type: kind,
    MessageId: message.id,
    Token: token,
    TopicArn: topicArn(subscription.topic),
    Subject: message.subject,
    Message: message.message,
    SubscribeURL: url,
    Timestamp: new Date(message.publishedAt).toISOString(),
  }
  const signature = await signer.sign(textToSign(said), signatureVersion)
  return layout({
    ...said,
    SignatureVersion: signatureVersion,
    Signature: signature,
    SigningCertURL: links.certificate(subscription.topic.region),
    UnsubscribeURL: kind === 'Notification' ? links.unsubscribe(subscription) : undefined,
    MessageAttributes: message.attributes && wireAttributes(message.attributes),
  })
}

/** Names in the order of their bytes, each followed by its value, a line each. */
export const textToSign = (said: Readonly<Record<string, string | undefined>>): string =>
  ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
    .filter((name) => said[name] !== undefined)
    .map((name) => `${name}\n${said[name]}\n`)
    .join('')

const wireAttributes = (attributes: Readonly<Record<string, StoredAttribute>>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, base64Value }]) => [
      name,
      { Type: dataType, Value: stringValue ?? base64Value },
    ]),
  )

/** `{`, a line for each member, `}`: readers that are not JSON parsers have been seen to rely on it. */
const layout = (members: Readonly<Record<string, unknown>>): string => {
  const lines = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`)
  return `{\n${lines.join(',\n')}\n}`
}

export const storedAttributes = (attributes: MessageAttributes): Readonly<Record<string, StoredAttribute>> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        dataType,
        ...(stringValue !== undefined && { stringValue }),
        ...(binaryValue && { base64Value: Buffer.from(binaryValue).toString('base64') }),
      },
    ]),
  )

export const messageAttributes = (
  stored: Readonly<Record<string, StoredAttribute>>,
): Readonly<Record<string, MessageAttribute>> =>
  Object.fromEntries(
    Object.entries(stored).map(([name, { dataType, stringValue, base64Value }]) => [
      name,
      {
        dataType,
        ...(stringValue !== undefined && { stringValue }),
        ...(base64Value !== undefined && { binaryValue: Buffer.from(base64Value, 'base64') }),
      },
    ]),
  )

/** The headers of a request to an HTTP(S) subscriber. */
export const messageHeaders = ({ kind, message, subscription }: EnvelopeParts): Readonly<Record<string, string>> => ({
  'x-amz-sns-message-type': kind,
  'x-amz-sns-message-id': message.id,
  'x-amz-sns-topic-arn': topicArn(subscription.topic),
  ...(kind !== 'SubscriptionConfirmation' && { 'x-amz-sns-subscription-arn': subscriptionArn(subscription) }),
})
