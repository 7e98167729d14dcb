import type { Credentials } from '../auth/credentials.ts'
import { canonicalQuery, signRequest } from '../auth/sign-request.ts'
import { ApiFailure, failureOf } from './failure.ts'

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** Asks the server that this page came from, as one person in one Region. */
export interface ApiClient {
  /** @throws {ApiFailure} */
  get<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer>
  /** @throws {ApiFailure} */
  post<Answer>(path: string, body: object, signal?: AbortSignal): Promise<Answer>
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
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    parameters: Parameters,
    body: string,
    signal: AbortSignal,
  ) => {
    const named = Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, String(value)] as const],
    )
    const query = canonicalQuery(named)
    const { credentials, region, host } = options
    const request = { method, path, parameters: named, host, body }
    const headers = await signRequest(request, credentials, region, options.now() + aheadMs)
    const sent = {
      method,
      headers: { ...headers, ...(body !== '' && { 'content-type': 'application/json' }) },
      signal,
      ...(body !== '' && { body }),
      credentials: 'omit' as const,
      cache: 'no-store' as const,
    }
    return reach(() => options.fetch(query === '' ? path : `${path}?${query}`, sent), signal)
  }
  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    parameters: Parameters,
    body: string,
    signal: AbortSignal,
  ) => {
    const answer = await send(method, path, parameters, body, signal)
    if (answer.ok) return answer
    const failure = await failureFrom(answer)
    const date = Date.parse(answer.headers.get('date') ?? '')
    if (failure.kind === 'signed-out' && wrongClock.test(failure.message) && !Number.isNaN(date)) {
      aheadMs = date - options.now()
      const again = await send(method, path, parameters, body, signal)
      if (again.ok) return again
      throw told(await failureFrom(again), options)
    }
    throw told(failure, options)
  }
  return {
    get: async <Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal) =>
      read<Answer>(await ask('GET', path, parameters, '', within(signal))),
    post: async <Answer>(path: string, body: object, signal?: AbortSignal) =>
      read<Answer>(await ask('POST', path, {}, JSON.stringify(body), within(signal))),
    async stream(path, parameters, signal) {
      const { body } = await ask('GET', path, parameters, '', signal)
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

const failureFrom = async (answer: Response): Promise<ApiFailure> =>
  failureOf(answer.status, await reach(() => answer.text()), answer.headers.get('x-amzn-requestid') ?? undefined)

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
