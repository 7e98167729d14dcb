import { historyDays } from '@opentrail/core/history'
import { invalid, optionalText, type Parameter } from './parameters.ts'

/** Event times as the index has them: whole seconds since the epoch in 32 bits. */
export const secondsMax = 0xffff_ffff
const daySeconds = 86_400
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: daySeconds, w: 7 * daySeconds }

const relative = String.raw`-\d{1,9}[smhdw]`
const absolute = String.raw`\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?`
/** A time as parameters and bodies have it. */
export const timeForm = new RegExp(`^(?:now|${relative}|${absolute})$`)
const rules = {
  charsMax: 40,
  pattern: timeForm,
  form: 'a time such as 2026-11-20T08:00:00Z, 2026-11-20, -90d, -1h or now',
}

export const fromParameter: Parameter<string | undefined> = optionalText(
  `Event time from which on, inclusive: ISO 8601, or back from now (\`-1h\`, \`-7d\`); a day alone is its beginning. Absent: the last ${historyDays} days`,
  { ...rules, example: '-90d' },
)
export const toParameter: Parameter<string | undefined> = optionalText(
  'Event time up to which, inclusive, alike; a day alone is its end. Absent: everything up to the newest',
  { ...rules, example: 'now' },
)

export interface AskedRange {
  /** Whole seconds since the epoch, both inclusive. */
  readonly timeMin: number
  readonly timeMax: number
}

/** `now`: domain time, ms. @throws {ApiError} ValidationException: a time that does not exist, or the end before the beginning. */
export function readRange(from: string | undefined, to: string | undefined, now: number): AskedRange {
  const timeMin = Math.ceil(readSeconds('from', from ?? `-${historyDays}d`, now, 0))
  const timeMax = to === undefined ? secondsMax : Math.floor(readSeconds('to', to, now, daySeconds - 1))
  if (timeMin > timeMax)
    throw invalid(
      from === undefined
        ? `to is before the last ${historyDays} days, where a search without from begins; say from, too.`
        : 'from must not be after to.',
    )
  return { timeMin: Math.max(0, timeMin), timeMax: Math.min(secondsMax, Math.max(0, timeMax)) }
}

function readSeconds(name: string, text: string, now: number, intoDay: number): number {
  const seconds = now / 1_000
  if (text === 'now') return Math.floor(seconds)
  const [, count, unit] = /^-(\d+)([smhdw])$/.exec(text) ?? []
  if (unit !== undefined) return Math.max(0, Math.floor(seconds - Number(count) * unitSeconds[unit]!))
  const isDay = text.length === 10
  const time = Date.parse(isDay ? `${text}T00:00:00Z` : text)
  // JavaScript makes 2 March of 30 February.
  const isReal =
    !Number.isNaN(time) && new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10))
  if (!isReal) throw invalid(`${name} is a date that does not exist.`)
  return time / 1_000 + (isDay ? intoDay : 0)
}
