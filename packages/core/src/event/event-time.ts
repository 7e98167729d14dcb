const digit = (text: string, at: number): number => {
  const code = text.charCodeAt(at) - 48
  return code >= 0 && code <= 9 ? code : Number.NaN
}
const twoDigits = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Milliseconds of `YYYY-MM-DDTHH:MM:SSZ`, the one form that CloudTrail's readers parse, or undefined: also for dates that
 * do not exist (31 April) and leap seconds.
 */
export function parseEventTime(text: string): number | undefined {
  if (text.length !== 20 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return undefined
  if (text[13] !== ':' || text[16] !== ':' || text[19] !== 'Z') return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59))
    return undefined
  if (day > daysInMonth[month - 1]! + (month === 2 && isLeap(year) ? 1 : 0)) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** As `parseEventTime`, but old logs may carry a fraction of a second, which routing drops. */
export function parseImportedTime(text: string): number | undefined {
  const fraction = text.length > 20 && text.length <= 30 ? /^(.{19})\.\d{1,9}Z$/.exec(text) : null
  return parseEventTime(fraction ? `${fraction[1]}Z` : text)
}

/** Domain time as the text of an `eventTime`. */
export const formatEventTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
