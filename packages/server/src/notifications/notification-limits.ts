/** The bounds of notifications; simulations make them small. */
export interface NotificationLimits {
  /** The first pause after a failure, doubled up to the longest. Domain time. */
  readonly pauseFirstMs: number
  readonly pauseMaxMs: number
  /** Files that could not be announced for so long are passed over: as long as their delivery would have been tried. */
  readonly giveUpMs: number
  /** But never before so many attempts of one process failed: a server that was down for a month has not tried. */
  readonly triesMin: number
  /** Of one lane at the same time: a topic answers after a millisecond, or after a round trip. */
  readonly publishesAtOnce: number
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

export const defaultNotificationLimits: NotificationLimits = {
  pauseFirstMs: 1_000,
  pauseMaxMs: 5 * minuteMs,
  giveUpMs: 30 * dayMs,
  triesMin: 10,
  publishesAtOnce: 16,
}
