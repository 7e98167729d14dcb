import { misuse } from './command-error.ts'

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Ten years: beyond that it is a slip of the finger. */
const durationMsMax = 3_650 * 86_400_000

/** Milliseconds of `30m`, `1h`, `1h30m`, `1d`, `500ms`. @throws {CommandError} */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d|w)/gy)]
  const matched = parts.map(([part]) => part).join('')
  if (parts.length === 0 || matched !== text) throw misuse(`"${text}" is no duration; write for example 30m, 1h, 1d`)
  const milliseconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit!]!, 0)
  if (milliseconds > durationMsMax) throw misuse(`"${text}" is more than ten years`)
  return Math.round(milliseconds)
}

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/**
 * Milliseconds since the epoch of an ISO time (UTC unless it says otherwise), of epoch seconds, of `now`, or of a duration,
 * which means "so long ago". @throws {CommandError}
 */
export function parseTime(text: string, now: number): number {
  if (text === 'now') return now
  if (/^\d{9,11}(?:\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * 1_000)
  if (isoTime.test(text)) {
    const zoned = /\d{2}:\d{2}/.test(text) && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text
    const time = Date.parse(zoned.replace(' ', 'T'))
    if (!Number.isNaN(time)) return time
  }
  if (/^[\d.]+[a-z]/.test(text)) return now - parseDuration(text)
  throw misuse(`"${text}" is no time; write for example 2026-03-04T10:00:00Z, or 1h for an hour ago`)
}

/** `2026-03-04T10:00:00Z`; milliseconds only where there are some. */
export const formatTime = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
