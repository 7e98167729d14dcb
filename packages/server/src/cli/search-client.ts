import type { ApiEvent, ApiEventPage } from '@opentrail/core/api'
import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import { OperationError, signedGet } from './signed-request.ts'
import { formatTable } from './table.ts'

export interface SearchInput {
  readonly where: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly accounts: string | undefined
  readonly regions: string | undefined
}

/** The API's largest page. */
const pageMax = 1_000

/** Follows the pages, which may be empty while more follow, until `itemsWanted` events are there. @throws {CommandError} */
export async function searchEvents(
  context: CliContext,
  connection: Connection,
  input: SearchInput,
  itemsWanted: number,
): Promise<{ events: ApiEvent[]; more: boolean }> {
  const events: ApiEvent[] = []
  let cursor: string | undefined
  do {
    const limit = String(Math.min(pageMax, itemsWanted - events.length))
    const target = `/api/v1/events?${queryOf({ ...input, limit, cursor })}`
    const answer = await signedGet(connection, target, context.now())
    if (answer.status !== 200) throw new OperationError('SearchEvents', answer)
    const page = JSON.parse(answer.text) as ApiEventPage
    events.push(...page.events)
    cursor = page.cursor
  } while (cursor !== undefined && events.length < itemsWanted)
  return { events, more: cursor !== undefined }
}

/** Times as the other commands take them: `2h` is two hours ago. */
export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const sent = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, /^(?:from|to)$/.test(name) && /^\d+[smhdw]$/.test(value) ? `-${value}` : value]],
  )
  return new URLSearchParams(sent as [string, string][]).toString()
}

const row = (event: ApiEvent): string[] => [
  event.eventTime,
  event.eventName,
  event.eventSource.replace(/\.amazonaws\.com$/, ''),
  event.username ?? '',
  event.resources[0]?.name ?? '',
  event.sourceIPAddress ?? '',
  event.errorCode ?? '',
]

export const eventTable = (events: readonly ApiEvent[]): string =>
  formatTable(['TIME', 'EVENT', 'SOURCE', 'USER', 'RESOURCE', 'FROM', 'ERROR'], events.map(row))

/** For one event at a time, whose columns cannot be known beforehand. */
export const eventLine = (event: ApiEvent): string =>
  row(event)
    .filter((text) => text !== '')
    // Strangers write it: nothing in it is to steer the terminal.
    // oxlint-disable-next-line no-control-regex
    .map((text) => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' '))
    .join('  ')

/** The record's own text. Line breaks can stand between its members only, where a space says the same. */
export const recordLine = ({ record }: ApiEvent): string => record.replaceAll(/[\r\n]+/g, ' ')
