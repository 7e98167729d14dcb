/** A time that a question names: event time, ms, both inclusive (0: from the beginning), and the question without it. */
export interface AskedTime {
  readonly from?: number
  readonly to?: number
  readonly rest: string
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const unitMs: Readonly<Record<string, number>> = {
  minute: minuteMs,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
}
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const moment = String.raw`(\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d)?z?)?|today|yesterday|${weekdays.join('|')})`

const midnight = (time: number): number => Math.floor(time / dayMs) * dayMs

/** Tried in this order; the first that the question has counts. Days are those of UTC. */
const phrases: readonly (readonly [
  RegExp,
  (match: readonly string[], now: number) => Omit<AskedTime, 'rest'> | undefined,
])[] = [
  [
    new RegExp(String.raw`\bbetween ${moment} and ${moment}`, 'i'),
    ([, first = '', last = ''], now) => {
      const [from, to] = [readMoment(first, now), readMoment(last, now)]
      return from && to && from.from <= to.to ? { from: from.from, to: to.to } : undefined
    },
  ],
  [
    new RegExp(String.raw`\b(?:since|after) (?:last )?${moment}`, 'i'),
    ([, text = ''], now) => pick(readMoment(text, now), ({ from }) => ({ from })),
  ],
  [
    new RegExp(String.raw`\b(?:before|until) (?:last )?${moment}`, 'i'),
    ([, text = ''], now) =>
      pick(readMoment(text, now), ({ from }) => (from > 0 ? { from: 0, to: from - secondMs } : undefined)),
  ],
  [
    /\b(?:in|within|during|over)?\s*(?:the )?(?:last|past) (?:(\d{1,4}) )?(minute|hour|day|week|month)s?\b/i,
    ([, count = '1', unit = ''], now) => ({ from: now - Number(count || '1') * unitMs[unit.toLowerCase()]! }),
  ],
  [
    /\b(\d{1,4}) (minute|hour|day|week|month)s? ago\b/i,
    ([, count = '', unit = ''], now) => {
      const at = now - Number(count) * unitMs[unit.toLowerCase()]!
      const within = unitMs[unit.toLowerCase()]!
      return within >= dayMs
        ? { from: midnight(at), to: midnight(at) + dayMs - secondMs }
        : { from: at - within, to: at }
    },
  ],
  [/\bthis week\b/i, (_, now) => ({ from: midnight(now) - ((new Date(now).getUTCDay() + 6) % 7) * dayMs })],
  [
    new RegExp(String.raw`\b(?:on |last )?${moment}(?![\w-])`, 'i'),
    ([, text = ''], now) =>
      pick(readMoment(text, now), ({ from, to }) => (text.toLowerCase() === 'today' ? { from } : { from, to })),
  ],
]

/** Finds the time that a question names, such as `yesterday`, `since Monday`, `in the last 3 hours`, `on 2026-11-20`. */
export function readAskedTime(question: string, now: number): AskedTime {
  for (const [pattern, read] of phrases) {
    const match = pattern.exec(question)
    const time = match && read([...match], now)
    if (match && time)
      return { ...time, rest: `${question.slice(0, match.index)} ${question.slice(match.index + match[0].length)}` }
  }
  return { rest: question }
}

const pick = <T, R>(value: T | undefined, read: (value: T) => R): R | undefined =>
  value === undefined ? undefined : read(value)

/** A day, or a second: from its first to its last second. */
function readMoment(text: string, now: number): { readonly from: number; readonly to: number } | undefined {
  const word = text.toLowerCase()
  const day = (from: number) => ({ from, to: from + dayMs - secondMs })
  if (word === 'today') return day(midnight(now))
  if (word === 'yesterday') return day(midnight(now) - dayMs)
  const weekday = weekdays.indexOf(word)
  if (weekday >= 0) return day(midnight(now) - ((new Date(now).getUTCDay() - weekday + 7) % 7) * dayMs)
  const iso = word.length === 10 ? `${word}T00:00:00Z` : `${word.replace(' ', 'T').replace(/z$/, '').toUpperCase()}Z`
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return undefined
  return word.length === 10 ? day(time) : { from: time, to: time }
}
