import { uuid } from '../clock/index.ts'
import { queryMember, type QueryNode } from '../http/index.ts'
import { subscriberUrlFault } from './http-subscriber.ts'
import { confirm, confirmationRequest, subscriptionOfToken } from './confirmation.ts'
import { pageOf, required, topicOf, type SnsCall, type SnsOperation, type SnsParts } from './sns-call.ts'
import { excerpt, invalidParameter, SnsError, unknownSubscription } from './sns-error.ts'
import { checkSubscriptionAttributes, httpDelivery, isQueueArn, withSubscriptionAttribute } from './topic-attributes.ts'
import {
  readArn,
  subscriptionArn,
  subscriptionProtocols,
  topicArn,
  type SubscriptionDocument,
  type SubscriptionProtocol,
  type TopicDocument,
} from './topic-documents.ts'

const attributesMax = 20
const notBuiltProtocols = ['email', 'email-json', 'sms', 'lambda', 'application', 'firehose']

function readProtocol(text: string): SubscriptionProtocol {
  const protocol = subscriptionProtocols.find((each) => each === text)
  if (protocol) return protocol
  if (notBuiltProtocols.includes(text))
    throw invalidParameter(`Protocol Reason: ${text} is not built in this version of OpenTrail: use sqs, http or https`)
  throw invalidParameter(`Amazon SNS does not support this protocol string: ${excerpt(text)}`)
}

function checkEndpoint(protocol: SubscriptionProtocol, endpoint: string): void {
  if (protocol === 'sqs') {
    if (endpoint.endsWith('.fifo'))
      throw invalidParameter('Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics')
    if (!isQueueArn(endpoint)) throw invalidParameter('SQS endpoint ARN')
    return
  }
  const fault = subscriberUrlFault(endpoint, protocol)
  if (fault !== undefined) throw invalidParameter(`Endpoint ${fault}`)
}

function readAttributes(input: QueryNode): Readonly<Record<string, string>> {
  const given = queryMember.entries(input, 'Attributes')
  if (given.length > attributesMax) throw invalidParameter('Attributes')
  let attributes: Readonly<Record<string, string>> = {}
  for (const { key, value } of given) attributes = withSubscriptionAttribute(attributes, key, value.value ?? '')
  checkSubscriptionAttributes(attributes)
  return attributes
}

/** Where the endpoint is a queue of the caller's own, nobody has to be asked. */
const needsNoConfirmation = (protocol: SubscriptionProtocol, endpoint: string, account: string): boolean =>
  protocol === 'sqs' && endpoint.split(':')[4] === account

const pendingArn = 'pending confirmation'

const Subscribe: SnsOperation = {
  name: 'Subscribe',
  readOnly: false,
  category: 'Management',
  async handle(call, parts) {
    const { input, principal } = call
    const protocol = readProtocol(required(input, 'Protocol'))
    const endpoint = required(input, 'Endpoint')
    checkEndpoint(protocol, endpoint)
    const conditions = { ...call.conditions, 'sns:Protocol': protocol, 'sns:Endpoint': endpoint }
    const topic = topicOf({ ...call, conditions }, parts, Subscribe)
    const wanted = {
      topic: { account: topic.account, region: topic.region, name: topic.name },
      owner: principal.account,
      protocol,
      endpoint,
      attributes: readAttributes(input),
    }
    const isConfirmed = needsNoConfirmation(protocol, endpoint, principal.account)
    return subscribe(call, parts, wanted, isConfirmed)
  },
}

type WantedSubscription = Pick<SubscriptionDocument, 'topic' | 'owner' | 'protocol' | 'endpoint' | 'attributes'>

