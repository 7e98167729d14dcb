import type { AccountId, Region } from '@opentrail/core/event'
import { listAll, type ControlStore, type ControlWrite } from '../control/index.ts'
import { createMutex } from '../process/index.ts'
import {
  subscriptionArn,
  subscriptionKey,
  subscriptionsPrefix,
  topicArn,
  topicKey,
  topicsPrefix,
  type SubscriptionDocument,
  type TopicDocument,
  type TopicName,
} from './topic-documents.ts'

/** What a call changes; `undefined` deletes. */
export interface TopicEdit {
  readonly topics?: readonly Replaced<TopicDocument>[]
  readonly subscriptions?: readonly Replaced<SubscriptionDocument>[]
  /** Written together with them, such as the confirmation that is to be sent. */
  readonly more?: readonly ControlWrite[]
}

interface Replaced<T> {
  readonly before: T | undefined
  readonly after: T | undefined
}

/** Makes the writes durable. Rejects where nothing was written, or where that is not known. */
export type CommitWrites = (writes: readonly ControlWrite[]) => Promise<void>

/** Topics and subscriptions: kept in the control store, answered from memory. */
export interface TopicDirectory {
  topic(name: TopicName): TopicDocument | undefined
  /** By name. */
  topics(account: AccountId, region: Region): readonly TopicDocument[]
  subscription(arn: string): SubscriptionDocument | undefined
  subscriptionById(id: string): SubscriptionDocument | undefined
  /** Confirmed or not, oldest first. */
  subscriptionsOf(topic: TopicName): readonly SubscriptionDocument[]
  /** What the account has subscribed in the Region, by topic. */
  subscriptionsBy(owner: AccountId, region: Region): readonly SubscriptionDocument[]
  all(): Iterable<SubscriptionDocument>
  /** Runs `edit` while no other change is under way: what it reads stays as it is until it has saved. */
  change<T>(edit: (save: (change: TopicEdit, commit: CommitWrites) => Promise<void>) => Promise<T>): Promise<T>
}

/** Opening reads all topics and subscriptions: an administrator's work, so they fit. @throws {ControlUnavailableError} */
export async function openTopicDirectory(control: ControlStore): Promise<TopicDirectory> {
  let topics = new Map<string, TopicDocument>()
  let byTopic = new Map<string, Map<string, SubscriptionDocument>>()
  let byId = new Map<string, SubscriptionDocument>()
  /** Versions of the documents, for conditional writes. */
  let stored = new Map<string, number>()
  /** It is not known what the store holds. */
  let isStale = false

  function setTopic(name: TopicName, topic: TopicDocument | undefined): void {
    if (topic) topics.set(topicArn(name), topic)
    else topics.delete(topicArn(name))
  }

  function setSubscription(subscription: SubscriptionDocument, isThere: boolean): void {
    const arn = topicArn(subscription.topic)
    const ofTopic = byTopic.get(arn) ?? new Map<string, SubscriptionDocument>()
    if (isThere) {
      byTopic.set(arn, ofTopic.set(subscription.id, subscription))
      byId.set(subscription.id, subscription)
    } else {
      ofTopic.delete(subscription.id)
      if (ofTopic.size === 0) byTopic.delete(arn)
      byId.delete(subscription.id)
    }
  }

  async function readAll(): Promise<void> {
    const foundTopics = await listAll<TopicDocument>(control, topicsPrefix)
    const foundSubscriptions = await listAll<SubscriptionDocument>(control, subscriptionsPrefix)
    topics = new Map()
    byTopic = new Map()
    byId = new Map()
    stored = new Map([...foundTopics, ...foundSubscriptions].map(({ key, version }) => [key, version]))
    for (const { value } of foundTopics) setTopic(value, value)
    for (const { value } of foundSubscriptions.sort((a, b) => a.value.createdAt - b.value.createdAt))
      setSubscription(value, true)
    isStale = false
  }

  async function readVersions(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const document = await control.get(key)
      if (document) stored.set(key, document.version)
      else stored.delete(key)
    }
    isStale = false
  }

  async function save(edit: TopicEdit, commit: CommitWrites): Promise<void> {
    const { topics: editedTopics = [], subscriptions = [], more = [] } = edit
    const documents = [
      ...editedTopics.map((each) => ({ key: keyOf(each), value: each.after })),
      ...subscriptions.map((each) => ({ key: subscriptionKeyOf(each), value: each.after })),
    ]
    isStale = true
    await commit([...documents.map((each) => ({ ...each, ifVersion: stored.get(each.key) ?? 0 })), ...more])
    for (const { before, after } of editedTopics) setTopic((after ?? before)!, after)
    for (const { before, after } of subscriptions) setSubscription((after ?? before)!, after !== undefined)
    // The change stands: not knowing the versions only makes the next one read everything first.
    await readVersions(documents.map(({ key }) => key)).catch(() => {})
  }

  const oneAtATime = createMutex()
  await readAll()

  const subscriptionsOf = (topic: TopicName): SubscriptionDocument[] => [
    ...(byTopic.get(topicArn(topic))?.values() ?? []),
  ]
  return {
    topic: (name) => topics.get(topicArn(name)),
    topics: (account, region) =>
      [...topics.values()]
        .filter((topic) => topic.account === account && topic.region === region)
        .sort((a, b) => compare(a.name, b.name)),
    subscription(arn) {
      const found = byId.get(arn.slice(arn.lastIndexOf(':') + 1))
      return found && subscriptionArn(found) === arn ? found : undefined
    },
    subscriptionById: (id) => byId.get(id),
    subscriptionsOf,
    subscriptionsBy: (owner, region) =>
      [...byId.values()]
        .filter((each) => each.owner === owner && each.topic.region === region)
        .sort((a, b) => compare(subscriptionArn(a), subscriptionArn(b))),
    all: () => byId.values(),
    change: (edit) =>
      oneAtATime(async () => {
        if (isStale) await readAll()
        return edit(save)
      }),
  }
}

const keyOf = ({ before, after }: Replaced<TopicDocument>): string => topicKey((after ?? before)!)
const subscriptionKeyOf = ({ before, after }: Replaced<SubscriptionDocument>): string =>
  subscriptionKey((after ?? before)!)
const compare = (a: string, b: string): number => Number(a > b) - Number(a < b)
