import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { GetOptions } from './object-source.ts'

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** In memory of its own. */
  readonly body: Buffer
}

/** What went wrong with one exchange, where there is no whole answer. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly kind: 'no-connection' | 'connection-lost' | 'too-late' | 'too-large'
  constructor(kind: ExchangeError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

export interface S3Http {
  /** One GET on a connection that is kept. @throws {ExchangeError} */
  get(about: {
    readonly origin: string
    /** Path and query as they are signed. */
    readonly target: string
    readonly headers: Readonly<Record<string, string>>
    readonly options: GetOptions
  }): Promise<HttpAnswer>
  close(): void
}

/** Around the world, with a lost packet that is sent again after 1, 2 and 4 s. */
const connectMs = 10_000
/** Silence after which a store counts as gone. */
const idleMs = 60_000
/** A large file over a slow line may take long, and one that trickles must end some time. */
const wholeMs = 15 * 60_000
/** A connection unused for so long is closed: stores and load balancers drop theirs after 5 to 60 s. */
const keptMs = 4_000
/** An error is a few lines of XML. */
const errorBytesMax = 64 * 1024

/**
 * GETs, as many at a time as are asked for. Bodies are taken whole and never unpacked: `Content-Encoding: gzip` belongs to the
 * object.
 */
export function createS3Http(): S3Http {
  const kept = { keepAlive: true, timeout: keptMs, scheduling: 'lifo' } as const
  const agents = { plain: new HttpAgent(kept), tls: new HttpsAgent(kept) }
  return {
    async get({ origin, target, headers, options }) {
      const { protocol, hostname, port } = new URL(origin)
      const isTls = protocol === 'https:'
      const outgoing = (isTls ? httpsRequest : httpRequest)({
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        ...(port !== '' && { port }),
        path: target,
        headers: { ...headers },
        agent: isTls ? agents.tls : agents.plain,
        timeout: idleMs,
      })
      const giveUp = (why: string) => () => outgoing.destroy(new ExchangeError('too-late', why))
      const timer = setTimeout(giveUp(`not answered within ${wholeMs / 1_000} s`), wholeMs)
      outgoing.once('timeout', giveUp(`nothing came for ${idleMs / 1_000} s`))
      const connection = watchConnection(outgoing, giveUp(`no connection within ${connectMs / 1_000} s`))
      try {
        return await readAnswer(await answerTo(outgoing), options)
      } catch (error) {
        outgoing.destroy()
        if (error instanceof ExchangeError) throw error
        const [kind, text] = connection.isMade
          ? (['connection-lost', 'the connection was lost'] as const)
          : (['no-connection', 'no connection'] as const)
        throw new ExchangeError(kind, `${text}: ${textOf(error)}`, { cause: error })
      } finally {
        clearTimeout(timer)
      }
    },
    close() {
      agents.plain.destroy()
      agents.tls.destroy()
    },
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function watchConnection(outgoing: ClientRequest, onLate: () => void): { readonly isMade: boolean } {
  const connection = { isMade: false }
  outgoing.once('socket', (socket) => {
    connection.isMade = outgoing.reusedSocket
    if (connection.isMade) return
    const timer = setTimeout(onLate, connectMs)
    socket.once('close', () => clearTimeout(timer))
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      connection.isMade = true
      clearTimeout(timer)
    })
  })
  return connection
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', (response) => {
      // Whoever reads it sees that it is destroyed.
      response.on('error', () => {})
      resolve(response)
    })
    // Stays: a late error of a request that has its answer would else end the process.
    outgoing.on('error', reject)
    outgoing.end()
  })
}

async function readAnswer(response: IncomingMessage, { bytesMax, admit }: GetOptions): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0
  const isFound = status >= 200 && status < 300
  const most = isFound ? bytesMax : errorBytesMax
  const told = response.headers['content-length']
  const size = told === undefined ? most : Number(told)
  if (size > most) throw new ExchangeError('too-large', `larger than ${most} bytes`)
  if (isFound && admit) {
    // Silence while the object waits is ours.
    response.socket.setTimeout(0)
    await admit(size)
    response.socket?.setTimeout(idleMs)
  }
  return { status, headers: flatHeaders(response), body: await readBody(response, most) }
}

function readBody(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    response.on('data', (part: Buffer) => {
      size += part.length
      if (size > bytesMax) reject(new ExchangeError('too-large', `larger than ${bytesMax} bytes`))
      else parts.push(part)
    })
    response.once('end', () => resolve(joined(parts, size)))
    const closed = (): void => {
      if (!response.complete) reject(response.errored ?? new Error('the answer broke off'))
    }
    response.once('close', closed)
    if (response.destroyed) closed()
  })
}

/** Not `Buffer.concat`: it takes small ones out of memory that is shared. */
function joined(parts: readonly Buffer[], size: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const part of parts) at += part.copy(whole, at)
  return whole
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  return flat
}
