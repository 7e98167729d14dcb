import { evaluatePolicies, parsePolicy, type PolicyDocument, type RequestPrincipal } from '@opentrail/core/policy'
import type { Principal } from '../accounts/index.ts'
import { SnsError, invalidParameter } from './sns-error.ts'
import { topicArn, type SubscriptionDocument, type TopicDocument, type TopicName } from './topic-documents.ts'

/** Condition keys of the request, such as `aws:SourceIp`. */
export type RequestConditions = Readonly<Record<string, string>>

export interface Asking {
  readonly principal: Principal
  readonly conditions: RequestConditions
}

export interface TopicAction {
  /** `Publish` */
  readonly name: string
  readonly readOnly: boolean
}

/** What a topic's policy may name; AWS's list. */
export const topicActions = [
  'GetTopicAttributes',
  'SetTopicAttributes',
  'AddPermission',
  'RemovePermission',
  'DeleteTopic',
  'Subscribe',
  'ListSubscriptionsByTopic',
  'Publish',
] as const

/** The policy of a topic for which none was set, as AWS has it: its owner's. */
export const defaultPolicy = (topic: TopicName): string =>
  JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: topicActions.map((name) => `SNS:${name}`),
        Resource: topicArn(topic),
        Condition: { StringEquals: { 'AWS:SourceOwner': topic.account } },
      },
    ],
  })

export const policyOf = (topic: TopicDocument): string => topic.attributes['Policy'] ?? defaultPolicy(topic)

/** Policies kept read: those of the topics that are published to at the moment. */
const policiesKeptMax = 256

export interface TopicAccess {
  /** @throws {SnsError} AuthorizationError */
  authorise(asking: Asking, action: TopicAction, topic: TopicDocument): void
  /** Of calls that concern no topic in particular. @throws {SnsError} AuthorizationError */
  authoriseAccount(asking: Asking, action: TopicAction): void
  /** Who subscribed and whose topic it is may. @throws {SnsError} AuthorizationError */
  authoriseSubscription(asking: Asking, action: TopicAction, subscription: SubscriptionDocument): void
  /** Whether the policy lets `cloudtrail.amazonaws.com` publish for a trail. */
  letsPublish(topic: TopicDocument, by: { readonly trailArn: string; readonly account: string }): boolean
}

/**
 * Who may do what with a topic. In the owning account a role stands for an identity policy: an administrator's allows
 * everything, an auditor's what is read-only, a producer's nothing. The topic's policy may deny and allow more; another
 * account needs both its own role and the policy.
 */
export function createTopicAccess(): TopicAccess {
  const kept = new Map<string, PolicyDocument | undefined>()

  function read(text: string): PolicyDocument | undefined {
    if (kept.has(text)) return kept.get(text)
    const reading = parsePolicy(text, 'resource')
    if (kept.size >= policiesKeptMax) kept.delete(kept.keys().next().value!)
    const policy = reading.ok ? reading.policy : undefined
    kept.set(text, policy)
    return policy
  }

  function judge(
    topic: TopicDocument,
    principal: RequestPrincipal,
    action: string,
    context: Readonly<Record<string, string>>,
  ): 'allow' | 'deny' | 'none' {
    const policy = read(policyOf(topic))
    // A policy that cannot be read was never taken: nobody is let in by what is there instead.
    if (!policy) return 'deny'
    return evaluatePolicies([policy], { principal, action: `SNS:${action}`, resource: topicArn(topic), context }).effect
  }

  return {
    authorise({ principal, conditions }, action, topic) {
      const { account, arn } = principal
      const context = { ...conditions, ...principalConditions(principal) }
      const effect = judge(topic, { kind: 'aws', account, arn }, action.name, context)
      const mayByRole = roleAllows(principal, action)
      const may = account === topic.account ? mayByRole || effect === 'allow' : mayByRole && effect === 'allow'
      if (effect === 'deny' || !may) throw denied(principal, action, topicArn(topic))
    },
    authoriseAccount({ principal }, action) {
      if (!roleAllows(principal, action)) throw denied(principal, action, '*')
    },
    authoriseSubscription({ principal }, action, subscription) {
      const isInvolved = [subscription.owner, subscription.topic.account].includes(principal.account)
      if (!isInvolved || !roleAllows(principal, action))
        throw denied(principal, action, `${topicArn(subscription.topic)}:${subscription.id}`)
    },
    letsPublish: (topic, { trailArn, account }) =>
      judge(topic, { kind: 'service', service: cloudTrail }, 'Publish', {
        'aws:SourceArn': trailArn,
        'aws:SourceAccount': account,
        'aws:PrincipalIsAWSService': 'true',
        'aws:PrincipalServiceName': cloudTrail,
      }) === 'allow',
  }
}

