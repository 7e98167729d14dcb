/** The bounds of topics; simulations make them small. */
export interface TopicLimits {
  /** Of one account in one Region. AWS: 100,000. */
  readonly topicsMax: number
  /** Of one topic: each message is stored once for each. AWS: 12.5 million. */
  readonly subscriptionsMax: number
  /** Messages that wait for one subscriber; further ones are lost to it, as SNS's are after its last attempt. */
  readonly pendingMax: number
  readonly pendingBytesMax: number
  /** Attempts at the same time, of one subscription: a queue of ours, and an HTTP(S) endpoint. */
  readonly queueAttemptsMax: number
  readonly httpAttemptsMax: number
  /** Of all HTTP(S) endpoints together: sockets. Whoever failed last has one at a time, so this many must hang at once. */
  readonly allHttpAttemptsMax: number
  /** Publishes that wait for the store; beyond it they are throttled. */
  readonly publishesWaitingMax: number
  /** An endpoint that has not confirmed by then is forgotten. */
  readonly confirmationMs: number
}

const dayMs = 86_400_000

export const defaultTopicLimits: TopicLimits = {
  topicsMax: 1_000,
  subscriptionsMax: 1_000,
  pendingMax: 100_000,
  pendingBytesMax: 256 * 1024 * 1024,
  queueAttemptsMax: 32,
  httpAttemptsMax: 4,
  allHttpAttemptsMax: 256,
  publishesWaitingMax: 10_000,
  confirmationMs: 2 * dayMs,
}
