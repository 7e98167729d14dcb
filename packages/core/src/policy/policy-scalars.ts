/** More digits than this, and two numbers that differ could compare as equal. */
const exactDigits = 15

/** An integer or decimal number, without exponent; undefined for anything else. */
export function parsePolicyNumber(text: string): number | undefined {
  if (text.length > exactDigits + 2 || !/^[+-]?\d+(?:\.\d+)?$/.test(text)) return undefined
  return text.replace(/\D/g, '').length <= exactDigits ? Number(text) : undefined
}

const isoDate =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d)))?)?)?$/

/**
 * Milliseconds since the epoch of a date in the W3C's forms of ISO 8601 (`2026`, `2026-03`, `2026-03-04`,
 * `2026-03-04T10:12Z`, with seconds, fraction and offset) or in seconds since the epoch; undefined for anything else and for
 * dates that do not exist. Four digits are a year.
 */
export function parsePolicyDate(text: string): number | undefined {
  if (text.length > 35) return undefined
  const match = isoDate.exec(text)
  if (!match) return /^-?\d{1,12}$/.test(text) ? Number(text) * 1_000 : undefined
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? (group === 2 || group === 3 ? 1 : 0)),
  )
  const local = Date.UTC(year!, month! - 1, day, hour, minute, second)
  const whole = new Date(local)
  // Date.UTC carries what does not exist over into the next month, day or hour, and takes years below 100 for others.
  if (whole.getUTCFullYear() !== year || whole.getUTCMonth() !== month! - 1 || whole.getUTCDate() !== day)
    return undefined
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)
  if (Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) return undefined
  return local + Math.floor(Number(`0.${match[7] ?? 0}`) * 1_000) - (match[8] === '-' ? -offset : offset) * 60_000
}

/** `true` or `false` in any letter case. */
export function parsePolicyBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

/** The bytes of a base64 text in one spelling, so that equal bytes are equal texts; undefined for what is not base64. */
export function parsePolicyBinary(text: string): string | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
    ? Buffer.from(text, 'base64').toString('base64')
    : undefined
}
