import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { uuid, type Random } from '../clock/index.ts'
import { ApiError } from '../operations/index.ts'
import { createBodyBudget, createExchange, type Exchange } from './exchange.ts'
import { defaultLimits, type HttpLimits } from './limits.ts'
import { createRouteTable, jsonError, type Route } from './route.ts'
import { createSourceAddress } from './source-address.ts'
import { loadCertificates, type HttpTls } from './tls.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly tls?: HttpTls
  readonly routes: readonly Route[]
  readonly limits?: Partial<HttpLimits>
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[]
  readonly random: Random
  /** What went wrong inside; the client is told nothing of it. */
  onFault(error: unknown, where: string): void
  /** For metrics; `route` is the route's path, never the client's text. */
  onAnswer?(answer: { readonly method: string; readonly route: string; readonly status: number }): void
}

export interface HttpServer {
  readonly host: string
  readonly port: number
  /** `http://host:port` */
  readonly url: string
  readonly connections: number
  /** Reads the certificate files again (SIGHUP). A bad file leaves the old certificate in force. @throws with the reason. */
  reloadCertificates(): Promise<void>
  /**
   * Stops accepting, answers what is in flight, closes idle connections; after `graceMs` closes what is left.
   * Resolves when no connection is left and no route runs any more: one whose client has gone may still have a record to
   * write. A route is waited for at most `graceMs` longer.
   */
  close(graceMs: number): Promise<void>
}

/** How often certificate files are looked at. Renewals happen days before the old certificate ends. */
const certificateCheckMs = 30_000
/** How often node looks for connections past their time-outs. */
const timeoutCheckMs = 1_000

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits: HttpLimits = { ...defaultLimits, ...options.limits }
  const tls = options.tls?.kind === 'off' ? undefined : options.tls
  let certificates = tls && (await loadCertificates(tls))
  const settings = {
    maxHeaderSize: limits.headerBytesMax,
    requireHostHeader: false, // checked by ourselves, to answer in our form
    connectionsCheckingInterval: timeoutCheckMs,
    headersTimeout: limits.headersMs,
    requestTimeout: 0, // a gigabyte takes its time; headers, collected bodies and silence have limits of their own
    keepAliveTimeout: limits.keepAliveMs,
  }
  const server = certificates
    ? createTlsServer({
        ...settings,
        ...certificates.context,
        handshakeTimeout: limits.tlsHandshakeMs,
        ALPNProtocols: ['http/1.1'],
        requestCert: tls?.kind === 'mutual',
        rejectUnauthorized: tls?.kind === 'mutual',
      })
    : createServer(settings)
  server.maxHeadersCount = limits.headersMax + 1 // one more, so that too many are seen instead of cut off
  server.maxConnections = limits.connectionsMax
  server.timeout = limits.idleMs

  const connections = trackConnections(server)
  const running = new Set<Promise<void>>()
  const handle = createHandler(options, limits, connections, running)
  server.on('request', (incoming, outgoing) => handle(incoming, outgoing, false))
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => handle(incoming, outgoing, true))
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    refuse(incoming, outgoing, uuid(options.random), 417, 'The only expectation known is 100-continue.')
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerClientError(error, socket, options.random))

  const reloadCertificates = async () => {
    if (!tls || !(server instanceof TlsServer)) return
    const loaded = await loadCertificates(tls)
    if (loaded.fingerprint === certificates?.fingerprint) return
    server.setSecureContext(loaded.context)
    certificates = loaded
  }
  const certificateTimer =
    tls &&
    setInterval(() => {
      reloadCertificates().catch((error: unknown) => options.onFault(error, 'certificate reload'))
    }, certificateCheckMs).unref()

  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const shownHost = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    host: options.host,
    port,
    url: `${tls ? 'https' : 'http'}://${shownHost}:${port}`,
    get connections() {
      return connections.size
    },
    reloadCertificates,
    async close(graceMs) {
      clearInterval(certificateTimer)
      await connections.stop(graceMs)
      await withinMs(graceMs, Promise.all(running))
    },
  }
}

/** `work`, or as long of it as `ms` allow. */
async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const cut = new AbortController()
  const timer = sleep(ms, undefined, { signal: cut.signal }).catch(() => {})
  await Promise.race([work, timer])
  cut.abort()
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse, expectsContinue: boolean) => void

