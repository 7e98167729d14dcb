/** What became of one request, as far as the connection tells. The SDK's own errors do not say whether anything was sent. */
export interface Exchange {
  /** Largest body of an answer that succeeds. */
  readonly bodyBytesMax: number
  /** From here on the store may act on the request. */
  isSent: boolean
  /** Set once the answer has begun. */
  status?: number
  /** Set once the whole answer is there. */
  answer?: ExchangeAnswer
  fault?: ExchangeFault
}

export interface ExchangeAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export type ExchangeFault =
  /** Refused, unknown host, failed TLS, or no answer to the connection attempt. Nothing was sent. */
  | 'no-connection'
  | 'connection-lost'
  /** The time for the whole call is over, or the store is being closed. */
  | 'aborted'
  | 'answer-too-large'
  | 'no-http'

export const newExchange = (bodyBytesMax: number): Exchange => ({ bodyBytesMax, isSent: false })
