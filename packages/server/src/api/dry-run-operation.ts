import * as z from 'zod'
import type { ApiDryRun } from '@opentrail/core/api'
import { parseEnvelope, streamId, type Region, type StoredEntry } from '@opentrail/core/event'
import { historyDays } from '@opentrail/core/history'
import { compileSelectors, readSelectors, selectableEvent, type SelectableEvent } from '@opentrail/core/selector'
import { dryRunSchema } from './answer-schemas.ts'
import { operation, type ApiOperation } from './operation.ts'
import { invalid } from './parameters.ts'
import { readRegions } from './scope.ts'
import { scanMax, type SearchParts } from './walk.ts'

/** Records that one answer reads: a second or two. */
const eventsMax = 20_000
const pageEvents = 1_000
/** Of a sample: so many moments, evenly over the time, and from each the events that came before it. */
const samplesMax = 100
/** Event sources that are told apart. */
const sourcesShown = 50
const daySeconds = 86_400

const requestSchema = z.strictObject({
  eventSelectors: z.array(z.unknown()).max(5).exactOptional().describe('As PutEventSelectors takes them'),
  advancedEventSelectors: z.array(z.unknown()).max(500).exactOptional().describe('As PutEventSelectors takes them'),
  days: z.int().min(1).max(historyDays).exactOptional().describe('The last so many days; 7 where absent'),
  regions: z.array(z.string().max(64)).min(1).max(100).exactOptional().describe('All where absent'),
})

/** What selectors would have taken. */
export const dryRunOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'POST',
    path: '/api/v1/dry-run',
    eventName: 'DryRunEventSelectors',
    brief: "What selectors would have taken of the account's events of the last days",
    details: `Exactly one of the two kinds of selectors. Of more than ${eventsMax.toLocaleString('en')} events a sample is looked at, evenly over the time; \`sampleOf\` then says of how many.`,
    parameters: {},
    body: requestSchema,
    answer: { json: dryRunSchema },
    errors: [],
    async ask(question) {
      const { body, principal, signal } = question
      const { eventSelectors, advancedEventSelectors, days = 7, regions } = body
      const read = readSelectors({ eventSelectors, advancedEventSelectors })
      if (!read.ok) throw invalid(read.message)
      const existing = new Set(parts.journal.streams().map(({ stream }) => stream))
      const streams = readRegions(regions?.join(','), question).map((region: Region) =>
        streamId(principal.account, region),
      )
      const timeMax = Math.floor(parts.now() / 1_000)
      const scope = {
        streams: streams.filter((stream) => existing.has(stream)),
        timeMin: timeMax - days * daySeconds + 1,
        timeMax,
        signal,
      }
      return { json: await dryRun(scope, compileSelectors(read.selectors), parts) }
    },
  })

interface DryRunScope {
  readonly streams: readonly StoredEntry['stream'][]
  readonly timeMin: number
  readonly timeMax: number
  readonly signal: AbortSignal
}

async function dryRun(
  scope: DryRunScope,
  takes: (event: SelectableEvent) => boolean,
  { search }: SearchParts,
): Promise<ApiDryRun> {
  const tally = createTally(takes)
  if (scope.streams.length === 0) return tally.result()
  const { total } = await search.counts({ ...scope, bucketSeconds: daySeconds, scanMax })
  if (total <= eventsMax) {
    await readAll(scope, search, (entry) => tally.add(entry))
    return tally.result()
  }
  const width = Math.max(1, Math.ceil((scope.timeMax - scope.timeMin + 1) / samplesMax))
  for (let end = scope.timeMax; end >= scope.timeMin; end -= width) {
    const part = { ...scope, timeMin: Math.max(scope.timeMin, end - width + 1), timeMax: end }
    const { entries } = await search.page({ ...part, limit: eventsMax / samplesMax, scanMax })
    for (const entry of entries) tally.add(entry)
  }
  return { ...tally.result(), sampleOf: total }
}

async function readAll(
  scope: DryRunScope,
  search: SearchParts['search'],
  add: (entry: StoredEntry) => void,
): Promise<void> {
  let page = await search.page({ ...scope, limit: pageEvents, scanMax })
  for (;;) {
    for (const entry of page.entries) add(entry)
    if (!page.next) return
    page = await search.page({ ...scope, limit: pageEvents, scanMax, after: page.next, snapshots: page.snapshots })
  }
}

function createTally(takes: (event: SelectableEvent) => boolean) {
  const bySource = new Map<string, { events: number; selected: number }>()
  const sum = { events: 0, selected: 0, selectedBytes: 0 }
  return {
    add(entry: StoredEntry): void {
      const { event, origin } = parseEnvelope(entry)
      // No trail delivers again what was imported.
      if (origin === 'import') return
      const source = bySource.get(event.eventSource) ?? { events: 0, selected: 0 }
      bySource.set(event.eventSource, source)
      source.events += 1
      sum.events += 1
      if (!takes(selectableEvent(event, entry.record))) return
      source.selected += 1
      sum.selected += 1
      sum.selectedBytes += entry.record.length
    },
    result(): ApiDryRun {
      const sources = [...bySource].map(([value, counts]) => ({ value, ...counts }))
      const byEventSource = sources
        .sort((a, b) => b.events - a.events || (a.value < b.value ? -1 : 1))
        .slice(0, sourcesShown)
      return { ...sum, byEventSource }
    },
  }
}
