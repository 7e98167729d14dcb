import type {
  ApiIdentityTimeline,
  ApiParameterChange,
  ApiResourceChange,
  ApiResourceTimeline,
} from '@opentrail/core/api'
import { parseEnvelope, type StoredEntry } from '@opentrail/core/event'
import { formatPath, parameterChanges, type SearchAttribute, type SearchExpression } from '@opentrail/core/search'
import { identityTimelineSchema, resourceTimelineSchema } from './answer-schemas.ts'
import { apiEvent, parsed } from './event-view.ts'
import { operation, type ApiOperation } from './operation.ts'
import { cursorParameter } from './page-cursors.ts'
import { flag, integer, requiredText } from './parameters.ts'
import { accountsParameter, readScope, regionsParameter, type Scope } from './scope.ts'
import { fromParameter, secondsMax, toParameter } from './asked-time.ts'
import { both, scanMax, timeText, walk, type SearchParts } from './walk.ts'

const placeParameters = {
  from: fromParameter,
  to: toParameter,
  accounts: accountsParameter,
  regions: regionsParameter,
} as const
/** As long as the longest value that the index keeps. */
const nameCharsMax = 2_048
const limitParameter = integer('Events of one answer at most', { min: 1, max: 100, default: 50 })

/** What was done to a resource, and what each call changed. */
export const resourceTimelineOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/timelines/resource',
    eventName: 'GetResourceTimeline',
    brief: 'The events of a resource, newest first, each with what it changed',
    details:
      "Parameters are compared with those of the same operation's last success before it; values are JSON text. Failed calls change nothing. The last success is looked for in all that is kept of the account and Region, whatever `from` says.",
    parameters: {
      name: requiredText('Name of the resource, as the events have it: a name or an ARN', {
        charsMax: nameCharsMax,
        example: 'logs-2026',
      }),
      reads: flag('Whether events that only read are told, too'),
      ...placeParameters,
      limit: limitParameter,
      cursor: cursorParameter,
    },
    answer: { json: resourceTimelineSchema },
    errors: ['InvalidNextTokenException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { name, reads } = question.parameters
      const also = reads ? ofResource(name) : both(ofResource(name), noReads)
      const {
        entries,
        times: _,
        ...more
      } = await walk(question, { sent: question.parameters, ...(also && { also }) }, parts)
      return {
        json: {
          name,
          changes: await changesOf(entries, { name, signal: question.signal }, parts),
          ...more,
        } satisfies ApiResourceTimeline,
      }
    },
  })

const ofResource = (name: string): SearchExpression => ({ kind: 'attribute', attribute: 'resource', values: [name] })
const noReads: SearchExpression = { kind: 'not', of: { kind: 'attribute', attribute: 'readOnly', values: ['true'] } }
const succeeded: SearchExpression = { kind: 'not', of: { kind: 'exists', path: ['errorCode'] } }

interface AskedResource {
  readonly name: string
  readonly signal: AbortSignal
}

interface Success {
  readonly parameters: string | undefined
}

async function changesOf(
  entries: readonly StoredEntry[],
  of: AskedResource,
  parts: SearchParts,
): Promise<ApiResourceChange[]> {
  const changes: ApiResourceChange[] = []
  for (const [at, entry] of entries.entries()) {
    const event = apiEvent(entry)
    const own = successOf(entry)
    const before = own && (olderSuccess(entries.slice(at + 1), entry) ?? (await lookBack(entry, of, parts)))
    changes.push({ event, changes: own && before ? differences(before, own) : [] })
  }
  return changes
}

function differences(before: Success, after: Success): ApiParameterChange[] {
  return parameterChanges(before.parameters, after.parameters, ['requestParameters']).map(({ path, ...values }) => ({
    path: formatPath(path),
    ...values,
  }))
}

/** Undefined: the call failed. */
function successOf(entry: StoredEntry): Success | undefined {
  const text = Buffer.from(entry.record).toString()
  if (parsed(text)['errorCode'] !== undefined) return undefined
  return { parameters: memberText(text, 'requestParameters') }
}

/** The JSON text of a member of the record, with its numbers as they were written. */
function memberText(record: string, name: string): string | undefined {
  const [change] = parameterChanges('{}', record).filter(({ path }) => path.length === 1 && path[0] === name)
  return change?.after === 'null' ? undefined : change?.after
}

/** In another account or Region a resource of the same name is another one. */
const isSameOperation = (one: StoredEntry, other: StoredEntry): boolean => {
  const [a, b] = [parseEnvelope(one).event, parseEnvelope(other).event]
  return one.stream === other.stream && a.eventName === b.eventName && a.eventSource === b.eventSource
}

