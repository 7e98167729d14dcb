import { CommandError } from './command-error.ts'
import { startCommand } from './context.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** @throws {CommandError} in one line, when nothing answers. */
export async function request({ method, url, headers = {}, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body && { body: Buffer.from(body) }),
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  } catch (error) {
    throw new CommandError(explainFailure(new URL(url).origin, error, timeoutMs), { cause: error })
  }
}

/** Why nothing answered, in one line with what to do about it. */
export function explainFailure(origin: string, error: unknown, timeoutMs: number): string {
  const failure = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
  if (error instanceof Error && error.name === 'TimeoutError')
    return `${origin} did not answer within ${timeoutMs / 1_000} seconds`
  if (code === 'ECONNREFUSED') return `nothing listens at ${origin}: start it with ${startCommand()}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host of ${origin} is not known; check the endpoint`
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return `the certificate of ${origin} is not trusted (${code}); name its authority in NODE_EXTRA_CA_CERTS`
  return `${origin} cannot be reached: ${failure instanceof Error ? failure.message : String(failure)}`
}
