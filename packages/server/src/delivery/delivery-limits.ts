/** The bounds of delivery; simulations make them small. */
export interface DeliveryLimits {
  /** Files wait this long for more events at most. */
  readonly intervalMs: number
  /** Undelivered events of one lane beyond which a file is made at once. */
  readonly eagerEvents: number
  /** About as many bytes of one lane may wait in the journal while its bucket fails; beyond, files are spooled. */
  readonly backlogBytesMax: number
  /** Of all lanes together, compressed. */
  readonly spoolBytesMax: number
  /** The journal keeps entries this long whether they are delivered or not: until then none has to be given up. */
  readonly keptMs: number
  /** Spooled plans of one lane: they stand in one document. */
  readonly spooledPlansMax: number
  /** Failing files are tried for 30 days, as CloudTrail does. */
  readonly giveUpMs: number
  /** But never before so many attempts of one process failed: a server that was down for a month has not tried. */
  readonly triesMin: number
  /** The first pause after a failure, doubled up to the longest. Domain time. */
  readonly pauseFirstMs: number
  readonly pauseMaxMs: number
  /** Puts to one bucket at the same time: a slow one must not take all sockets. */
  readonly putsPerBucketMax: number
  /** Files of OpenTrail's own deliveries alone wait this long for other events, else they would make one another. */
  readonly ownDeliveriesWaitMs: number
  /** Ledger entries are kept as long as events can be looked up. */
  readonly ledgerMs: number
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const GiB = 2 ** 30

export const defaultDeliveryLimits: DeliveryLimits = {
  intervalMs: minuteMs,
  eagerEvents: 10_000,
  backlogBytesMax: 2 * GiB,
  spoolBytesMax: 10 * GiB,
  keptMs: 90 * dayMs,
  spooledPlansMax: 1_000,
  giveUpMs: 30 * dayMs,
  triesMin: 10,
  pauseFirstMs: 1_000,
  pauseMaxMs: 5 * minuteMs,
  putsPerBucketMax: 8,
  ownDeliveriesWaitMs: 15 * minuteMs,
  ledgerMs: 90 * dayMs,
}
