/** What one client, and all clients together, may take of the server. Bytes and milliseconds. */
export interface HttpLimits {
  /** Request line and all headers together; beyond: 431. */
  readonly headerBytesMax: number
  /** Beyond: 431. A count that node cut off silently would make signatures depend on what is missing. */
  readonly headersMax: number
  /** A route's body unless it says otherwise; beyond: 413. */
  readonly bodyBytesMax: number
  /** Bodies of all requests together that are held in memory; beyond: 503. */
  readonly bodyBytesInFlightMax: number
  /** Time for the headers to arrive: what a client that drips bytes can hold a connection for. */
  readonly headersMs: number
  /** Time for a body that is collected in memory. One that is streamed may take as long as it moves: `idleMs`. */
  readonly bodyMs: number
  /**
   * A connection on which nothing moves in either direction, a reader that does not read included, is closed. While a
   * streamed body that has arrived is being worked on, the silence is ours and does not count.
   */
  readonly idleMs: number
  /** Longer than the 60 s after which load balancers close idle connections, so that they are the ones to close. */
  readonly keepAliveMs: number
  readonly connectionsMax: number
  readonly tlsHandshakeMs: number
}

export const defaultLimits: HttpLimits = {
  headerBytesMax: 32 * 1_024,
  headersMax: 100,
  bodyBytesMax: 1_048_576,
  bodyBytesInFlightMax: 128 * 1_048_576,
  headersMs: 15_000,
  bodyMs: 30_000,
  idleMs: 120_000,
  keepAliveMs: 65_000,
  connectionsMax: 4_096,
  tlsHandshakeMs: 10_000,
}
