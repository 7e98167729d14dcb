import * as z from 'zod'
import type { ApiAnswer, ApiEvent } from '@opentrail/core/api'
import { formatEventTime } from '@opentrail/core/event'
import { historyDays } from '@opentrail/core/history'
import {
  answerSentence,
  formatSearch,
  questionCharsMax,
  understand,
  type AskedEvent,
  type AskTry,
  type Understanding,
} from '@opentrail/core/search'
import { answerSchema } from './answer-schemas.ts'
import { timeForm } from './asked-time.ts'
import { apiEvent, parsed } from './event-view.ts'
import { operation, type ApiOperation, type Asker } from './operation.ts'
import { accountsParameter, readScope, type Scope, type SentScope } from './scope.ts'
import { scanMax, walk, type SearchParts, type Walked } from './walk.ts'

/** Events beside the sentence. */
const eventsShown = 20
/** Names of operations that verbs are looked for in; with more of them, names are searched by how they begin. */
const eventNamesMax = 100
const time = z.string().max(40).regex(timeForm)
const account = z.string().regex(/^(?:\*|\d{12})$/)

const questionSchema = z.strictObject({
  question: z.string().min(1).max(questionCharsMax),
  from: time.exactOptional().describe('As the parameter of `/api/v1/events`; a time in the question comes before it'),
  to: time.exactOptional(),
  accounts: z.array(account).min(1).max(100).exactOptional(),
  regions: z
    .array(z.string().regex(/^[a-z0-9-]{1,64}$/))
    .min(1)
    .max(100)
    .exactOptional(),
})

/** A name, key, ARN, address or a question: answered in a sentence. */
export const askOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'POST',
    path: '/api/v1/ask',
    eventName: 'AskEvents',
    brief: 'Answers a question, or finds whatever has a name, in one sentence',
    details:
      'By rules (`docs/guides/searching.md`), no model. `where` is the search that answers it; with `from` and `to` it can be asked again at `/api/v1/events`, where the cursor is good, too.',
    parameters: {},
    body: questionSchema,
    answer: { json: answerSchema },
    errors: [],
    async ask(question) {
      const { question: text, accounts, regions, ...range } = question.body
      const sent = {
        ...range,
        accounts: accountsParameter.read('accounts', accounts?.join(',')),
        regions: regions?.join(','),
      }
      return { json: await answer(question, text, sent, parts) }
    },
  })

async function answer(asker: Asker, text: string, sent: SentScope, parts: SearchParts): Promise<ApiAnswer> {
  const scope = readScope(sent, asker, parts)
  const understood = understand(text, { now: parts.now(), ...(await eventNames(scope, parts)) })
  const times = timesOf(understood)
  const during = { ...sent, ...((times.from ?? times.to) !== undefined && { from: times.from, to: times.to }) }
  for (const attempt of understood.tries) {
    const where = formatSearch(attempt.expression)
    const found = await walk(
      { ...asker, eventName: 'SearchEvents' },
      { sent: { where, ...during, limit: eventsShown, cursor: undefined } },
      parts,
    )
    if (found.entries.length > 0 || isUnfinished(found, attempt, understood))
      return told(understood, attempt, where, found, { asker, during, parts })
  }
  const [first] = understood.tries
  return {
    sentence: answerSentence(understood, { found: undefined, count: 0, mayBeMore: false, during: duringWords(sent) }),
    where: first ? formatSearch(first.expression) : '',
    ...timesOf(understood),
    events: [],
    understood: first?.understood ?? 'text',
  }
}

/** The last try has looked as far as one answer may, and could go on. */
const isUnfinished = ({ cursor }: Walked, attempt: AskTry, { tries }: Understanding): boolean =>
  cursor !== undefined && attempt === tries.at(-1)

async function eventNames(scope: Scope, { search }: SearchParts) {
  if (scope.streams.length === 0) return { eventNames: [], areAllEventNames: true }
  const { values, searchedTo } = await search.values({
    ...scope,
    attribute: 'eventName',
    limit: eventNamesMax,
    scanMax,
  })
  const names = values.map(({ value }) => value)
  return { eventNames: names, areAllEventNames: names.length < eventNamesMax && searchedTo === undefined }
}

/** What was asked for beside the question, or how far back is looked without. */
function duringWords({ from, to }: SentScope): string {
  if (from === undefined && to === undefined) return `in the last ${historyDays} days`
  return [...(from === undefined ? [] : [`from ${from}`]), ...(to === undefined ? [] : [`to ${to}`])].join(' ')
}

function timesOf({ from, to }: Understanding): Pick<ApiAnswer, 'from' | 'to'> {
  return {
    ...(from !== undefined && { from: formatEventTime(from) }),
    ...(to !== undefined && { to: formatEventTime(to) }),
  }
}

interface Telling {
  readonly asker: Asker
  readonly during: SentScope
  readonly parts: SearchParts
}

async function told(
  understood: Understanding,
  attempt: AskTry,
  where: string,
  found: Walked,
  telling: Telling,
): Promise<ApiAnswer> {
  const events = found.entries.map(apiEvent)
  const [newest] = events
  const addresses = understood.wants === 'addresses' ? await addressesOf(attempt, telling) : undefined
  const sentence = answerSentence(understood, {
    found: attempt,
    ...(newest && { newest: askedEvent(newest) }),
    count: events.length,
    mayBeMore: found.cursor !== undefined,
    during: duringWords(telling.during),
    ...(addresses && { addresses }),
  })
  const { cursor, searchedTo } = found
  return {
    sentence,
    where,
    ...timesOf(understood),
    events,
    understood: attempt.understood,
    ...(cursor !== undefined && { cursor }),
    ...(searchedTo !== undefined && { searchedTo }),
  }
}

async function addressesOf({ expression }: AskTry, { asker, during, parts }: Telling) {
  const scope = readScope(during, asker, parts)
  const { values } = await parts.search.values({
    ...scope,
    expression,
    attribute: 'sourceIPAddress',
    limit: 10,
    scanMax,
  })
  return values
}

function askedEvent(event: ApiEvent): AskedEvent {
  const { eventName, eventTime, sourceIPAddress, errorCode, resources, username } = event
  const [resource] = resources
  return {
    who: username ?? callerOf(event),
    eventName,
    eventTime,
    ...(resource && { on: resource.name }),
    ...(sourceIPAddress !== undefined && { from: sourceIPAddress }),
    ...(errorCode !== undefined && { errorCode }),
    ...(isRefusedSignIn(event) && { failed: true }),
  }
}

/** A console says of a sign-in that failed only this. Source: AWS CloudTrail User Guide, "AWS Management Console sign-in events". */
function isRefusedSignIn({ record }: ApiEvent): boolean {
  const { responseElements } = parsed(record)
  return (
    typeof responseElements === 'object' &&
    responseElements !== null &&
    'ConsoleLogin' in responseElements &&
    responseElements.ConsoleLogin === 'Failure'
  )
}

/** Services and strangers have no user name. */
function callerOf({ record }: ApiEvent): string {
  const { userIdentity } = parsed(record)
  const members: Readonly<Record<string, unknown>> =
    typeof userIdentity === 'object' && userIdentity !== null ? { ...userIdentity } : {}
  const name = ['arn', 'invokedBy', 'principalId', 'type']
    .map((member) => members[member])
    .find((value) => typeof value === 'string')
  return typeof name === 'string' ? name : 'Somebody'
}
