import { queryMember, type QueryNode } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import type { TopicDirectory } from './topic-directory.ts'
import { readArn, topicArn } from './topic-documents.ts'

/** As AWS writes it where a value must not be in a log. */
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'
/** What is said in confidence, and what opens something. */
const hiddenMembers = new Set(['Message', 'Subject', 'MessageAttributes', 'PhoneNumber', 'Token'])
/**
 * SNS's own names, by what stands under them. What has another name, or stands where nothing should, is no parameter of a
 * call, and nobody knows what it holds: it is left out.
 */
const recordedTexts = new Set(
  (
    'AttributeName AttributeValue AuthenticateOnUnsubscribe Endpoint Id Key Label MessageStructure Name NextToken ' +
    'Protocol ResourceArn ReturnSubscriptionArn SubscriptionArn TargetArn TopicArn Value'
  ).split(' '),
)
const recordedTextLists = new Set(['ActionName', 'AWSAccountId', 'TagKeys'])
const recordedLists = new Set(['PublishBatchRequestEntries', 'Tags'])

/** The call's parameters as its record has them. Bounded by what the protocol's reader takes. */
export const requestParameters = (input: QueryNode): Record<string, unknown> =>
  Object.fromEntries(
    [...input.members.keys()].flatMap((name) => {
      const value = recordedValue(input, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

function recordedValue(input: QueryNode, name: string): unknown {
  if (hiddenMembers.has(name)) return hidden
  if (name === 'Endpoint') return withoutSecrets(queryMember.string(input, name) ?? '')
  if (recordedTexts.has(name)) return queryMember.string(input, name)
  if (recordedTextLists.has(name)) return queryMember.strings(input, name)
  if (recordedLists.has(name)) return queryMember.list(input, name).map(requestParameters)
  if (name !== 'Attributes') return undefined
  return Object.fromEntries(queryMember.entries(input, name).map(({ key, value }) => [key, value.value ?? '']))
}

/** A subscriber's URL may hold a password, or a token in its query. */
function withoutSecrets(endpoint: string): string {
  if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint)) return endpoint
  const { protocol, host, pathname, search } = new URL(endpoint)
  return `${protocol}//${host}${pathname}${search === '' ? '' : `?${hidden}`}`
}

/** The topic that a call is about, if there is one. */
export function calledResources(
  input: QueryNode,
  directory: Pick<TopicDirectory, 'topic'>,
): Pick<ApiCall, 'resources'> {
  const arn = ['TopicArn', 'TargetArn', 'ResourceArn', 'SubscriptionArn']
    .map((name) => input.members.get(name)?.value)
    .find((value) => value !== undefined)
  const read = arn === undefined ? undefined : readArn(arn)
  const topic = read && directory.topic(read.topic)
  if (!topic) return {}
  return { resources: [{ accountId: topic.account, type: 'AWS::SNS::Topic', ARN: topicArn(topic) }] }
}
