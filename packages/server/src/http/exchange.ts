import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished, Transform, type Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { splitTarget, type WireRequest } from '../auth/index.ts'
import { ApiError } from '../operations/index.ts'
import type { HttpLimits } from './limits.ts'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Where no body is sent but one is spoken of: answers to HEAD, and 304. */
  readonly contentLength?: number
}

export interface TlsDetails {
  readonly tlsVersion?: string
  readonly cipherSuite?: string
  readonly clientProvidedHostHeader?: string
}

/** One request and its answer. Everything the client sent is untrusted. */
export interface Exchange {
  /** As it stood on the wire, for signatures. */
  readonly wire: WireRequest
  /** Not decoded. */
  readonly path: string
  /** Without the question mark, not decoded. */
  readonly query: string
  /** Also in the answer's `x-amzn-RequestId`. */
  readonly requestId: string
  readonly sourceIPAddress: string
  readonly userAgent: string
  /** Absent where the connection is not encrypted. */
  readonly tls?: TlsDetails
  /** Aborted when the client has gone before the answer was sent. */
  readonly signal: AbortSignal
  /** The first value of a header; `name` in lower case. */
  header(name: string): string | undefined
  /**
   * The whole body, once. @throws {ApiError} RequestEntityTooLargeException (413), RequestTimeoutException (408),
   * RequestAbortedException (400), ServiceUnavailable (503, no memory for it now).
   */
  readBody(bytesMax?: number): Promise<Buffer>
  /**
   * The body as it arrives, for what is too large for memory; once. It fails, instead of ending, when the client goes
   * away or sends more than `bytesMax` (by default the route's limit), and it can be left early: the answer still goes out.
   * @throws {ApiError} RequestEntityTooLargeException (413)
   */
  bodyStream(bytesMax?: number): Readable
  /** Sends the answer; a second one is ignored. Does not wait until the client has read it. */
  respond(answer: Answer): void
  readonly answered: boolean
  /** For bodies too large for memory, both ways. */
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

export interface ExchangeOptions {
  readonly requestId: string
  readonly sourceIPAddress: string
  readonly limits: HttpLimits
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  readonly bodyBytesMax: number
  readonly bodyBudget: BodyBudget
  isStopping(): boolean
}

/** Bytes of bodies held in memory by all requests together; strangers can fill connections, but not the memory. */
export interface BodyBudget {
  /** False: there is no room now. */
  take(bytes: number): boolean
  release(bytes: number): void
}

export function createBodyBudget(bytesMax: number): BodyBudget {
  let held = 0
  return {
    take(bytes) {
      if (held + bytes > bytesMax) return false
      held += bytes
      return true
    },
    release(bytes) {
      held -= bytes
    },
  }
}

/** A refused body is still read up to here, so that the client gets to read its answer instead of a reset. */
const lingerBytesMax = 8 * 1_024 * 1_024
const lingerMs = 2_000

export function createExchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: ExchangeOptions,
): Exchange {
  const { path, query } = splitTarget(incoming.url ?? '/')
  // Most requests are answered before anybody asks for it.
  let aborting: AbortController | undefined
  let isGone = false
  let heldBytes = 0
  outgoing.once('close', () => {
    isGone = !outgoing.writableFinished
    if (isGone) aborting?.abort()
    options.bodyBudget.release(heldBytes)
  })
  outgoing.setHeader('x-amzn-RequestId', options.requestId)
  const tls = tlsDetails(incoming)
  const take = (bytes: number) => {
    const taken = !outgoing.destroyed && options.bodyBudget.take(bytes)
    if (taken) heldBytes += bytes
    return taken
  }
  let continuePending = options.expectsContinue
  let answered = false
  const sendContinue = () => {
    if (continuePending) outgoing.writeContinue()
    continuePending = false
  }

  return {
    wire: { method: incoming.method ?? 'GET', target: incoming.url ?? '/', rawHeaders: incoming.rawHeaders },
    path,
    query,
    requestId: options.requestId,
    sourceIPAddress: options.sourceIPAddress,
    userAgent: incoming.headers['user-agent'] ?? '',
    ...(tls && { tls }),
    get signal() {
      aborting ??= new AbortController()
      if (isGone) aborting.abort()
      return aborting.signal
    },
    incoming,
    outgoing,
    get answered() {
      return answered || outgoing.headersSent
    },
    header: (name) => {
      const value = incoming.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    async readBody(bytesMax = options.bodyBytesMax) {
      if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
      sendContinue()
      return collect(incoming, bytesMax, options.limits.bodyMs, take)
    },
    bodyStream(bytesMax = options.bodyBytesMax) {
      if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
      sendContinue()
      // Once all is here it is us who take time, with a spooled gigabyte more than a connection may be silent.
      incoming.once('end', () => {
        if (!answered) incoming.socket.setTimeout(0)
      })
      return boundedStream(incoming, bytesMax)
    },
    respond(answer) {
      if (answered || outgoing.headersSent || outgoing.destroyed) return
      answered = true
      incoming.socket.setTimeout(options.limits.idleMs)
      const body = answer.body ?? ''
      const unread = hasBody(incoming) && !incoming.complete
      outgoing.writeHead(answer.status, {
        ...answer.headers,
        'Content-Length': String(answer.contentLength ?? Buffer.byteLength(body)),
        ...((unread || options.isStopping()) && { Connection: 'close' }),
      })
      if (!unread || continuePending) {
        outgoing.end(body)
        return
      }
      // All of the answer is sent, but the connection is held open until the client had a chance to read it.
      outgoing.write(body)
      void drain(incoming).then(() => outgoing.end())
    },
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const tooLarge = (bytesMax: number) =>
  new ApiError('RequestEntityTooLargeException', `The request body is larger than ${bytesMax} bytes.`, { status: 413 })

const aborted = (cause?: unknown) =>
  new ApiError('RequestAbortedException', 'The client closed the connection.', { cause })

const busy = () =>
  new ApiError('ServiceUnavailable', 'Too many requests are being read at the moment. Try again.', { status: 503 })

function collect(
  incoming: IncomingMessage,
  bytesMax: number,
  bodyMs: number,
  take: (bytes: number) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let length = 0
    const settle = (outcome: Buffer | ApiError) => {
      clearTimeout(timer)
      incoming.off('data', onData).off('end', onEnd).off('close', onClose)
      if (Buffer.isBuffer(outcome)) resolve(outcome)
      else {
        incoming.pause()
        reject(outcome)
      }
    }
    const onData = (piece: Buffer) => {
      length += piece.length
      if (length > bytesMax) settle(tooLarge(bytesMax))
      else if (!take(piece.length)) settle(busy())
      else pieces.push(piece)
    }
    const onEnd = () => settle(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length))
    const onClose = () => settle(aborted())
    const timer = setTimeout(
      () => settle(new ApiError('RequestTimeoutException', 'The body did not arrive in time.', { status: 408 })),
      bodyMs,
    )
    if (incoming.destroyed && !incoming.readableEnded) return onClose()
    incoming.on('data', onData).once('end', onEnd).once('close', onClose)
  })
}

