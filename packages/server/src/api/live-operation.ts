import type { Sequence, StreamId } from '@opentrail/core/event'
import type { LiveStreams, Positions } from './live-streams.ts'
import { streamsPerPrincipalMax } from './live-streams.ts'
import { operation, type ApiOperation } from './operation.ts'
import { identityOf } from './page-cursors.ts'
import { optionalText } from './parameters.ts'
import {
  accountsParameter,
  readPlaces,
  readStreams,
  readWhere,
  regionsParameter,
  whereParameter,
  type ScopeParts,
} from './scope.ts'
import { cursorCharsMax, type Seals } from './seals.ts'
import type { Journal } from '../journal/index.ts'

export interface LiveParts extends ScopeParts {
  readonly journal: Pick<Journal, 'streams' | 'durable'>
  readonly live: LiveStreams
  readonly seals: Seals
}

const replayCursor = optionalText(
  'The `id` of the last message that arrived; the header `Last-Event-ID` does the same. Nothing is lost or repeated. Absent: from now on',
  { charsMax: cursorCharsMax, pattern: /^[A-Za-z0-9_-]*$/, form: 'the id of a message' },
)

/** Events as they become durable. */
export const liveOperation = (parts: LiveParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/live',
    eventName: 'FollowEvents',
    brief: 'Events as they come in, as server-sent events',
    details:
      'Messages of the type `event` have an event as it is in `/api/v1/events` for data. Each message has an `id` to come back with; one without data, and the ' +
      'comment `heartbeat` every 15 s, only move it on. `lost` (data: `stream`, `after`, `before`) says that events were removed before they could be sent. Events of one account and ' +
      `Region come in the order in which they were admitted. Who reads slowly is caught up. A principal may follow ${streamsPerPrincipalMax} at a time.`,
    parameters: { where: whereParameter, accounts: accountsParameter, regions: regionsParameter, cursor: replayCursor },
    answer: { stream: 'text/event-stream' },
    errors: ['InvalidSearchException', 'InvalidNextTokenException', 'PositionLostException', 'ThrottlingException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { parameters, principal, signal } = question
      const identity = identityOf(question, '', parameters)
      const expression = readWhere(parameters.where)
      const streams = readStreams(parameters, question, parts)
      const isWanted = readPlaces(parameters, question, parts)
      const sent = parameters.cursor ?? question.lastEventId
      const after = sent === undefined ? undefined : readPositions(parts.seals.open(sent, identity))
      const positions = new Map(
        // A stream that was not there when the cursor was made is new from its beginning.
        streams.map((stream) => [stream, after ? (after.get(stream) ?? 0) : parts.journal.durable(stream)] as const),
      )
      const seal = (at: Positions): string => parts.seals.seal([...at], identity)
      return {
        stream: parts.live.follow({ principal: principal.arn, positions, isWanted, expression, seal, signal }),
        contentType: 'text/event-stream',
      }
    },
  })

const readPositions = (content: unknown): Positions =>
  new Map(content as readonly (readonly [StreamId, Sequence | 0])[])
