import type { Credentials } from '../auth/credentials.ts'
import { canonicalQuery, signRequest, type RequestToSign } from '../auth/sign-request.ts'
import { ApiFailure, failureOf } from './failure.ts'

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** A call of one of AWS's protocols. What it says about the answer's form is up to the caller. */
export interface SignedCall extends Pick<RequestToSign, 'method' | 'path' | 'service' | 'headers'> {
  readonly parameters?: Parameters
  readonly body?: string
  /** Absent: the client's own. */
  readonly region?: string
  /** What an answer that is not 2xx says. Absent: as our API and AWS's JSON say it. */
  failureOf?(status: number, body: string, requestId: string | undefined): ApiFailure
}

/** Asks the server that this page came from, as one person in one Region. */
export interface ApiClient {
  /** @throws {ApiFailure} */
  get<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer>
  /** @throws {ApiFailure} */
  post<Answer>(path: string, body: object, signal?: AbortSignal): Promise<Answer>
  /** An answer that is 2xx, its body not read yet. @throws {ApiFailure} */
  call(call: SignedCall, signal?: AbortSignal): Promise<Response>
  /** The answer's body as it arrives. @throws {ApiFailure} before it begins */
  stream(path: string, parameters: Parameters, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}

export interface ApiClientOptions {
  readonly credentials: Credentials
  readonly region: string
  readonly host: string
  /** Wall clock, milliseconds. */
  now(): number
  fetch: typeof fetch
  /** The server does not take these credentials any more. */
  onSignedOut(failure: ApiFailure): void
}

/** Answers that are not streamed; an engine that is busy takes some seconds. */
const answerMs = 60_000
const wrongClock = /^Signature (?:expired|not yet current)/

export function createApiClient(options: ApiClientOptions): ApiClient {
  // What the server's clock is ahead of this machine's: signatures hold for a quarter of an hour only.
  let aheadMs = 0
  const send = async (call: SignedCall, signal: AbortSignal) => {
    const { method, path, body = '', service, region = options.region } = call
    // An S3 subresource has a name only, so the empty text is sent there.
    const named = Object.entries(call.parameters ?? {}).flatMap(([name, value]) =>
      value === undefined || (value === '' && service !== 's3') ? [] : [[name, String(value)] as const],
    )
    const query = canonicalQuery(named)
    const request = { method, path, parameters: named, host: options.host, body }
    const signed = { ...request, ...(service && { service }), ...(call.headers && { headers: call.headers }) }
    const headers = await signRequest(signed, options.credentials, region, options.now() + aheadMs)
    const sent = {
      method,
      headers: { ...(body !== '' && { 'content-type': 'application/json' }), ...headers },
      signal,
      ...(body !== '' && { body }),
      credentials: 'omit' as const,
      cache: 'no-store' as const,
    }
    return reach(() => options.fetch(query === '' ? path : `${path}?${query}`, sent), signal)
  }
  const ask = async (call: SignedCall, signal: AbortSignal) => {
    const answer = await send(call, signal)
    if (answer.ok) return answer
    const failure = await failureFrom(answer, call)
    const date = Date.parse(answer.headers.get('date') ?? '')
    if (failure.kind === 'signed-out' && wrongClock.test(failure.message) && !Number.isNaN(date)) {
      aheadMs = date - options.now()
      const again = await send(call, signal)
      if (again.ok) return again
      throw told(await failureFrom(again, call), options)
    }
    throw told(failure, options)
  }
  return {
    get: async <Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal) =>
      read<Answer>(await ask({ method: 'GET', path, parameters }, within(signal))),
    post: async <Answer>(path: string, body: object, signal?: AbortSignal) =>
      read<Answer>(await ask({ method: 'POST', path, body: JSON.stringify(body) }, within(signal))),
    call: (call, signal) => ask(call, within(signal)),
    async stream(path, parameters, signal) {
      const { body } = await ask({ method: 'GET', path, parameters }, signal)
      if (!body) throw new ApiFailure('unavailable', 'The answer is empty.')
      return body
    },
  }
}

async function read<Answer>(answer: Response): Promise<Answer> {
  const text = await reach(() => answer.text())
  try {
    return JSON.parse(text) as Answer
  } catch (cause) {
    throw new ApiFailure('unavailable', 'The answer is not one of this server.', { cause })
  }
}

const within = (signal?: AbortSignal) =>
  signal ? AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) : AbortSignal.timeout(answerMs)

const failureFrom = async (answer: Response, call: SignedCall): Promise<ApiFailure> =>
  (call.failureOf ?? failureOf)(
    answer.status,
    await reach(() => answer.text()),
    answer.headers.get('x-amzn-requestid') ?? undefined,
  )

function told(failure: ApiFailure, { onSignedOut }: ApiClientOptions): ApiFailure {
  if (failure.kind === 'signed-out') onSignedOut(failure)
  return failure
}

/** A cancelled request stays one: nobody is told of it. */
async function reach<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'
    if (signal?.aborted && !isLate) throw cause
    const message = isLate ? 'The server did not answer in time.' : 'The server cannot be reached.'
    throw new ApiFailure('unreachable', message, { cause })
  }
}