async function subscribe(call: SnsCall, parts: SnsParts, wanted: WantedSubscription, isConfirmed: boolean) {
  const { directory, limits, now, random } = parts
  const isArnWanted = queryMember.string(call.input, 'ReturnSubscriptionArn')?.toLowerCase() === 'true'
  return directory.change(async (save) => {
    if (!directory.topic(wanted.topic)) throw new SnsError('NotFound', 'Topic does not exist')
    const others = directory.subscriptionsOf(wanted.topic)
    const existing = others.find(
      ({ owner, protocol, endpoint }) =>
        owner === wanted.owner && protocol === wanted.protocol && endpoint === wanted.endpoint,
    )
    if (existing && JSON.stringify(existing.attributes) !== JSON.stringify(wanted.attributes))
      throw invalidParameter('Attributes Reason: Subscription already exists with different attributes')
    if (!existing && others.length >= limits.subscriptionsMax)
      throw new SnsError('SubscriptionLimitExceeded', `A topic has at most ${limits.subscriptionsMax} subscriptions.`)
    const isKnown = existing?.confirmedAt !== undefined
    // Asked for once more, an endpoint gets another request to confirm, with a token of its own.
    const subscription: SubscriptionDocument = isKnown
      ? existing
      : {
          ...wanted,
          id: existing?.id ?? uuid(random),
          createdAt: now(),
          ...(isConfirmed && { confirmedAt: now(), wasAuthenticated: true }),
        }
    const arn = subscriptionArn(subscription)
    const isPending = subscription.confirmedAt === undefined
    const output = { SubscriptionArn: isPending && !isArnWanted ? pendingArn : arn }
    if (isKnown) return output
    const request = isPending ? await confirmationRequest(parts, 'SubscriptionConfirmation', subscription) : undefined
    const subscriptions = [{ before: existing, after: subscription }]
    await save({ subscriptions, ...(request && { more: [request.write] }) }, call.commit(output))
    request?.stored()
    return output
  })
}

const ConfirmSubscription: SnsOperation = {
  name: 'ConfirmSubscription',
  readOnly: false,
  category: 'Management',
  async handle(call, parts) {
    const { input } = call
    const subscription = subscriptionOfToken(parts, required(input, 'TopicArn'), required(input, 'Token'))
    const authenticates = queryMember.string(input, 'AuthenticateOnUnsubscribe')?.toLowerCase() === 'true'
    return confirm(parts, subscription, { isSigned: true, authenticates }, (output) => call.commit(output))
  },
}

/** @throws {SnsError} InvalidParameter: no ARN of a subscription; NotFound; AuthorizationError */
function subscriptionOf(call: SnsCall, { directory, access }: SnsParts, operation: SnsOperation): SubscriptionDocument {
  const arn = required(call.input, 'SubscriptionArn')
  if (readArn(arn)?.id === undefined) throw invalidParameter('SubscriptionArn')
  const subscription = directory.subscription(arn)
  if (!subscription) throw unknownSubscription()
  access.authoriseSubscription(call, operation, subscription)
  return subscription
}

const Unsubscribe: SnsOperation = {
  name: 'Unsubscribe',
  readOnly: false,
  category: 'Management',
  async handle(call, parts) {
    const { directory, access } = parts
    const arn = required(call.input, 'SubscriptionArn')
    if (readArn(arn)?.id === undefined) throw invalidParameter('SubscriptionArn')
    // As with topics: what is not there is unsubscribed.
    if (!directory.subscription(arn)) {
      access.authoriseAccount(call, Unsubscribe)
      return undefined
    }
    subscriptionOf(call, parts, Unsubscribe)
    await directory.change(async (save) => {
      const before = directory.subscription(arn)
      if (before) await save({ subscriptions: [{ before, after: undefined }] }, call.commit({}))
    })
    return undefined
  },
}

const wireSubscription = (subscription: SubscriptionDocument) => ({
  SubscriptionArn: subscription.confirmedAt === undefined ? 'PendingConfirmation' : subscriptionArn(subscription),
  Owner: subscription.owner,
  Protocol: subscription.protocol,
  Endpoint: subscription.endpoint,
  TopicArn: topicArn(subscription.topic),
})