/** A stream of its own, because leaving a loop over `incoming` itself would close the connection before the answer. */
function boundedStream(incoming: IncomingMessage, bytesMax: number): Readable {
  let length = 0
  const bounded = new Transform({
    transform(piece: Buffer, _encoding, done) {
      length += piece.length
      if (length > bytesMax) done(tooLarge(bytesMax))
      else done(null, piece)
    },
  })
  // A pipe does not say that its source ended early: without this the reader would wait for ever.
  finished(incoming, { writable: false }, (error) => {
    if (error) bounded.destroy(aborted(error))
  })
  return incoming.pipe(bounded)
}

/** Reads and forgets what still comes: until the end, a number of bytes, or some time. */
function drain(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let length = 0
    const finish = () => {
      clearTimeout(timer)
      incoming.off('data', onData)
      resolve()
    }
    const onData = (piece: Buffer) => {
      length += piece.length
      if (length > lingerBytesMax) finish()
    }
    const timer = setTimeout(finish, lingerMs)
    incoming.on('data', onData).once('end', finish).once('close', finish)
    incoming.resume()
  })
}

function tlsDetails(incoming: IncomingMessage): TlsDetails | undefined {
  const { socket } = incoming
  if (!(socket instanceof TLSSocket)) return undefined
  const version = socket.getProtocol()
  const { host } = incoming.headers
  return {
    ...(version && { tlsVersion: version }),
    cipherSuite: socket.getCipher().name,
    ...(host !== undefined && { clientProvidedHostHeader: host }),
  }
}
