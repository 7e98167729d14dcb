import { z } from 'zod'

/**
 * Parsers for one setting. A value arrives as text (flag, environment) or as JSON (configuration file), so each accepts
 * both. Messages complete the sentence "<name> (from <place>) ...".
 */

/** The message is the whole complaint: zod's own wording names types, not settings. */
const refuse = (context: z.RefinementCtx, message: string): never => {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

export const text = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && value.trim() !== '') return value
  return refuse(context, 'must be a text that is not empty')
})

export const textMatching = (matches: (value: string) => boolean, expected: string) =>
  text.transform((value, context) => (matches(value) ? value : refuse(context, `must be ${expected}, not "${value}"`)))

/** `true`/`false` as JSON or text; a flag without a value is `true`. */
export const onOff = z.unknown().transform((value, context): boolean => {
  if (value === true || value === 'true' || value === '1') return true
  if (value === false || value === 'false' || value === '0') return false
  return refuse(context, `must be true or false, not ${JSON.stringify(value)}`)
})

export const wholeNumber = (least: number, most: number) =>
  z.unknown().transform((value, context): number => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most) return number
    return refuse(context, `must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`)
  })

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Bytes as a number, or as text with a unit: `512MiB`, `20 GB`. */
export const byteSize = (least: number, most: number) =>
  z.unknown().transform((value, context): number => {
    const bytes = typeof value === 'number' ? value : parseByteSize(value)
    if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= least && bytes <= most) return bytes
    const range = `${formatByteSize(least)} to ${formatByteSize(most)}`
    return refuse(context, `must be a size from ${range} such as 512MiB, not ${JSON.stringify(value)}`)
  })

function parseByteSize(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(value.trim()) : null
  const unit = match ? unitBytes[match[2]!.toLowerCase()] : undefined
  return match && unit !== undefined ? Math.round(Number(match[1]) * unit) : undefined
}

export function formatByteSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = unitBytes[unit.toLowerCase()]!
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return String(bytes)
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds, from text with a unit: `60s`, `15m`. A bare number is refused: nobody can tell what it counts. */
export const duration = (leastMs: number, mostMs: number) =>
  z.unknown().transform((value, context): number => {
    const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h)$/.exec(value.trim()) : null
    const milliseconds = match ? Math.round(Number(match[1]) * unitMs[match[2]!]!) : undefined
    if (milliseconds !== undefined && milliseconds >= leastMs && milliseconds <= mostMs) return milliseconds
    const range = `${formatDuration(leastMs)} to ${formatDuration(mostMs)}`
    return refuse(context, `must be a time from ${range} such as 60s, not ${JSON.stringify(value)}`)
  })

export function formatDuration(milliseconds: number): string {
  const unit = (['h', 'm', 's'] as const).find((name) => {
    const length = unitMs[name]!
    return milliseconds >= length && milliseconds % length === 0
  })
  return unit === undefined ? `${milliseconds}ms` : `${milliseconds / unitMs[unit]!}${unit}`
}

/** What is wrong with a JSON text, without the piece of it that the parser quotes: it may be a secret. */
export const jsonFault = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/, (?:\.\.\.)?"[^]*$/, '')

/** A JSON list, or text with commas. Every element must satisfy `matches`; doubles are refused as the mistakes they are. */
export const listOf = (matches: (value: string) => boolean, expected: string) =>
  z.unknown().transform((value, context): readonly string[] => {
    const items = typeof value === 'string' ? splitList(value) : value
    if (!Array.isArray(items)) return refuse(context, `must be a list of ${expected}`)
    const wrong: unknown = items.find((item) => typeof item !== 'string' || !matches(item))
    if (wrong !== undefined) return refuse(context, `must be a list of ${expected}; ${JSON.stringify(wrong)} is none`)
    const strings = items as string[]
    const twice = strings.find((item, index) => strings.indexOf(item) !== index)
    return twice === undefined ? strings : refuse(context, `names "${twice}" twice`)
  })

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

export const oneOf = <const T extends string>(values: readonly T[]) =>
  z.unknown().transform((value, context): T => {
    const found = values.find((candidate) => candidate === value)
    return found ?? refuse(context, `must be one of ${values.join(', ')}, not ${JSON.stringify(value)}`)
  })
