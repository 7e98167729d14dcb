import { planLookup, toWireEvent, type LookupFaultKind, type LookupPlan } from '@opentrail/core/history'
import type { Random } from '../clock/index.ts'
import {
  PostingsUnavailableError,
  type HistoryPage,
  type HistoryReader,
  type HistoryRequest,
} from '../history/index.ts'
import { JournalUnavailableError } from '../journal/index.ts'
import { ApiError } from '../api-error/index.ts'
import { createLookupTokens, type LookupCursor, type LookupTokens, type TokenFault } from './lookup-token.ts'
import type { Operation } from './operation.ts'

const codeByFault = {
  'wrong-type': 'SerializationException',
  'invalid-lookup-attributes': 'InvalidLookupAttributesException',
  'invalid-time-range': 'InvalidTimeRangeException',
  'invalid-max-results': 'InvalidMaxResultsException',
  'invalid-event-category': 'InvalidEventCategoryException',
  'invalid-next-token': 'InvalidNextTokenException',
} as const satisfies Record<LookupFaultKind, string>

const messageByTokenFault = {
  altered: 'The NextToken is not one that LookupEvents has issued.',
  foreign: 'The NextToken was issued for a request with other parameters.',
  expired: 'The NextToken has expired; repeat the request without it.',
} as const satisfies Record<TokenFault, string>

export interface LookupEventsOptions {
  /** 32 bytes that seal page tokens; the same for every process that answers for the deployment. */
  readonly tokenKey: Uint8Array
  readonly random: Random
}

/**
 * Looks up management or Insights events of the caller's account and the called Region, newest first.
 * @throws {RangeError} the token key has another length.
 */
export function createLookupEvents({ tokenKey, random }: LookupEventsOptions): Operation {
  const tokens = createLookupTokens(tokenKey, random)
  return {
    name: 'LookupEvents',
    action: 'cloudtrail:LookupEvents',
    readOnly: true,
    roles: ['administrator', 'auditor'],
    async handle(input, { caller, region, clocks, history }) {
      const now = clocks.domain()
      const plan = planLookup(input, { now, account: caller.account, region })
      if (!plan.ok) throw new ApiError(codeByFault[plan.kind], plan.message)
      const cursor = openToken(plan, tokens, now)
      const floor = cursor?.floor ?? plan.floor
      const page = await readPage(history, request(plan, floor, cursor))
      const next = page.next && tokens.seal({ ...page.next, snapshot: page.snapshot, floor }, plan.identity)
      return { Events: page.entries.map(toWireEvent), ...(next !== undefined && { NextToken: next }) }
    },
  }
}

function openToken({ token, identity }: LookupPlan, tokens: LookupTokens, now: number): LookupCursor | undefined {
  if (token === undefined) return undefined
  const cursor = tokens.open(token, identity, now)
  if (typeof cursor === 'string') throw new ApiError('InvalidNextTokenException', messageByTokenFault[cursor])
  return cursor
}

function request(plan: LookupPlan, floor: number, cursor: LookupCursor | undefined): HistoryRequest {
  const { stream, category, filter, timeMax, limit } = plan
  return {
    stream,
    category,
    ...(filter && { filter }),
    timeMin: Math.max(floor, plan.timeMin),
    // A walk goes on from where it is, also when the clock has gone back behind that.
    timeMax: Math.max(timeMax, cursor?.time ?? 0),
    limit,
    ...(cursor && { snapshot: cursor.snapshot, after: { time: cursor.time, sequence: cursor.sequence } }),
  }
}

async function readPage(history: HistoryReader, asked: HistoryRequest): Promise<HistoryPage> {
  try {
    return await history.page(asked)
  } catch (error) {
    if (!(error instanceof PostingsUnavailableError || error instanceof JournalUnavailableError)) throw error
    throw new ApiError('ServiceUnavailable', 'The event history is not available at the moment; try again.', {
      cause: error,
      status: 503,
    })
  }
}
