import type { AccountId, Region, StreamId } from '@opentrail/core/event'
import { ApiError, type OperationContext } from '../../packages/server/src/operations/index.ts'
import { demand } from './ledger.ts'
import { naiveLookup, plain, type Filter } from './naive-history.ts'
import { below, chance, pick, streamOf, values, type Dice } from './workload.ts'
import type { World } from './world.ts'

const historySeconds = 90 * 86_400

/** A walk through LookupEvents, page by page, possibly over several lives of the service. */
export interface Walk {
  /** Asks for the next page. False at the walk's end, or when it was given up. */
  next(): Promise<boolean>
  /** Compares what was shown so far with a plain filter over the journal. @throws {Violation} */
  compare(): void
}

export function chooseFilter(dice: Dice, ids: readonly string[]): Filter | undefined {
  if (chance(dice, 0.25)) return undefined
  if (chance(dice, 0.2) && ids.length > 0) return { AttributeKey: 'EventId', AttributeValue: pick(dice, ids) }
  const [AttributeKey, from] = pick(dice, Object.entries(values))
  return { AttributeKey, AttributeValue: pick(dice, from) }
}

export interface WalkOptions {
  readonly account: AccountId
  readonly region: Region
  readonly filter: Filter | undefined
  readonly pageSize: number
}

export function startWalk(world: World, { account, region, filter, pageSize }: WalkOptions): Walk {
  const stream: StreamId = streamOf(account, region)
  const began = world.clocks.domain() / 1_000
  const shown: string[] = []
  let token: unknown
  /** What was durable before and after the first page: the walk's snapshot lies between. */
  let durable: { readonly before: number; readonly after: number } | undefined
  /** Of the first page: failures, or an index that is being filled again, excuse what is missing. */
  let excused = false
  let isWhole = true
  let ended = false

  return {
    async next() {
      const { life, faults } = world
      const before = life.journal.durable(stream)
      const happened = faults.happened
      isWhole &&= life.whole
      const input = {
        MaxResults: pageSize,
        ...(filter && { LookupAttributes: [filter] }),
        ...(token !== undefined && { NextToken: token }),
      }
      let answer: Record<string, unknown>
      try {
        answer = await world.lookupEvents.handle(input, {
          caller: { account },
          region,
          clocks: world.clocks,
          history: life.service.history.reader,
        } as OperationContext)
      } catch (error) {
        // A walk lives for a day; and what cannot be answered now is refused, never answered by halves.
        // A disk that cannot be read is an internal failure to the caller.
        if (faults.happened > happened && !(error instanceof ApiError)) return false
        if (!(error instanceof ApiError)) throw error
        demand(
          error.code !== 'InvalidNextTokenException' || world.clocks.domain() / 1_000 > began + 86_400,
          () => `a page token was refused: ${error.message}`,
        )
        return false
      }
      const events = answer['Events'] as { CloudTrailEvent: string }[]
      demand(events.length <= pageSize, () => `${events.length} events on a page of ${pageSize}`)
      shown.push(...events.map(({ CloudTrailEvent }) => CloudTrailEvent))
      if (!durable) {
        durable = { before, after: life.journal.durable(stream) }
        excused = faults.happened > happened || !world.engineUp || !isWhole || world.impaired
      }
      token = answer['NextToken']
      ended = token === undefined
      return !ended
    },
    compare() {
      if (!durable) return
      const from = Math.ceil(began - historySeconds)
      const entries = (world.ledger.archive.get(stream) ?? []).map(plain)
      const first = world.life.journal.streams().find((state) => state.stream === stream)?.first ?? 1
      const expectedUpTo = (snapshot: number) =>
        naiveLookup(
          entries.filter(({ sequence }) => sequence <= snapshot),
          { filter, from, to: Math.floor(began) },
        )
      const fits = (snapshot: number): boolean => {
        const expected = expectedUpTo(snapshot)
        return isShown(shown, expected, { first, isWhole, ended })
      }
      const lowest = excused ? 0 : durable.before
      let snapshot = durable.after
      while (snapshot >= lowest && !fits(snapshot)) snapshot--
      demand(
        snapshot >= lowest,
        () =>
          `a walk by ${JSON.stringify(filter)} over ${stream} (${lowest} to ${durable!.after}, ended ${ended}, ` +
          `whole ${isWhole}) showed ${shown.map(idOf).join(' ')}, not ` +
          expectedUpTo(durable!.after)
            .map(({ text, sequence }) => `${sequence}:${idOf(text)}`)
            .join(' '),
      )
    },
  }
}

const idOf = (text: string) => (JSON.parse(text) as { requestID: string }).requestID

/**
 * Whether `shown` is what a walk may show of `expected`, in this order: all of it, or its beginning while the walk goes
 * on. What retention has removed since (before `first`), or an index that is not whole has not got back, may be missing.
 */
function isShown(
  shown: readonly string[],
  expected: readonly { readonly text: string; readonly sequence: number }[],
  { first, isWhole, ended }: { readonly first: number; readonly isWhole: boolean; readonly ended: boolean },
): boolean {
  let at = 0
  for (const { text, sequence } of expected) {
    if (shown[at] === text) at++
    else if (at === shown.length && !ended) return true
    else if (isWhole && sequence >= first) return false
  }
  return at === shown.length
}

export const pageSizeOf = (dice: Dice): number => pick(dice, [1, 2, 3 + below(dice, 8), 50])