const ListSubscriptions: SnsOperation = {
  name: 'ListSubscriptions',
  readOnly: true,
  category: 'Management',
  async handle({ input, principal, conditions, region }, { directory, access }) {
    access.authoriseAccount({ principal, conditions }, ListSubscriptions)
    const all = directory.subscriptionsBy(principal.account, region)
    const { page, NextToken } = pageOf(all, subscriptionArn, queryMember.string(input, 'NextToken'))
    return { Subscriptions: page.map(wireSubscription), NextToken }
  },
}

const ListSubscriptionsByTopic: SnsOperation = {
  name: 'ListSubscriptionsByTopic',
  readOnly: true,
  category: 'Management',
  async handle(call, parts) {
    const topic = topicOf(call, parts, ListSubscriptionsByTopic)
    const all = [...parts.directory.subscriptionsOf(topic)].sort((a, b) => (a.id < b.id ? -1 : 1))
    const { page, NextToken } = pageOf(all, ({ id }) => id, queryMember.string(call.input, 'NextToken'))
    return { Subscriptions: page.map(wireSubscription), NextToken }
  },
}

const GetSubscriptionAttributes: SnsOperation = {
  name: 'GetSubscriptionAttributes',
  readOnly: true,
  category: 'Management',
  async handle(call, parts) {
    const subscription = subscriptionOf(call, parts, GetSubscriptionAttributes)
    return { Attributes: subscriptionAttributes(subscription, parts.directory.topic(subscription.topic)) }
  },
}

function subscriptionAttributes(subscription: SubscriptionDocument, topic: TopicDocument | undefined) {
  const { protocol, endpoint, owner, confirmedAt, wasAuthenticated = false } = subscription
  const { policy, contentType } = httpDelivery(subscription, topic)
  const effective = { healthyRetryPolicy: policy, requestPolicy: { headerContentType: contentType } }
  return new Map([
    ['RawMessageDelivery', 'false'],
    ...(subscription.attributes['FilterPolicy'] === undefined
      ? []
      : [['FilterPolicyScope', 'MessageAttributes'] as const]),
    ...Object.entries(subscription.attributes),
    ['SubscriptionArn', subscriptionArn(subscription)],
    ['TopicArn', topicArn(subscription.topic)],
    ['Owner', owner],
    ['Protocol', protocol],
    ['Endpoint', endpoint],
    ['PendingConfirmation', String(confirmedAt === undefined)],
    ['ConfirmationWasAuthenticated', String(wasAuthenticated)],
    ...(protocol === 'sqs' ? [] : [['EffectiveDeliveryPolicy', JSON.stringify(effective)] as const]),
  ])
}

const SetSubscriptionAttributes: SnsOperation = {
  name: 'SetSubscriptionAttributes',
  readOnly: false,
  category: 'Management',
  async handle(call, parts) {
    const arn = subscriptionArn(subscriptionOf(call, parts, SetSubscriptionAttributes))
    const name = required(call.input, 'AttributeName')
    const value = queryMember.string(call.input, 'AttributeValue') ?? ''
    await parts.directory.change(async (save) => {
      const before = parts.directory.subscription(arn)
      if (!before) throw unknownSubscription()
      const attributes = withSubscriptionAttribute(before.attributes, name, value)
      checkSubscriptionAttributes(attributes)
      if (JSON.stringify(attributes) !== JSON.stringify(before.attributes))
        await save({ subscriptions: [{ before, after: { ...before, attributes } }] }, call.commit({}))
    })
    return undefined
  },
}

export const subscriptionOperations: readonly SnsOperation[] = [
  Subscribe,
  ConfirmSubscription,
  Unsubscribe,
  ListSubscriptions,
  ListSubscriptionsByTopic,
  GetSubscriptionAttributes,
  SetSubscriptionAttributes,
]
