import { uuid } from '../clock/index.ts'
import type { SnsOutput, SnsParts } from './sns-call.ts'
import { invalidParameter, SnsError } from './sns-error.ts'
import type { CommitWrites } from './topic-directory.ts'
import { readArn, subscriptionArn, topicArn, type SubscriptionDocument } from './topic-documents.ts'

const words = {
  SubscriptionConfirmation: (topic: string) =>
    `You have chosen to subscribe to the topic ${topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
  UnsubscribeConfirmation: (_topic: string, subscription: string) =>
    `You have chosen to deactivate subscription ${subscription}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
}

/** The message that asks the endpoint to confirm, to be written together with the subscription. */
export function confirmationRequest(
  { fanOut, random, now }: SnsParts,
  kind: keyof typeof words,
  subscription: SubscriptionDocument,
) {
  const message = words[kind](topicArn(subscription.topic), subscriptionArn(subscription))
  return fanOut.planned({ subscription, kind, message: { id: uuid(random), message, publishedAt: now() } })
}

const invalidToken = () => invalidParameter('Token')

/** The subscription that the token confirms. @throws {SnsError} InvalidParameter, NotFound */
export function subscriptionOfToken(
  { directory, tokens, limits, now }: SnsParts,
  topic: string,
  token: string,
): SubscriptionDocument {
  const read = readArn(topic)
  if (!read || read.id !== undefined) throw invalidParameter('TopicArn')
  if (!directory.topic(read.topic)) throw new SnsError('NotFound', 'Topic does not exist')
  const id = tokens.subscriptionIdOf(token)
  const subscription = id === undefined ? undefined : directory.subscriptionById(id)
  if (!subscription || topicArn(subscription.topic) !== topic) throw invalidToken()
  if (!tokens.isGood('confirm', subscription, token)) throw invalidToken()
  if (subscription.confirmedAt === undefined && now() > subscription.createdAt + limits.confirmationMs)
    throw invalidToken()
  return subscription
}

/** Confirms; a second time it is confirmed already, and nothing changes. @throws what `commit` throws; {SnsError} */
export async function confirm(
  { directory, now }: SnsParts,
  { topic, id }: SubscriptionDocument,
  how: { readonly isSigned: boolean; readonly authenticates: boolean },
  commit: (output: SnsOutput) => CommitWrites,
): Promise<SnsOutput> {
  return directory.change(async (save) => {
    const before = directory.subscriptionById(id)
    if (!before) throw new SnsError('NotFound', 'Subscription does not exist')
    const output = { SubscriptionArn: subscriptionArn({ topic, id }) }
    if (before.confirmedAt !== undefined) return output
    const after: SubscriptionDocument = {
      ...before,
      confirmedAt: now(),
      wasAuthenticated: how.isSigned,
      ...(how.isSigned && how.authenticates && { authenticatesOnUnsubscribe: true }),
    }
    await save({ subscriptions: [{ before, after }] }, commit(output))
    return output
  })
}

/**
 * Unsubscribes by a message's own link. The endpoint is told, and can take it back: until it does, the subscription waits to
 * be confirmed like a new one. @throws {SnsError} AuthorizationError, NotFound
 */
export async function unsubscribeByLink(
  parts: SnsParts,
  arn: string,
  token: string,
  commit: (output: SnsOutput) => CommitWrites,
): Promise<void> {
  const { directory, tokens, now } = parts
  await directory.change(async (save) => {
    const before = directory.subscription(arn)
    if (!before) throw new SnsError('NotFound', 'Subscription does not exist')
    if (!tokens.isGood('unsubscribe', before, token) || before.authenticatesOnUnsubscribe)
      throw new SnsError('AuthorizationError', 'This subscription can be ended by a signed call only.')
    if (before.confirmedAt === undefined) return
    const { confirmedAt: _confirmedAt, wasAuthenticated: _how, ...rest } = before
    const after: SubscriptionDocument = { ...rest, createdAt: now() }
    const request = await confirmationRequest(parts, 'UnsubscribeConfirmation', after)
    await save({ subscriptions: [{ before, after }], more: [request.write] }, commit({}))
    request.stored()
  })
}

/** Forgets endpoints that never confirmed. @throws what `commit` throws */
export async function forgetUnconfirmed(
  { directory, limits }: Pick<SnsParts, 'directory' | 'limits'>,
  now: number,
  commit: CommitWrites,
): Promise<void> {
  await directory.change(async (save) => {
    const late = [...directory.all()].filter(
      ({ confirmedAt, createdAt }) => confirmedAt === undefined && createdAt + limits.confirmationMs < now,
    )
    const subscriptions = late.slice(0, forgottenAtOnceMax).map((before) => ({ before, after: undefined }))
    if (subscriptions.length > 0) await save({ subscriptions }, commit)
  })
}
/** In one transaction; the rest an hour later. */
const forgottenAtOnceMax = 1_000