const cloudTrail = 'cloudtrail.amazonaws.com'

const roleAllows = ({ role }: Principal, { readOnly }: TopicAction): boolean =>
  role === 'administrator' || (role === 'auditor' && readOnly)

/** `AWS:SourceOwner` is what default policies ask for; it is the administrators' alone, as roles are all the identity policy there is. */
const principalConditions = ({ account, arn, userName, userId, role }: Principal): RequestConditions => ({
  'aws:PrincipalAccount': account,
  'aws:PrincipalArn': arn,
  'aws:PrincipalType': 'User',
  'aws:PrincipalIsAWSService': 'false',
  'aws:username': userName,
  'aws:userid': userId,
  ...(role === 'administrator' && { 'aws:SourceOwner': account }),
})

const denied = ({ arn }: Principal, { name }: TopicAction, resource: string): SnsError =>
  new SnsError(
    'AuthorizationError',
    `User: ${arn} is not authorized to perform: SNS:${name} on resource: ${resource} because no identity-based policy ` +
      `or resource-based policy allows the SNS:${name} action`,
  )

/** @throws {SnsError} InvalidParameter */
export function checkPolicy(text: string): void {
  const reading = parsePolicy(text, 'resource')
  if (!reading.ok) throw invalidParameter(`Policy Error: ${reading.message}`)
}

interface PolicyText {
  readonly Statement: readonly { readonly Sid?: string }[] | { readonly Sid?: string }
}

const statementsOf = ({ Statement }: PolicyText): readonly { readonly Sid?: string }[] =>
  Array.isArray(Statement) ? Statement : [Statement as { readonly Sid?: string }]

export interface Permission {
  readonly label: string
  /** Account ids. */
  readonly accounts: readonly string[]
  /** `Publish`, without `SNS:`. */
  readonly actions: readonly string[]
}

/** The policy with one more statement. @throws {SnsError} InvalidParameter */
export function withPermission(topic: TopicDocument, { label, accounts, actions }: Permission): string {
  const policy = JSON.parse(policyOf(topic)) as PolicyText
  const statements = statementsOf(policy)
  if (statements.some(({ Sid }) => Sid === label)) throw invalidParameter('Statement already exists')
  const partition = topicArn(topic).split(':', 2)[1]
  const statement = {
    Sid: label,
    Effect: 'Allow',
    Principal: { AWS: accounts.map((account) => `arn:${partition}:iam::${account}:root`) },
    Action: actions.map((action) => `SNS:${action}`),
    Resource: topicArn(topic),
  }
  const text = JSON.stringify({ ...policy, Statement: [...statements, statement] })
  checkPolicy(text)
  return text
}

/** The policy without the statement of that name. @throws {SnsError} NotFound; InvalidParameter: it is the only one */
export function withoutPermission(topic: TopicDocument, label: string): string {
  const policy = JSON.parse(policyOf(topic)) as PolicyText
  const statements = statementsOf(policy)
  const left = statements.filter(({ Sid }) => Sid !== label)
  if (left.length === statements.length) throw new SnsError('NotFound', 'Statement does not exist')
  if (left.length === 0) throw invalidParameter('a policy needs a statement: set another policy instead')
  return JSON.stringify({ ...policy, Statement: left })
}
