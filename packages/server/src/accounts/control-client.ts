import { request } from 'node:http'
import { shortSocketPath } from '../data-directory/index.ts'

/** An act waits for the control store's and the journal's disk; longer than this something hangs. */
const timeoutMs = 30_000
/** The longest list, 10,000 accounts, has 2 MB. */
const answerBytesMax = 16 * 1024 * 1024

/** The server's refusal, or that there is none (`ServerNotRunning`, `NotPermitted`, `ConnectionLost`, `BadAnswer`). */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Calls a route of the running server's control socket, for example `/users/create`, and returns the answer's JSON.
 * @throws {ControlSocketError}
 */
export async function callControlSocket(
  socketPath: string,
  route: string,
  body: unknown = {},
  options: { readonly userAgent?: string } = {},
): Promise<unknown> {
  const short = await shortSocketPath(socketPath).catch((error: unknown) => {
    throw connectionError(socketPath, error)
  })
  try {
    const { status, text } = await post(short.path, route, JSON.stringify(body), options.userAgent ?? 'opentrail')
    return result(status, text)
  } catch (error) {
    throw error instanceof ControlSocketError ? error : connectionError(socketPath, error)
  } finally {
    await short.close()
  }
}

function post(socketPath: string, path: string, body: string, userAgent: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': userAgent,
    }
    const sent = request({ socketPath, path, method: 'POST', headers, agent: false }, (answer) => {
      const chunks: Buffer[] = []
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        chunks.push(chunk)
        if (bytes > answerBytesMax)
          answer.destroy(new ControlSocketError('BadAnswer', `The server answered more than ${answerBytesMax} bytes.`))
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    sent.setTimeout(timeoutMs, () =>
      sent.destroy(new ControlSocketError('ConnectionLost', `The server did not answer for ${timeoutMs / 1_000} s.`)),
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function result(status: number, text: string): unknown {
  let answer: { readonly error?: { readonly code?: unknown; readonly message?: unknown } } | null
  try {
    answer = JSON.parse(text) as typeof answer
  } catch (cause) {
    throw new ControlSocketError('BadAnswer', 'The server answered something that is not JSON.', { cause })
  }
  if (status === 200) return answer
  const { code, message } = answer?.error ?? {}
  throw new ControlSocketError(
    typeof code === 'string' ? code : 'BadAnswer',
    typeof message === 'string' ? message : `The server answered with status ${status}.`,
  )
}

function connectionError(socketPath: string, cause: unknown): ControlSocketError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR')
    return new ControlSocketError('ServerNotRunning', `No OpenTrail server is running at ${socketPath}.`, { cause })
  if (code === 'EACCES' || code === 'EPERM')
    return new ControlSocketError('NotPermitted', `Only the server's own user may use ${socketPath}.`, { cause })
  return new ControlSocketError('ConnectionLost', `The connection to ${socketPath} broke.`, { cause })
}
