import { suggestion } from '../../config/index.ts'
import { misuse } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import { lookUp, type FoundEvent, type LookupInput } from '../lookup-client.ts'
import { countElsewhere, describeElsewhere } from '../other-regions.ts'
import { eventTable, recordLine, searchEvents } from '../search-client.ts'
import { formatTable } from '../table.ts'
import { domainNow } from '../domain-now.ts'
import { formatTime, parseTime } from '../times.ts'

export interface LookupFlags extends ConnectionFlags {
  /** `EventName=ConsoleLogin`: any attribute under its name in the API. */
  readonly attribute?: string
  readonly eventId?: string
  readonly eventName?: string
  readonly readOnly?: string
  readonly username?: string
  readonly resourceType?: string
  readonly resourceName?: string
  readonly eventSource?: string
  readonly accessKeyId?: string
  readonly startTime?: string
  readonly endTime?: string
  /** The search language: then all else but times, Region and accounts is said in it. */
  readonly where?: string
  readonly from?: string
  readonly to?: string
  readonly accounts?: string
  readonly maxItems?: string
  readonly maxResults?: string
  readonly format: 'table' | 'json' | 'ndjson'
}

/** The API's page size. */
const pageMax = 50
/** Beyond this a log file or the lake is the better question. */
const itemsMax = 100_000
const itemsDefault = 50

export async function lookupEvents(this: CliContext, flags: LookupFlags): Promise<void> {
  if (isSearch(flags)) return search(this, flags)
  if (flags.format === 'ndjson') throw misuse('--format ndjson is for searches: name one with --where')
  const attribute = chosenAttribute(flags)
  const itemsWanted = wholeNumber('--max-items', flags.maxItems, itemsDefault, itemsMax)
  const pageSize = Math.min(wholeNumber('--max-results', flags.maxResults, pageMax, pageMax), itemsWanted)
  const connection = await connect(this, flags)
  const input = { ...attribute, ...(await timeRange(this, connection, flags)) }
  const { events, more } = await lookUp(this, connection, input, { itemsWanted, pageSize })
  if (flags.format === 'json') printJson(this, { Events: events.map(toJson) })
  else if (events.length > 0) print(this, toTable(events))
  if (events.length === 0) return printError(this, await explainEmpty(this, connection, input))
  if (more)
    printError(
      this,
      `There are more: these are the newest ${events.length}. Ask for more with --max-items, or for a shorter time.`,
    )
}

const isSearch = ({ where, from, to, accounts }: LookupFlags): boolean =>
  [where, from, to, accounts].some((flag) => flag !== undefined)

/** Any event by any search, of the account's Regions or the one that is named. */
async function search(context: CliContext, flags: LookupFlags): Promise<void> {
  const { where, from, to, accounts, region, format } = flags
  const others = [...Object.keys(attributeFlags), 'attribute', 'startTime', 'endTime', 'maxResults'] as const
  if (others.some((name) => flags[name as keyof LookupFlags] !== undefined))
    throw misuse('--where, --from, --to and --accounts say it all: leave the flags of LookupEvents out')
  const itemsWanted = wholeNumber('--max-items', flags.maxItems, itemsDefault, itemsMax)
  const connection = await connect(context, flags)
  const found = await searchEvents(context, connection, { where, from, to, accounts, regions: region }, itemsWanted)
  const { events, more } = found
  if (format === 'json') printJson(context, { events })
  else if (format === 'ndjson') for (const event of events) print(context, recordLine(event))
  else if (events.length > 0) print(context, eventTable(events))
  if (events.length === 0) printError(context, 'No event was found.')
  if (more)
    printError(
      context,
      `There are more: these are the newest ${events.length}. Ask for more with --max-items, or for a shorter time.`,
    )
}

