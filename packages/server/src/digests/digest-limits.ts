/** The bounds of digests; simulations make them small. */
export interface DigestLimits {
  /** A digest is made this long after its window: deliveries note their time a moment before they are in the ledger. */
  readonly delayMs: number
  /** The first pause after a failure, doubled up to the longest. Domain time. */
  readonly pauseFirstMs: number
  readonly pauseMaxMs: number
}

const minuteMs = 60_000
export const defaultDigestLimits: DigestLimits = {
  delayMs: minuteMs,
  pauseFirstMs: 1_000,
  pauseMaxMs: 5 * minuteMs,
}
