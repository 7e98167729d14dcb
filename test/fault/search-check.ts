import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import type { SearchExpression } from '@opentrail/core/search'
import type { SearchPage } from '../../packages/server/src/history/index.ts'
import { demand } from './ledger.ts'
import { plain } from './naive-history.ts'
import type { World } from './world.ts'

const dayMs = 86_400_000
const pageSize = 7
/** Less than there are, so that a scan ends unfinished and goes on. */
const scanMax = 40

/**
 * Once the index has everything: searches over all streams, by what the index tells and by what only records tell, show what
 * a plain filter over the journal shows. @throws {Violation}
 */
export async function checkSearches(world: World): Promise<void> {
  const entries = await everyEntry(world)
  const [newest] = entries
  if (!newest) return
  const { eventName, requestID } = plain(newest).record
  const byName: SearchExpression = { kind: 'attribute', attribute: 'eventName', values: [eventName] }
  const byText: SearchExpression = { kind: 'text', text: requestID.slice(0, 4) }
  const hasName = (entry: StoredEntry) => plain(entry).record.eventName === eventName
  const hasText = (entry: StoredEntry) => plain(entry).text.toLowerCase().includes(byText.text.toLowerCase())
  await compare(world, undefined, entries)
  await compare(world, byName, entries.filter(hasName))
  await compare(world, { kind: 'and', of: [{ kind: 'not', of: byName }, byText] }, entries.filter((entry) => !hasName(entry) && hasText(entry))) // prettier-ignore
}

/** Newest first; none where it cannot be told what has to be found. */
async function everyEntry({ life, historyForgotten }: World): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  for (const { stream, first, last } of life.journal.streams())
    if (last >= first) entries.push(...(await life.journal.read(stream, (first - 1) as Sequence | 0, last)).entries)
  // Of forgotten days there may be what was on its way into the index when they were forgotten.
  if (entries.some(({ admittedAt }) => Math.floor(admittedAt / dayMs) < historyForgotten())) return []
  return entries.sort(
    (a, b) =>
      plain(b).seconds - plain(a).seconds ||
      (a.stream === b.stream ? b.sequence - a.sequence : a.stream < b.stream ? 1 : -1),
  )
}

const place = ({ stream, sequence }: { stream: StreamId; sequence: Sequence }) => `${stream}#${sequence}`

async function compare(
  { life }: World,
  expression: SearchExpression | undefined,
  expected: readonly StoredEntry[],
): Promise<void> {
  const streams = life.journal.streams().map(({ stream }) => stream)
  const scope = { streams, timeMin: 0, timeMax: 2 ** 32 - 1, ...(expression && { expression }) }
  const shown: string[] = []
  let page: SearchPage | undefined
  do {
    const on = page?.next && { snapshots: page.snapshots, after: page.next }
    page = await life.service.history.search.page({ ...scope, limit: pageSize, scanMax, ...on })
    shown.push(...page.entries.map(place))
  } while (page.next)
  demand(
    shown.join(' ') === expected.map(place).join(' '),
    () => `a search by ${JSON.stringify(expression)} showed ${shown.join(' ')}, not ${expected.map(place).join(' ')}`,
  )
  if (JSON.stringify(expression)?.includes('"text"')) return
  const { total } = await life.service.history.search.counts({ ...scope, bucketSeconds: 3_600, scanMax })
  demand(total === expected.length, () => `a search counted ${total} events, not ${expected.length}`)
}
