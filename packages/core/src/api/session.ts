/** GET /api/v1/session: who asks, and what there is to ask about. */
export interface ApiSession {
  readonly principal: {
    readonly arn: string
    readonly userName: string
    readonly account: string
    readonly role: 'administrator' | 'auditor' | 'producer'
  }
  /** The Region of the request's signature. */
  readonly region: string
  readonly regions: readonly string[]
  /** That this principal may read: its own, and all where it was made with `--all-accounts`. */
  readonly accounts: readonly string[]
  readonly server: {
    readonly version: string
    readonly mode: 'production' | 'test' | 'open'
    /** Domain time: virtual on a test server. */
    readonly now: string
    readonly historyDays: number
    /** As clients reach it: what commands that are shown must say. */
    readonly endpoint: string
  }
  /** Of a session that ends: when. */
  readonly expiresAt?: string
}

/**
 * POST /api/v1/sign-in. With `token`, unsigned: redeems the link that the server printed, once. Without, signed with an access key:
 * says that a person signs in with it. Both are `ConsoleLogin` events, success and failure.
 */
export interface ApiSignIn {
  readonly token?: string
}

/** With a token: credentials that end by themselves and that only this answer holds. */
export interface ApiSignInAnswer {
  readonly session: ApiSession
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken: string
    readonly expiresAt: string
  }
}
