import {
  answerSentence,
  compileSearch,
  parseSearch,
  SearchSyntaxError,
  understand,
  type AskedEvent,
  type SearchExpression,
  type SearchTest,
  type Understanding,
} from '@opentrail/core/search'
import { misuse } from '../command-error.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import type { FindOptions } from '../log-files/find-log-files.ts'
import { formatTable, printable } from '../table.ts'
import { formatTime } from '../times.ts'
import type { Home } from './find-home.ts'
import { searchFiles, type FilesSearched, type Match } from './search-files.ts'

export interface AtOnceFlags {
  readonly where?: string
  readonly ask?: string
  readonly maxItems?: string
  readonly format: 'text' | 'json'
}

const itemsDefault = 50
const itemsMax = 100_000

/** Answers one question from the files themselves, without a server. @throws {CommandError} it cannot be understood. */
export async function answerAtOnce(
  context: CliContext,
  flags: AtOnceFlags,
  about: { readonly find: FindOptions; readonly home: Home },
): Promise<void> {
  const limit = itemsWanted(flags.maxItems)
  const understanding = flags.ask === undefined ? undefined : understood(flags.ask, context.now())
  const tests = understanding ? understanding.tests : [readWhere(flags.where ?? '')]
  const searched = await searchFiles({ ...about.find, home: about.home, tests, limit })
  const place = searched.matches.findIndex((matches) => matches.length > 0)
  const matches = searched.matches[place] ?? []
  const sentence = understanding && sentenceOf(understanding.understanding, place, matches, searched.isCut, limit)
  tell(context, flags, { matches, searched, ...(sentence !== undefined && { sentence }) })
}

function itemsWanted(text: string | undefined): number {
  const number = text === undefined ? itemsDefault : /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > itemsMax) throw misuse(`--max-items is a whole number from 1 to ${itemsMax}`)
  return number
}

const everything: SearchExpression = { kind: 'and', of: [] }

function readWhere(where: string): SearchTest {
  try {
    return compileSearch(parseSearch(where) ?? everything)
  } catch (error) {
    if (error instanceof SearchSyntaxError) throw misuse(`--where cannot be read: ${error.message}`)
    throw error
  }
}

function understood(question: string, now: number) {
  const understanding = understand(question, { now, eventNames: [], areAllEventNames: false })
  const { from = -Infinity, to = Infinity, tries } = understanding
  const tests = tries.map(({ expression }): SearchTest => {
    const test = compileSearch(expression)
    return (event) => event.fields.eventTime >= from && event.fields.eventTime <= to && test(event)
  })
  return { understanding, tests }
}

function sentenceOf(
  understanding: Understanding,
  place: number,
  matches: readonly Match[],
  isCut: boolean,
  limit: number,
): string {
  const [newest] = matches
  const addresses = understanding.wants === 'addresses' ? frequencies(matches) : undefined
  return answerSentence(understanding, {
    found: understanding.tries[place],
    ...(newest && { newest: askedEvent(newest) }),
    count: matches.length,
    mayBeMore: isCut || matches.length === limit,
    ...(addresses && { addresses }),
  })
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function askedEvent({ fields, record }: Match): AskedEvent {
  const identity = (record['userIdentity'] ?? {}) as Record<string, unknown>
  const [on, from, errorCode] = [fields.resources[0]?.name, textOf(record['sourceIPAddress']), errorOf(record)]
  return {
    who: fields.username ?? textOf(identity['arn']) ?? textOf(identity['invokedBy']) ?? 'Somebody',
    eventName: fields.eventName,
    eventTime: formatTime(fields.eventTime),
    ...(on !== undefined && { on }),
    ...(from !== undefined && { from }),
    ...(errorCode !== undefined && { errorCode }),
  }
}

const errorOf = (record: Match['record']): string | undefined =>
  textOf(record['errorCode']) ?? textOf(record['errorMessage'])

function frequencies(matches: readonly Match[]): { value: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { record } of matches) {
    const address = textOf(record['sourceIPAddress'])
    if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1)
  }
  return Array.from(counts, ([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count)
}

function tell(
  context: CliContext,
  flags: AtOnceFlags,
  { matches, searched, sentence }: { matches: readonly Match[]; searched: FilesSearched; sentence?: string },
): void {
  const { files, records, damages, isCut } = searched
  if (flags.format === 'json') {
    const events = matches.map(({ record }) => record)
    return printJson(context, { ...(sentence !== undefined && { sentence }), events, files, records, isCut, damages })
  }
  if (sentence !== undefined) print(context, printable(sentence))
  if (matches.length > 0) print(context, tableOf(matches))
  for (const { file, message } of damages) printError(context, printable(`${file}: ${message}`))
  const older = isCut ? '; older files cannot hold newer ones' : ''
  printError(context, `${matches.length} events found in ${files} files with ${records} records${older}.`)
}

const tableOf = (matches: readonly Match[]): string =>
  formatTable(
    ['TIME', 'EVENT', 'SOURCE', 'USER', 'RESOURCE', 'ERROR'],
    matches.map(({ fields, record }) => [
      formatTime(fields.eventTime),
      fields.eventName,
      fields.eventSource.replace(/\.amazonaws\.com$/, ''),
      fields.username ?? '',
      fields.resources[0]?.name ?? '',
      errorOf(record) ?? '',
    ]),
  )
