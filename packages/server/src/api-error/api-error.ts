/**
 * A failure the caller can act on: `code` and `message` go over the wire, `cause` only to the log.
 * Anything else that reaches the HTTP layer is a bug: logged whole, answered as InternalFailure.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The exception's full shape name, as in `__type`. */
  readonly code: string
  readonly status: number
  /** Where in a text that was sent it stops making sense: the character, from 0. */
  readonly at?: number
  constructor(code: string, message: string, options?: ErrorOptions & { status?: number; at?: number }) {
    super(message, options)
    if (options?.at !== undefined) this.at = options.at
    this.code = code
    this.status = options?.status ?? 400
  }
}
