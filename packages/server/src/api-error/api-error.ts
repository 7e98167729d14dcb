/**
 * A failure the caller can act on: `code` and `message` go over the wire, `cause` only to the log.
 * Anything else that reaches the HTTP layer is a bug: logged whole, answered as InternalFailure.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The exception's full shape name, as in `__type`. */
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options)
    this.code = code
    this.status = options?.status ?? 400
  }
}
