const dayMs = 86_400_000

/** How long a key signs. With a day before and a day after it is valid for 30 days, as CloudTrail's keys are. */
const signingMs = 28 * dayMs
/**
 * Two keys in succession are both valid for twice this long, so that a digest planned around the change is signed by a key
 * that is valid at its end, too, and that clocks may differ by as much.
 */
const overlapMs = dayMs
/** After the validity: late digests have to be signed with the key that was planned for them. */
const privateHalfKeptMs = 7 * dayMs

/**
 * Four weeks in which one key signs. Counted from 1970, so that every process finds the same ones without asking, however
 * the clock jumps, and periods in which nothing is signed need no key. All in milliseconds of domain time.
 */
export interface KeyPeriod {
  readonly start: number
  /** The next period's start. */
  readonly end: number
  readonly validFrom: number
  readonly validTo: number
}

export function periodAt(time: number): KeyPeriod {
  const start = Math.floor(time / signingMs) * signingMs
  const end = start + signingMs
  return { start, end, validFrom: start - overlapMs, validTo: end + overlapMs }
}

/** A key can be made long after its validity, for a digest that is late. */
export const privateHalfEndsAt = ({ validTo, createdAt }: { validTo: number; createdAt: number }): number =>
  Math.max(validTo, createdAt) + privateHalfKeptMs
