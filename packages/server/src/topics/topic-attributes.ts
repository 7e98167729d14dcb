import { FilterFault, isNested, readFilterPolicy, type FilterNode } from './filter-policy.ts'
import { readRetryPolicy, defaultHttpPolicy, type RetryPolicy } from './retry-policy.ts'
import { excerpt, invalidParameter } from './sns-error.ts'
import { checkPolicy, policyOf } from './topic-access.ts'
import { topicArn, type SubscriptionDocument, type TopicDocument } from './topic-documents.ts'

const displayNameCharsMax = 100
const keyIdCharsMax = 2_048

/** Checks one attribute and gives it back as stored; undefined: it goes back to its default. @throws {SnsError} */
type ReadAttribute = (value: string) => string | undefined

const topicReaders: Readonly<Record<string, ReadAttribute>> = {
  Policy(value) {
    if (value === '') return undefined
    checkPolicy(value)
    return value
  },
  DisplayName(value) {
    if (value.length > displayNameCharsMax || /\p{Cc}/u.test(value))
      throw invalidParameter(
        `DisplayName must have at most ${displayNameCharsMax} characters and no control characters`,
      )
    return value
  },
  DeliveryPolicy(value) {
    if (value === '') return undefined
    topicRetryPolicy(value)
    return value
  },
  SignatureVersion: oneOf('SignatureVersion', ['1', '2']),
  TracingConfig: oneOf('TracingConfig', ['PassThrough']),
  FifoTopic(value) {
    if (value === 'false') return undefined
    throw invalidParameter('FIFO topics are not built in this version of OpenTrail')
  },
  KmsMasterKeyId(value) {
    if (value === '') return undefined
    if (value.length > keyIdCharsMax || !/^[\w:/.-]+$/.test(value)) throw invalidParameter('KmsMasterKeyId')
    return value
  },
}

function oneOf(name: string, values: readonly string[]): ReadAttribute {
  return (value) => {
    if (!values.includes(value)) throw invalidParameter(`${name} must be ${values.join(' or ')}`)
    return value
  }
}

/** The attributes once one is set. @throws {SnsError} InvalidParameter: an unknown name, or a value that it cannot have */
export function withAttribute(
  attributes: Readonly<Record<string, string>>,
  name: string,
  value: string,
): Readonly<Record<string, string>> {
  return replaced(topicReaders, attributes, name, value)
}

function replaced(
  readers: Readonly<Record<string, ReadAttribute>>,
  attributes: Readonly<Record<string, string>>,
  name: string,
  value: string,
): Readonly<Record<string, string>> {
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (!read) throw invalidParameter(`AttributeName ${excerpt(name)} is unknown or not built`)
  const { [name]: _before, ...rest } = attributes
  const stored = read(value)
  return stored === undefined ? rest : { ...rest, [name]: stored }
}

/** What GetTopicAttributes answers. */
export function topicAttributes(
  topic: TopicDocument,
  subscriptions: readonly SubscriptionDocument[],
): Map<string, string> {
  const confirmed = subscriptions.filter(({ confirmedAt }) => confirmedAt !== undefined).length
  const { DeliveryPolicy } = topic.attributes
  return new Map([
    ['DisplayName', ''],
    ...Object.entries(topic.attributes),
    ['Policy', policyOf(topic)],
    ['Owner', topic.account],
    ['TopicArn', topicArn(topic)],
    ['EffectiveDeliveryPolicy', JSON.stringify(effectiveTopicPolicy(DeliveryPolicy))],
    ['SubscriptionsConfirmed', String(confirmed)],
    ['SubscriptionsPending', String(subscriptions.length - confirmed)],
    ['SubscriptionsDeleted', '0'],
  ])
}

const effectiveTopicPolicy = (text: string | undefined) => ({
  http: {
    defaultHealthyRetryPolicy: (text === undefined ? undefined : topicRetryPolicy(text).policy) ?? defaultHttpPolicy,
    disableSubscriptionOverrides: text === undefined ? false : topicRetryPolicy(text).isFinal,
    defaultRequestPolicy: { headerContentType: 'text/plain; charset=UTF-8' },
  },
})

interface TopicRetryPolicy {
  readonly policy: RetryPolicy | undefined
  /** Subscriptions cannot have others. */
  readonly isFinal: boolean
}

/** `{"http": {"defaultHealthyRetryPolicy": {...}, "disableSubscriptionOverrides": false}}`. @throws {SnsError} */
function topicRetryPolicy(text: string): TopicRetryPolicy {
  const http = members(members(parsed(text, 'DeliveryPolicy'), ['http'])['http'] ?? {}, [
    'defaultHealthyRetryPolicy',
    'disableSubscriptionOverrides',
  ])
  const isFinal = http['disableSubscriptionOverrides'] ?? false
  if (typeof isFinal !== 'boolean') throw badPolicy('disableSubscriptionOverrides must be true or false')
  const given = http['defaultHealthyRetryPolicy']
  return { policy: given === undefined || given === null ? undefined : retryPolicy(given), isFinal }
}

function retryPolicy(value: unknown): RetryPolicy {
  const read = readRetryPolicy(value)
  if (typeof read === 'string') throw badPolicy(read)
  return read
}

const badPolicy = (why: string) => invalidParameter(`DeliveryPolicy: ${why}`)

