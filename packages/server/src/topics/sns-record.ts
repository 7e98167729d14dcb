import type { QueryNode } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import type { TopicDirectory } from './topic-directory.ts'
import { readArn, topicArn } from './topic-documents.ts'

/** As AWS writes it where a value must not be in a log. */
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'
/** What is said in confidence, and what opens something. */
const hiddenMembers = new Set(['Message', 'Subject', 'MessageAttributes', 'Token'])
/** Of the protocol, not of the call. */
const protocolMembers = new Set(['Action', 'Version', 'ContentType', 'AWSAccessKeyId', 'Timestamp'])

/** The call's parameters as its record has them. Bounded by what the protocol's reader takes. */
export const requestParameters = (input: QueryNode): Record<string, unknown> => membersOf(input, protocolMembers)

function membersOf({ members }: QueryNode, leftOut: ReadonlySet<string> = new Set()): Record<string, unknown> {
  return Object.fromEntries(
    [...members].flatMap(([name, node]) =>
      leftOut.has(name) ? [] : [[name, hiddenMembers.has(name) ? hidden : valueOf(name, node)]],
    ),
  )
}

function valueOf(name: string, node: QueryNode): unknown {
  if (node.members.size === 0) return name === 'Endpoint' ? withoutSecrets(node.value ?? '') : (node.value ?? '')
  const entries = node.members.get('entry')
  if (entries)
    return Object.fromEntries(
      [...entries.members.values()].map((entry) => [
        entry.members.get('key')?.value ?? entry.members.get('Name')?.value ?? '',
        entry.members.get('value')?.value ?? '',
      ]),
    )
  const items = node.members.get('member')
  return items ? [...items.members.values()].map((item) => valueOf('', item)) : membersOf(node)
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
