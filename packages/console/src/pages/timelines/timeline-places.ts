import type { ApiEvent } from '@opentrail/core/api'
import { formatSearch, type SearchAttribute, type SearchExpression } from '@opentrail/core/search'
import { hrefOf } from '../../shell/place.ts'

export type TimelineKind = 'resource' | 'identity'

export const timelineHref = (kind: TimelineKind, name: string, from?: string): string =>
  hrefOf('/timelines', { kind, name, from })

/** Names by which an identity is looked for, the attributes that have them. */
const identityAttributes = [
  'username',
  'userIdentity.arn',
  'userIdentity.principalId',
  'userIdentity.accessKeyId',
  'userIdentity.sessionContext.sessionIssuer.arn',
] as const satisfies readonly SearchAttribute[]

const equals = (attribute: SearchAttribute, value: string): SearchExpression => ({
  kind: 'attribute',
  attribute,
  values: [value],
})

/** The search that finds what a timeline is about. */
export const subjectOf = (kind: TimelineKind, name: string): SearchExpression =>
  kind === 'resource'
    ? equals('resource', name)
    : { kind: 'or', of: identityAttributes.map((attribute) => equals(attribute, name)) }

export const failed: SearchExpression = { kind: 'exists', path: ['errorCode'] }

/** To the event history: the subject, and one more condition. */
export function searchHref(kind: TimelineKind, name: string, from: string, more?: SearchExpression): string {
  const subject = subjectOf(kind, name)
  return hrefOf('/events', { where: formatSearch(more ? { kind: 'and', of: [subject, more] } : subject), from })
}

export const withValue = (attribute: SearchAttribute, value: string): SearchExpression => equals(attribute, value)

export interface TimelineLink {
  readonly text: string
  readonly href: string
}

/** More resources are a list, which the event's page has. */
const resourcesMax = 10

/** The timelines that an event is part of: of who did it, and of what it was done to. */
export function timelinesOf(event: Pick<ApiEvent, 'username' | 'accessKeyId' | 'resources'>): TimelineLink[] {
  const identity = event.username ?? event.accessKeyId
  const names = [...new Set(event.resources.map(({ name }) => name))].filter((name) => name !== '')
  return [
    ...(identity ? [{ text: identity, href: timelineHref('identity', identity) }] : []),
    ...names.slice(0, resourcesMax).map((name) => ({ text: name, href: timelineHref('resource', name) })),
  ]
}

/** An ARN of a user or a role's session is one of an identity; everything else may be both. */
export const guessKind = (name: string): TimelineKind =>
  /^arn:[a-z-]+:(?:iam|sts)::\d{12}:(?:user|assumed-role|federated-user)\/|^arn:[a-z-]+:iam::\d{12}:root$|^A(?:KIA|SIA|IDA|ROA)[A-Z0-9]{12,}/.test(
    name,
  )
    ? 'identity'
    : 'resource'