function createHandler(
  options: HttpServerOptions,
  limits: HttpLimits,
  connections: Connections,
  running: Set<Promise<void>>,
): Handler {
  const find = createRouteTable(options.routes)
  const sourceAddress = createSourceAddress(options.trustedProxies ?? [])
  const bodyBudget = createBodyBudget(limits.bodyBytesInFlightMax)
  return (incoming, outgoing, expectsContinue) => {
    const requestId = uuid(options.random)
    const method = incoming.method ?? 'GET'
    const answered = connections.begin(incoming.socket)
    let routePath = ''
    outgoing.once('close', () => {
      answered()
      options.onAnswer?.({ method, route: routePath, status: outgoing.statusCode })
    })
    outgoing.on('error', () => {}) // the client has gone; its socket is closed by node
    const fault = requestFault(incoming, limits)
    if (fault) return refuse(incoming, outgoing, requestId, fault.status, fault.message)

    const wire = { method, target: incoming.url!, rawHeaders: incoming.rawHeaders }
    const found = find(wire, incoming.url!.split('?', 1)[0]!)
    const forwardedFor = incoming.headers['x-forwarded-for']
    const exchange = createExchange(incoming, outgoing, {
      requestId,
      sourceIPAddress: sourceAddress(connections.addressOf(incoming.socket), forwardedFor?.toString()),
      limits,
      expectsContinue,
      bodyBytesMax: (found.kind === 'route' && found.route.bodyBytesMax) || limits.bodyBytesMax,
      bodyBudget,
      isStopping: () => connections.stopping,
    })
    if (found.kind === 'route') {
      routePath = found.route.path
      const handled = run(found.route, exchange, options).finally(() => running.delete(handled))
      running.add(handled)
    } else if (found.kind === 'wrong-method') {
      const answer = jsonError(405, 'MethodNotAllowedException', `${method} is not possible here.`)
      exchange.respond({ ...answer, headers: { ...answer.headers, Allow: found.allowed.join(', ') } })
    } else {
      exchange.respond(jsonError(404, 'NotFoundException', 'There is nothing at this path.'))
    }
  }
}

/** Runs a route; whatever it throws becomes an answer without a word about our inside. */
async function run(route: Route, exchange: Exchange, options: HttpServerOptions): Promise<void> {
  try {
    await route.handle(exchange)
    if (exchange.answered || exchange.signal.aborted) return
    throw new Error('the route gave no answer')
  } catch (error) {
    if (!(error instanceof ApiError)) options.onFault(error, `${route.method} ${route.path}`)
    if (exchange.outgoing.headersSent) exchange.outgoing.destroy()
    else if (error instanceof ApiError) exchange.respond(jsonError(error.status, error.code, error.message, error.at))
    else exchange.respond(jsonError(500, 'InternalFailure', internalFailureText))
  }
}

/** AWS's words for it. */
export const internalFailureText =
  'The request processing has failed because of an unknown error, exception or failure.'

function requestFault(incoming: IncomingMessage, limits: HttpLimits): { status: number; message: string } | undefined {
  if (incoming.rawHeaders.length / 2 > limits.headersMax) {
    return { status: 431, message: `A request may have at most ${limits.headersMax} headers.` }
  }
  if (!incoming.url?.startsWith('/')) return { status: 400, message: 'The request target must be a path.' }
  if (incoming.httpVersionMajor === 1 && incoming.httpVersionMinor >= 1 && incoming.headers.host === undefined) {
    return { status: 400, message: 'The Host header is missing.' }
  }
  return undefined
}

/** Answers a request that is not served, and closes: its framing or its body cannot be relied on. */
function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  requestId: string,
  status: number,
  message: string,
): void {
  const { headers, body } = jsonError(status, 'MalformedHttpRequestException', message)
  incoming.resume()
  outgoing.writeHead(status, { ...headers, 'x-amzn-RequestId': requestId, Connection: 'close' }).end(body)
}

const clientErrors: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'MalformedHttpRequestException',
    'The headers are too large.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'RequestTimeoutException', 'The request did not arrive in time.'],
}
const malformed = ['400 Bad Request', 'MalformedHttpRequestException', 'The request is not valid HTTP.'] as const

/** There is no request to answer to: the answer is written on the socket itself. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, random: Random): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code, message] = clientErrors[error.code ?? ''] ?? malformed
  const body = JSON.stringify({ __type: code, Message: message })
  const head = [
    `HTTP/1.1 ${status}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: application/json',
    `x-amzn-RequestId: ${uuid(random)}`,
    `x-amzn-ErrorType: ${code}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

interface Connections {
  readonly size: number
  readonly stopping: boolean
  /** The address the connection came from; the socket itself forgets it when the client goes away. */
  addressOf(socket: Socket): string | undefined
  /** A request has begun on the socket; call the result when it is over. */
  begin(socket: Socket): () => void
  stop(graceMs: number): Promise<void>
}

/** Knows which sockets have a request in progress; node counts a connection that never sent a byte as busy. */
function trackConnections(server: Server): Connections {
  const inFlight = new Map<Socket, { requests: number; bytesSeen: number }>()
  const addresses = new WeakMap<Socket, string>()
  let stopping = false
  const closeIfIdle = (socket: Socket) => {
    const state = inFlight.get(socket)
    if (state?.requests === 0 && socket.bytesRead === state.bytesSeen) socket.destroy()
  }
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    inFlight.set(socket, { requests: 0, bytesSeen: 0 })
    if (socket.remoteAddress !== undefined) addresses.set(socket, socket.remoteAddress)
    socket.once('close', () => inFlight.delete(socket))
    socket.on('error', () => {}) // resets by the client; close follows
  })
  return {
    get size() {
      return inFlight.size
    },
    get stopping() {
      return stopping
    },
    addressOf: (socket) => addresses.get(socket),
    begin(socket) {
      const state = inFlight.get(socket)
      if (state) state.requests++
      return () => {
        if (!state) return
        state.requests--
        state.bytesSeen = socket.bytesRead
        if (stopping && state.requests === 0) socket.destroySoon()
      }
    },
    stop(graceMs) {
      stopping = true
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        for (const socket of inFlight.keys()) closeIfIdle(socket)
      })
    },
  }
}