function olderSuccess(older: readonly StoredEntry[], entry: StoredEntry): Success | undefined {
  for (const candidate of older) {
    const success = isSameOperation(candidate, entry) ? successOf(candidate) : undefined
    if (success) return success
  }
  return undefined
}

/** The one before the page, if there is one. */
async function lookBack(
  entry: StoredEntry,
  { name, signal }: AskedResource,
  { search }: SearchParts,
): Promise<Success | undefined> {
  const { eventName, eventSource, eventTime } = parseEnvelope(entry).event
  const same: SearchExpression[] = [
    { kind: 'attribute', attribute: 'eventName', values: [eventName] },
    { kind: 'attribute', attribute: 'eventSource', values: [eventSource] },
  ]
  const time = Math.floor(eventTime / 1_000)
  const page = await search.page({
    streams: [entry.stream],
    expression: { kind: 'and', of: [ofResource(name), ...same, succeeded] },
    timeMin: 0,
    timeMax: time,
    after: { time, stream: entry.stream, sequence: entry.sequence },
    limit: 1,
    scanMax,
    signal,
  })
  return page.entries[0] && successOf(page.entries[0])
}

/** What somebody did, in numbers and events. */
export const identityTimelineOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/timelines/identity',
    eventName: 'GetIdentityTimeline',
    brief: 'The events of an identity, newest first, with what it calls most, from where, and what fails',
    parameters: {
      name: requiredText(
        'A user or session name, ARN (also of the role behind a session), principal id or access key id',
        { charsMax: nameCharsMax, example: 'alice' },
      ),
      ...placeParameters,
      limit: limitParameter,
      cursor: cursorParameter,
    },
    answer: { json: identityTimelineSchema },
    errors: ['InvalidNextTokenException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { name } = question.parameters
      const also = ofIdentity(name)
      const { entries, times, ...more } = await walk(question, { sent: question.parameters, also }, parts)
      // Of the walk's own times: a page that is asked for by its cursor alone would else have those of today.
      const scope = { ...readScope(question.parameters, question, parts), ...times, expression: also }
      return {
        json: {
          name,
          ...(await summary(scope, parts)),
          events: entries.map(apiEvent),
          ...more,
        } satisfies ApiIdentityTimeline,
      }
    },
  })

const identityAttributes = [
  'username',
  'userIdentity.arn',
  'userIdentity.principalId',
  'userIdentity.accessKeyId',
  'userIdentity.sessionContext.sessionIssuer.arn',
] as const satisfies readonly SearchAttribute[]

const ofIdentity = (name: string): SearchExpression => ({
  kind: 'or',
  of: identityAttributes.map((attribute) => ({ kind: 'attribute', attribute, values: [name] })),
})

/** Codes of errors that are counted: one identity meets a handful. */
const codesMax = 100
/** Values of each list. */
const valuesShown = 10
const daySeconds = 86_400

type Summary = Omit<ApiIdentityTimeline, 'name' | 'events' | 'cursor' | 'searchedTo'>

async function summary(
  scope: Scope & { readonly expression: SearchExpression },
  { search }: SearchParts,
): Promise<Summary> {
  if (scope.streams.length === 0) return { total: 0, failed: 0, eventNames: [], sources: [], addresses: [], errors: [] }
  const top = async (attribute: SearchAttribute) =>
    (await search.values({ ...scope, attribute, limit: valuesShown, scanMax })).values
  const days = await search.counts({ ...scope, bucketSeconds: daySeconds, scanMax })
  // By their codes the index alone can count them.
  const { values: errors } = await search.values({ ...scope, attribute: 'errorCode', limit: codesMax, scanMax })
  const [firstDay, lastDay] = [days.buckets[0], days.buckets.at(-1)]
  return {
    ...(firstDay && { firstSeen: await edge(scope, firstDay.start, 0, search) }),
    ...(lastDay && { lastSeen: await edge(scope, lastDay.start, -1, search) }),
    total: days.total,
    failed: errors.reduce((sum, { count }) => sum + count, 0),
    eventNames: await top('eventName'),
    sources: await top('eventSource'),
    addresses: await top('sourceIPAddress'),
    errors: errors.slice(0, valuesShown),
  }
}

/** The first (0) or last (-1) second of a day with an event in it. */
async function edge(scope: Scope, day: number, at: 0 | -1, search: SearchParts['search']): Promise<string> {
  const timeMin = Math.max(scope.timeMin, day)
  const timeMax = Math.min(scope.timeMax, day + daySeconds - 1, secondsMax)
  const { buckets } = await search.counts({ ...scope, timeMin, timeMax, bucketSeconds: 1, scanMax })
  return timeText(buckets.at(at)?.start ?? timeMin)
}
