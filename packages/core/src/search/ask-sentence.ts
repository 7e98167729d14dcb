import type { AskTry, Understanding } from './ask.ts'

/** What a sentence says of an event. */
export interface AskedEvent {
  readonly who: string
  readonly eventName: string
  readonly on?: string
  /** `2026-11-20T11:59:50Z` */
  readonly eventTime: string
  readonly from?: string
  readonly errorCode?: string
  /** It failed, with or without a code: a sign-in that was refused has none. */
  readonly failed?: boolean
}

export interface AskFindings {
  /** The try that found something; undefined: none did. */
  readonly found: AskTry | undefined
  readonly newest?: AskedEvent
  readonly count: number
  /** There may be more than were counted. */
  readonly mayBeMore: boolean
  /** Where the question names no time: how far back was looked, such as `in the last 90 days`. */
  readonly during?: string
  /** Where calls came from, most frequent first; for questions that want to know. */
  readonly addresses?: readonly { readonly value: string; readonly count: number }[]
}

const addressesNamed = 5

/** The answer in words: who, what, when, from where and with which result; and how the question was understood. */
export function answerSentence(understanding: Understanding, findings: AskFindings): string {
  const { found, newest, addresses } = findings
  const during = timeWords(understanding) || (findings.during === undefined ? '' : ` ${findings.during}`)
  if (!found || !newest) {
    const tried = understanding.tries.map(({ words }) => words)
    return `Nothing was found. Looked for ${tried.join(', then for ')}${during}.`
  }
  const isOfAddresses = understanding.wants === 'addresses' && addresses !== undefined
  const said = isOfAddresses ? addressWords(addresses) : `${eventWords(newest)}${countWords(findings)}`
  return `${said} Looked for ${found.words}${during}.`
}

function eventWords({ who, eventName, on, eventTime, from, errorCode, failed }: AskedEvent): string {
  const about = on === undefined ? '' : ` on ${on}`
  const place = from === undefined ? '' : ` from ${from}`
  const result = errorCode !== undefined ? `it failed with ${errorCode}` : failed ? 'it failed' : 'it succeeded'
  return `${who} called ${eventName}${about} on ${dayAndTime(eventTime)}${place}; ${result}.`
}

function addressWords(addresses: NonNullable<AskFindings['addresses']>): string {
  const named = addresses.slice(0, addressesNamed).map(({ value, count }) => `${value} (${count})`)
  const rest = addresses.length > addressesNamed ? ' and others' : ''
  return named.length === 0 ? 'No address is recorded.' : `The calls came from ${named.join(', ')}${rest}.`
}

function countWords({ count, mayBeMore }: AskFindings): string {
  if (count <= 1 && !mayBeMore) return ''
  return ` That is the newest of ${mayBeMore ? 'at least ' : ''}${count}.`
}

function timeWords({ from, to }: Pick<Understanding, 'from' | 'to'>): string {
  if (from !== undefined && from > 0 && to !== undefined) return ` from ${text(from)} to ${text(to)}`
  if (from !== undefined && from > 0) return ` since ${text(from)}`
  return to === undefined ? '' : ` until ${text(to)}`
}

const text = (time: number): string => dayAndTime(new Date(time).toISOString())

/** `2026-11-20 at 11:59:50 UTC` */
const dayAndTime = (time: string): string => `${time.slice(0, 10)} at ${time.slice(11, 19)} UTC`
