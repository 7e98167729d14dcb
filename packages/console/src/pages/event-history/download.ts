import type { ApiEvent, ApiEventPage } from '@opentrail/core/api'
import type { ApiClient, Parameters } from '../../api/client.ts'
import { csvRow } from '../../text/csv.ts'
import { columns } from './columns.tsx'

export type DownloadFormat = 'csv' | 'json'

export interface Download {
  readonly events: readonly ApiEvent[]
  /** There were more: the newest are in it. */
  readonly isCut: boolean
}

/** Some 50 MB in the browser's memory; who wants more has `opentrail export` and the log files themselves. */
export const downloadMax = 10_000
const pageSize = 1_000

/** The newest events of a search, at most `downloadMax`. @throws {ApiFailure} */
export async function collect(client: ApiClient, parameters: Parameters, signal: AbortSignal): Promise<Download> {
  const events: ApiEvent[] = []
  let cursor: string | undefined
  do {
    const page: ApiEventPage = await client.get('/api/v1/events', { ...parameters, limit: pageSize, cursor }, signal)
    events.push(...page.events)
    cursor = page.cursor
  } while (cursor !== undefined && events.length < downloadMax)
  return { events: events.slice(0, downloadMax), isCut: cursor !== undefined || events.length > downloadMax }
}

/** JSON as in a log file, with each record's own text; CSV with all columns, read by spreadsheets without running any of it. */
export function fileOf(events: readonly ApiEvent[], format: DownloadFormat): string {
  if (format === 'json') return `{"Records":[${events.map(({ record }) => record).join(',\n')}]}\n`
  const rows = events.map((event) => csvRow(columns.map(({ text }) => text(event))))
  return [csvRow(columns.map(({ header }) => header)), ...rows].join('')
}

export function save(content: string, format: DownloadFormat, now: Date): void {
  const url = URL.createObjectURL(new Blob([content], { type: format === 'csv' ? 'text/csv' : 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `events-${now.toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
  link.click()
  URL.revokeObjectURL(url)
}