function parsed(text: string, name: string): unknown {
  if (text.length > jsonCharsMax) throw invalidParameter(`${name} must have at most ${jsonCharsMax} characters`)
  try {
    return JSON.parse(text)
  } catch {
    throw invalidParameter(`${name}: failed to parse JSON`)
  }
}
/** A retry policy is some 300 characters. */
const jsonCharsMax = 4_096

/** Names that this version does not know say something that it would not do. @throws {SnsError} */
function members(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badPolicy('must be an object')
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) throw badPolicy(`${excerpt(unknown)} is unknown or not built`)
  return value as Record<string, unknown>
}

const queueArnForm = /^arn:[a-z][a-z0-9-]{1,20}:sqs:[a-z0-9-]{1,32}:\d{12}:[A-Za-z0-9_-]{1,80}$/
export const isQueueArn = (text: string): boolean => queueArnForm.test(text)

/** `{"deadLetterTargetArn": "arn:aws:sqs:..."}`. @throws {SnsError} */
export function deadLetterArn(redrivePolicy: string): string {
  const value = parsed(redrivePolicy, 'RedrivePolicy')
  const arn =
    typeof value === 'object' && value !== null && 'deadLetterTargetArn' in value
      ? value.deadLetterTargetArn
      : undefined
  if (typeof arn === 'string' && isQueueArn(arn)) return arn
  throw invalidParameter('RedrivePolicy: deadLetterTargetArn must be the ARN of a standard SQS queue')
}

const notBuilt =
  (name: string): ReadAttribute =>
  (value) => {
    if (value === '' || value === '{}') return undefined
    throw invalidParameter(`${name} is not built in this version of OpenTrail`)
  }

const subscriptionReaders: Readonly<Record<string, ReadAttribute>> = {
  RawMessageDelivery: oneOf('RawMessageDelivery', ['true', 'false']),
  RedrivePolicy(value) {
    if (value === '' || value === '{}') return undefined
    deadLetterArn(value)
    return value
  },
  DeliveryPolicy(value) {
    if (value === '') return undefined
    subscriptionDeliveryPolicy(value)
    return value
  },
  FilterPolicy(value) {
    if (value === '' || value === '{}') return undefined
    filterPolicy(value)
    return value
  },
  FilterPolicyScope: oneOf('FilterPolicyScope', ['MessageAttributes', 'MessageBody']),
  ReplayPolicy: notBuilt('ReplayPolicy'),
}

/** @throws {SnsError} */
function filterPolicy(text: string): FilterNode {
  try {
    return readFilterPolicy(text)
  } catch (error) {
    if (error instanceof FilterFault) throw invalidParameter(`FilterPolicy: ${error.message}`)
    throw error
  }
}

/** What the attributes of a subscription must not be together. @throws {SnsError} InvalidParameter */
export function checkSubscriptionAttributes({
  FilterPolicy,
  FilterPolicyScope,
}: Readonly<Record<string, string>>): void {
  if (FilterPolicy === undefined || FilterPolicyScope === 'MessageBody') return
  if (isNested(filterPolicy(FilterPolicy)))
    throw invalidParameter('Filter policy scope MessageAttributes does not support nested filter policy')
}

/** As `withAttribute`, of a subscription. @throws {SnsError} */
export const withSubscriptionAttribute = (
  attributes: Readonly<Record<string, string>>,
  name: string,
  value: string,
): Readonly<Record<string, string>> => replaced(subscriptionReaders, attributes, name, value)

interface SubscriptionDeliveryPolicy {
  readonly policy: RetryPolicy | undefined
  readonly contentType: string | undefined
}

/** `{"healthyRetryPolicy": {...}, "requestPolicy": {"headerContentType": "application/json"}}`. @throws {SnsError} */
function subscriptionDeliveryPolicy(text: string): SubscriptionDeliveryPolicy {
  const value = members(parsed(text, 'DeliveryPolicy'), ['healthyRetryPolicy', 'requestPolicy'])
  const { healthyRetryPolicy, requestPolicy } = value
  const contentType = members(requestPolicy ?? {}, ['headerContentType'])['headerContentType']
  if (contentType !== undefined && !isContentType(contentType)) throw badPolicy('headerContentType')
  const isGiven = healthyRetryPolicy !== undefined && healthyRetryPolicy !== null
  return { policy: isGiven ? retryPolicy(healthyRetryPolicy) : undefined, contentType }
}

const isContentType = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.+-]{1,64}\/[\w.+-]{1,64}(?:; ?charset=[\w-]{1,32})?$/.test(value)

/** How an HTTP(S) subscription is called: its own policy, else the topic's, else SNS's. */
export function httpDelivery(
  subscription: SubscriptionDocument,
  topic: TopicDocument | undefined,
): { readonly policy: RetryPolicy; readonly contentType: string } {
  const own = subscription.attributes['DeliveryPolicy']
  const ofTopic = topic?.attributes['DeliveryPolicy']
  const { policy, isFinal } = ofTopic === undefined ? { isFinal: false } : topicRetryPolicy(ofTopic)
  const { policy: ownPolicy, contentType } = own === undefined ? {} : subscriptionDeliveryPolicy(own)
  return {
    policy: (isFinal ? undefined : ownPolicy) ?? policy ?? defaultHttpPolicy,
    contentType: contentType ?? 'text/plain; charset=UTF-8',
  }
}
