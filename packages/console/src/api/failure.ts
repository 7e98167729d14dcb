/** What went wrong, in terms of what a person can do about it. */
export type FailureKind =
  /** No answer at all. */
  | 'unreachable'
  /** The session or the key is good for nothing any more. */
  | 'signed-out'
  | 'denied'
  | 'throttled'
  /** What was asked cannot be read. */
  | 'invalid'
  | 'missing'
  /** 5xx */
  | 'unavailable'

export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly kind: FailureKind
  /** `__type` of the answer. */
  readonly code: string
  /** Of a search that cannot be read: the character, from 0. */
  readonly at: number | undefined
  /** Names the call in the server's log. */
  readonly requestId: string | undefined
  constructor(
    kind: FailureKind,
    message: string,
    more: { code?: string; at?: number; requestId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause })
    this.kind = kind
    this.code = more.code ?? ''
    this.at = more.at
    this.requestId = more.requestId
  }
}

const codesOfSignedOut = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
])

/** The failure that an answer of this status tells. The body is whatever a proxy may have put there. */
export function failureOf(status: number, body: string, requestId: string | undefined): ApiFailure {
  const { __type: code = '', Message: said, at } = readBody(body)
  const message = said ?? `The server answered with status ${status}.`
  const more = { code, ...(typeof at === 'number' && { at }), ...(requestId !== undefined && { requestId }) }
  return new ApiFailure(kindOf(status, code), message, more)
}

function kindOf(status: number, code: string): FailureKind {
  if (status === 401 || codesOfSignedOut.has(code)) return 'signed-out'
  if (status === 429 || code === 'ThrottlingException') return 'throttled'
  // AWS's JSON protocol has 400 for everything.
  if (status === 403 || code === 'AccessDeniedException') return 'denied'
  if ([404, 405, 410].includes(status) || code.endsWith('NotFoundException')) return 'missing'
  return status >= 500 ? 'unavailable' : 'invalid'
}

function readBody(body: string): { __type?: string; Message?: string; at?: unknown } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
