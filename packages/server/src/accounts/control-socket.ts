import { chmod, lstat, unlink } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import * as z from 'zod'
import { systemRandom, uuid } from '../clock/index.ts'
import { ControlUnavailableError } from '../control/index.ts'
import { shortSocketPath } from '../data-directory/index.ts'
import { JournalFullError, JournalUnavailableError } from '../journal/index.ts'
import { ApiError } from '../operations/index.ts'
import type { ControlRequest, ControlRoutes } from './control-routes.ts'

/** Names and ids only: whatever is longer is a mistake. */
const bodyBytesMax = 64 * 1024
/** Then the connection is cut. */
const droppedBytesMax = 16 * bodyBytesMax
/** For a request to arrive; acts take what they take. */
const requestTimeoutMs = 10_000
/** A few command lines at a time. */
const connectionsMax = 64
/** After it open connections are cut, so that closing ends. */
const closeTimeoutMs = 2_000

export interface ControlSocket {
  close(): Promise<void>
}

/**
 * Serves the machine's owner: `POST <route>` with a JSON object, over a unix socket with mode 0600, so that only the user
 * of the server (and root) can connect. Answers 200 with JSON, or `{"error":{"code","message"}}`.
 * A socket file without a listener is replaced: it was left by a server that was killed.
 */
export async function openControlSocket(options: {
  /** In a directory with mode 0700: between bind and chmod that is what protects the socket. */
  readonly path: string
  readonly routes: ControlRoutes
  /** Failures that are bugs; the caller only gets their request id. */
  readonly onError: (error: unknown, requestId: string) => void
}): Promise<ControlSocket> {
  const { path, routes, onError } = options
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      void answer(request, response, routes, onError)
    },
  )
  server.maxConnections = connectionsMax
  const short = await shortSocketPath(path)
  try {
    await removeStale(path, short.path)
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(short.path, resolve))
    await chmod(path, 0o600)
  } catch (error) {
    server.close()
    await short.close()
    throw error
  }
  return {
    async close() {
      await closeServer(server)
      await short.close()
    },
  }
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  const cut = setTimeout(() => server.closeAllConnections(), closeTimeoutMs)
  server.closeIdleConnections()
  await closed
  clearTimeout(cut)
}

async function removeStale(path: string, shortPath: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return
  if (!found.isSocket()) throw new Error(`${path} is in the way of the control socket; remove it`)
  if (await isAnswered(shortPath)) throw new Error(`another server answers at ${path}`)
  await unlink(path)
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(path)
    const settle = (answered: boolean) => {
      connection.destroy()
      resolve(answered)
    }
    connection.once('connect', () => settle(true))
    connection.once('error', ({ code }: NodeJS.ErrnoException) => settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'))
  })

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: ControlRoutes,
  onError: (error: unknown, requestId: string) => void,
): Promise<void> {
  const requestId = uuid(systemRandom)
  try {
    const result = await dispatch(request, routes, requestId)
    send(response, 200, result ?? {})
  } catch (error) {
    const failure = asApiError(error, requestId)
    if (failure.status === 500) onError(error, requestId)
    send(response, failure.status, { error: { code: failure.code, message: failure.message } })
  }
}

async function dispatch(request: IncomingMessage, routes: ControlRoutes, requestId: string): Promise<unknown> {
  const path = request.url ?? ''
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (!route) throw new ApiError('UnknownRoute', `There is no ${path.slice(0, 100)}.`, { status: 404 })
  if (request.method !== 'POST') throw new ApiError('MethodNotAllowed', 'Only POST is answered.', { status: 405 })
  const body = parse(await read(request))
  const caller = {
    requestId,
    sourceIPAddress: '127.0.0.1',
    userAgent: (request.headers['user-agent'] ?? 'opentrail').slice(0, 256),
  }
  return route(body, { caller } satisfies ControlRequest)
}

/** What is too long is read on and dropped up to a bound, because a sender that is cut off sees no answer. */
async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= bodyBytesMax) chunks.push(chunk)
    else if (bytes > droppedBytesMax) break
  }
  if (bytes > bodyBytesMax)
    throw new ApiError('RequestTooLarge', `A request has at most ${bodyBytesMax} bytes.`, { status: 413 })
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text || '{}') as unknown
  } catch (cause) {
    throw new ApiError('ValidationError', 'The body is not JSON.', { cause })
  }
}

function asApiError(error: unknown, requestId: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof z.ZodError) return new ApiError('ValidationError', z.prettifyError(error), { cause: error })
  const busy =
    error instanceof JournalFullError ||
    error instanceof JournalUnavailableError ||
    error instanceof ControlUnavailableError
  if (busy) return new ApiError('ServiceUnavailable', error.message, { cause: error, status: 503 })
  return new ApiError('InternalFailure', `Something went wrong; see the server's log for ${requestId}.`, {
    cause: error,
    status: 500,
  })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // What was not read of a refused request is not waited for.
    connection: 'close',
  })
  response.end(text)
}