const attributeFlags = {
  eventId: 'EventId',
  eventName: 'EventName',
  readOnly: 'ReadOnly',
  username: 'Username',
  resourceType: 'ResourceType',
  resourceName: 'ResourceName',
  eventSource: 'EventSource',
  accessKeyId: 'AccessKeyId',
} as const satisfies Partial<Record<keyof LookupFlags, string>>

function chosenAttribute(flags: LookupFlags): Pick<LookupInput, 'LookupAttributes'> {
  const names = Object.keys(attributeFlags) as (keyof typeof attributeFlags)[]
  const chosen = [
    ...(flags.attribute === undefined ? [] : [parseAttribute(flags.attribute)]),
    ...names.flatMap((name) => {
      const AttributeValue = flags[name]
      return AttributeValue === undefined ? [] : [{ AttributeKey: attributeFlags[name], AttributeValue }]
    }),
  ]
  if (chosen.length > 1) throw misuse('LookupEvents searches by one attribute; leave the others out')
  const [attribute] = chosen
  if (attribute === undefined) return {}
  if (attribute.AttributeKey === 'ReadOnly' && !/^(true|false)$/.test(attribute.AttributeValue))
    throw misuse(`ReadOnly is true or false, not "${attribute.AttributeValue}"`)
  return { LookupAttributes: [attribute] }
}

function parseAttribute(text: string): { AttributeKey: string; AttributeValue: string } {
  const [key = '', ...rest] = text.split('=')
  const known = Object.values(attributeFlags).find((name) => name.toLowerCase() === key.toLowerCase())
  if (known === undefined)
    throw misuse(
      `"${text}" names no attribute${suggestion(key, Object.values(attributeFlags))}; write NAME=VALUE with one of ${Object.values(attributeFlags).join(', ')}`,
    )
  if (rest.length === 0) throw misuse(`"${text}" has no value; write ${known}=VALUE`)
  return { AttributeKey: known, AttributeValue: rest.join('=') }
}

async function timeRange(
  context: CliContext,
  connection: Connection,
  { startTime, endTime }: LookupFlags,
): Promise<Pick<LookupInput, 'StartTime' | 'EndTime'>> {
  if (startTime === undefined && endTime === undefined) return {}
  // "An hour ago" is meant in the time the events have, which is virtual on a test server.
  const now = await domainNow(context, connection)
  const seconds = (text: string) => parseTime(text, now) / 1_000
  return {
    ...(startTime !== undefined && { StartTime: seconds(startTime) }),
    ...(endTime !== undefined && { EndTime: seconds(endTime) }),
  }
}

function wholeNumber(flag: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > most) throw misuse(`${flag} is a whole number from 1 to ${most}, not "${text}"`)
  return number
}

async function explainEmpty(context: CliContext, connection: Connection, input: LookupInput): Promise<string> {
  const elsewhere = await countElsewhere(context, connection, input)
  return describeElsewhere(connection.region, elsewhere)
}

const toTable = (events: readonly FoundEvent[]): string =>
  formatTable(
    ['TIME', 'EVENT', 'SOURCE', 'USER', 'RESOURCE', 'ERROR'],
    events.map((event) => [
      formatTime(event.EventTime * 1_000),
      event.EventName ?? '',
      (event.EventSource ?? '').replace(/\.amazonaws\.com$/, ''),
      event.Username ?? '',
      event.Resources?.[0]?.ResourceName ?? '',
      errorOf(event),
    ]),
  )

function errorOf({ CloudTrailEvent }: FoundEvent): string {
  try {
    const record = JSON.parse(CloudTrailEvent ?? '{}') as { errorCode?: unknown; errorMessage?: unknown }
    const error = record.errorCode ?? record.errorMessage
    return typeof error === 'string' ? error : ''
  } catch {
    return '' // The column is an extra; the record is printed by --format json as it is.
  }
}

/** As the AWS CLI prints it: times in ISO form, the record as text. */
const toJson = (event: FoundEvent) => ({ ...event, EventTime: formatTime(event.EventTime * 1_000) })
