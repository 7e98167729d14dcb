import type { DateRangePickerProps } from '@cloudscape-design/components/date-range-picker'

/** As the API takes it and the address has it: `-24h`, or ISO 8601. */
export interface TimeRange {
  readonly from: string
  readonly to?: string
}

export const defaultRange: TimeRange = { from: '-24h' }

const letters = { second: 's', minute: 'm', hour: 'h', day: 'd', week: 'w' } as const
type Unit = keyof typeof letters
const unitOf = Object.fromEntries(Object.entries(letters).map(([unit, letter]) => [letter, unit])) as Readonly<
  Record<string, Unit>
>
const unitMs: Readonly<Record<Unit, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

const relative = /^-(\d{1,6})([smhdw])$/

export function pickerValue({ from, to }: TimeRange): DateRangePickerProps.Value {
  const [, amount, letter = ''] = relative.exec(from) ?? []
  const unit = unitOf[letter]
  if (amount !== undefined && unit && to === undefined)
    return { type: 'relative', key: from, amount: Number(amount), unit }
  return { type: 'absolute', startDate: from, endDate: to ?? new Date().toISOString() }
}

/** Undefined: months and years, which have no one length. */
export function rangeOf(value: DateRangePickerProps.Value): TimeRange | undefined {
  if (value.type === 'relative') {
    const letter = (letters as Readonly<Record<string, string>>)[value.unit]
    return letter === undefined ? undefined : { from: `-${value.amount}${letter}` }
  }
  const [from, to] = [value.startDate, value.endDate].map((text) => new Date(text))
  if (!from || !to || Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || from > to) return undefined
  return { from: secondsText(from), to: secondsText(to) }
}

/** Milliseconds since the epoch. `now`: of the events' clock. */
export function bounds({ from, to }: TimeRange, now: number): { readonly from: number; readonly to: number } {
  const [, amount, letter = ''] = relative.exec(from) ?? []
  const unit = unitOf[letter]
  const start = unit ? now - Number(amount) * unitMs[unit] : Date.parse(from)
  const end = to === undefined ? now : Date.parse(to)
  return { from: Number.isNaN(start) ? now - unitMs.day : start, to: Number.isNaN(end) ? now : end }
}

/** Event times are whole seconds. */
export const secondsText = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

export const rangeChoices: DateRangePickerProps.RelativeOption[] = (
  [
    [15, 'minute'],
    [1, 'hour'],
    [3, 'hour'],
    [12, 'hour'],
    [24, 'hour'],
    [7, 'day'],
    [30, 'day'],
    [90, 'day'],
  ] as const
).map(([amount, unit]) => ({ key: `-${amount}${letters[unit]}`, amount, unit, type: 'relative' }))
