import type { AccountId, Region } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'
import type { MessageAttribute } from '../queues/index.ts'

/** What tells a topic from all others. */
export interface TopicName {
  readonly account: AccountId
  readonly region: Region
  readonly name: string
}

export interface TopicTag {
  readonly key: string
  readonly value: string
}

/** A topic as stored. `attributes`: what was set, under SNS's names; what was not has its default. */
export interface TopicDocument extends TopicName {
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: readonly TopicTag[]
  /** Domain ms. */
  readonly createdAt: number
}

export const subscriptionProtocols = ['sqs', 'http', 'https'] as const
export type SubscriptionProtocol = (typeof subscriptionProtocols)[number]

export interface SubscriptionDocument {
  readonly id: string
  readonly topic: TopicName
  /** The account that subscribed. */
  readonly owner: AccountId
  readonly protocol: SubscriptionProtocol
  /** A queue's ARN, or a URL. */
  readonly endpoint: string
  /** `RawMessageDelivery`, `RedrivePolicy`, `DeliveryPolicy`, `FilterPolicy`, `FilterPolicyScope`, as set. */
  readonly attributes: Readonly<Record<string, string>>
  readonly createdAt: number
  /** Absent: the endpoint has not confirmed yet, and gets nothing but the request to do so. */
  readonly confirmedAt?: number
  /** The confirmation was made with a signature. */
  readonly wasAuthenticated?: boolean
  /** Only a signed call may unsubscribe it. */
  readonly authenticatesOnUnsubscribe?: boolean
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

/** A message as published, the same for all subscribers. */
export interface PublishedMessage {
  readonly id: string
  readonly subject?: string
  readonly message: string
  readonly attributes?: Readonly<Record<string, StoredAttribute>>
  /** Domain ms. */
  readonly publishedAt: number
}

/** `MessageAttribute` as JSON keeps it. */
export interface StoredAttribute {
  readonly dataType: string
  readonly stringValue?: string
  readonly base64Value?: string
}

export type PendingKind = 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation'

/**
 * A message that one subscriber has not got yet. It holds all that its delivery needs, so that each subscriber's backlog is
 * its own: nothing is shared that would have to be counted.
 */
export interface PendingDocument {
  readonly kind: PendingKind
  readonly messageId: string
  /** A `PublishedMessage` as JSON, sealed under the key of the topic's account; base64. */
  readonly sealed: string
  /** Attempts that failed. */
  readonly failures: number
  /** When the next one is due, domain ms. */
  readonly dueAt: number
  /** The subscriber has been given up: the message is on its way to this queue. */
  readonly deadLetterArn?: string
}

export const topicArn = ({ account, region, name }: TopicName): string =>
  `arn:${partitionOf(region)}:sns:${region}:${account}:${name}`
export const subscriptionArn = ({ topic, id }: Pick<SubscriptionDocument, 'topic' | 'id'>): string =>
  `${topicArn(topic)}:${id}`

const arnForm = /^arn:[a-z][a-z0-9-]{1,20}:sns:([a-z0-9-]{1,32}):(\d{12}):([A-Za-z0-9_-]{1,256})(?::([0-9a-f-]{36}))?$/

/** The parts of a topic's or a subscription's ARN; undefined: it is neither. */
export function readArn(arn: string): { readonly topic: TopicName; readonly id?: string } | undefined {
  const [, region, account, name, id] = arnForm.exec(arn) ?? []
  if (region === undefined || account === undefined || name === undefined) return undefined
  return { topic: { region: region as Region, account: account as AccountId, name }, ...(id !== undefined && { id }) }
}

export const topicsPrefix = 'topics/topic/'
export const subscriptionsPrefix = 'topics/subscription/'
const nameKey = ({ account, region, name }: TopicName): string => `${account}/${region}/${name}`
export const topicKey = (topic: TopicName): string => topicsPrefix + nameKey(topic)
export const subscriptionKey = ({ topic, id }: Pick<SubscriptionDocument, 'topic' | 'id'>): string =>
  `${subscriptionsPrefix}${nameKey(topic)}/${id}`

/** So that keys sort like numbers. */
const numberDigits = 16
export const pendingPrefix = 'topics/pending/'
export const pendingOf = (subscriptionId: string): string => `${pendingPrefix}${subscriptionId}/`
export const pendingKey = (subscriptionId: string, number: number): string =>
  `${pendingOf(subscriptionId)}${String(number).padStart(numberDigits, '0')}`
/** The subscription and the number in such a key. */
export function pendingKeyParts(key: string): { readonly subscriptionId: string; readonly number: number } {
  const [subscriptionId = '', number = ''] = key.slice(pendingPrefix.length).split('/')
  return { subscriptionId, number: Number(number) }
}
