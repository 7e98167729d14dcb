import { createHash, timingSafeEqual } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PoolFullError, type SessionPool } from './session-pool.ts'
import { admitStatement, statementText, type AdmittedStatement } from './sql-gate.ts'
import { SqlRefusedError } from './sql-tokens.ts'

/** A statement's text (ClickHouse's own limit on parsing is 256 KB). */
const statementBytesMax = 256 * 1024
/** Rows of one insert; they are spooled to disk, not held in memory. */
const insertBytesMax = 512 * 1024 * 1024

const notSettings = new Set([
  'query', 'query_id', 'database', 'default_format', 'session_id', 'session_timeout', 'session_check', 'role',
  'user', 'password', 'quota_key', 'compress', 'decompress', 'enable_http_compression', 'wait_end_of_query',
  'send_progress_in_http_headers', 'http_headers_progress_interval_ms', 'buffer_size', 'log_comment', 'readonly',
]) // prettier-ignore

class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeError'
}

async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > statementBytesMax) throw new RequestTooLargeError(`a statement has at most ${statementBytesMax} bytes`)
    chunks.push(chunk)
  }
  // Fatal: a statement that is not UTF-8 must not be run with replacement characters in it.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
}

function limitBytes(most: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > most) done(new RequestTooLargeError(`an insert has at most ${most} bytes`))
      else done(null, chunk)
    },
  })
}

interface EngineFault {
  readonly status: number
  readonly code: number
  readonly text: string
}

/** Any failure as ClickHouse writes it, so that the client finds code and type. Never a stack trace. */
function faultOf(error: unknown): EngineFault {
  if (error instanceof SqlRefusedError)
    return {
      status: 400,
      code: error.code,
      text: `Code: ${error.code}. DB::Exception: ${error.message}. (${error.type})`,
    }
  if (error instanceof PoolFullError)
    return {
      status: 503,
      code: 202,
      text: `Code: 202. DB::Exception: ${error.message}. (TOO_MANY_SIMULTANEOUS_QUERIES)`,
    }
  if (error instanceof RequestTooLargeError)
    return { status: 413, code: 307, text: `Code: 307. DB::Exception: ${error.message}. (TOO_MANY_BYTES)` }
  const message = error instanceof Error ? error.message : String(error)
  const code = Number(/^Code: (\d+)\./.exec(message)?.[1] ?? 1002)
  return {
    status: 500,
    code,
    text: code === 1002 ? `Code: 1002. DB::Exception: ${message}. (UNKNOWN_EXCEPTION)` : message,
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function isAuthorized(request: IncomingMessage, expected: Buffer): boolean {
  const encoded = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return false
  const given = Buffer.from(encoded, 'base64').toString('utf8')
  return timingSafeEqual(digest(given.slice(given.indexOf(':') + 1)), expected)
}

interface EngineRequest {
  readonly statement: AdmittedStatement
  readonly settings: ReadonlyMap<string, string>
  readonly database: string
  readonly format: string
  readonly queryId: string
}

async function parseRequest(request: IncomingMessage, query: URLSearchParams): Promise<EngineRequest> {
  if (request.headers['content-encoding'] !== undefined || query.get('decompress') === '1')
    throw new SqlRefusedError('compressed requests are not supported', 48, 'NOT_IMPLEMENTED')
  if (query.has('session_id')) throw new SqlRefusedError('sessions are not supported', 48, 'NOT_IMPLEMENTED')
  const parameters = new Map<string, string>()
  const settings = new Map<string, string>()
  for (const [name, value] of query) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (!notSettings.has(name)) settings.set(name, value)
  }
  const admitted = query.get('query') ?? (await bodyText(request))
  return {
    statement: admitStatement(admitted, parameters),
    settings,
    database: query.get('database') ?? 'default',
    format: query.get('default_format') ?? 'TabSeparated',
    queryId: query.get('query_id') ?? '',
  }
}

async function spoolRows(request: IncomingMessage, inlineData: string, path: string): Promise<void> {
  const file = createWriteStream(path, { mode: 0o600, flags: 'wx' })
  if (inlineData !== '') file.write(inlineData)
  await pipeline(request, limitBytes(insertBytesMax), file)
}

function sendFault(response: ServerResponse, error: unknown, queryId: string): void {
  if (response.headersSent || response.destroyed) return
  const fault = faultOf(error)
  response.writeHead(fault.status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(fault.text),
    'X-ClickHouse-Exception-Code': String(fault.code),
    'X-ClickHouse-Query-Id': queryId,
  })
  response.end(fault.text)
}

export interface EngineHttpOptions {
  readonly pool: SessionPool
  readonly token: string
  readonly spoolDirectory: string
}

/**
 * ClickHouse's HTTP interface as far as `@clickhouse/client` uses it: `GET /ping`, and POST with the statement in
 * `query` or in the body. Results are complete before the first byte is sent, so an error never follows half a result.
 */
export function createEngineHttp({ pool, token, spoolDirectory }: EngineHttpOptions): RequestListener {
  const expected = digest(token)
  let spooled = 0

  async function execute(request: IncomingMessage, asked: EngineRequest, signal: AbortSignal) {
    const { statement, settings, format } = asked
    const spool = statement.kind === 'insert-data' ? `${spoolDirectory}/rows-${++spooled}` : undefined
    try {
      if (spool !== undefined) await spoolRows(request, statement.inlineData ?? '', spool)
      return await pool.borrow(signal, async (session, killId) => {
        await session.useDatabase(asked.database)
        const all = new Map([...settings, ['log_comment', killId]])
        return session.run(statementText(statement, all, spool), format, killId, signal)
      })
    } finally {
      // Left-over rows are removed when the host starts, so a failure here costs disk until then and nothing else.
      if (spool !== undefined) await unlink(spool).catch(() => undefined)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine')
    const queryId = url.searchParams.get('query_id') ?? ''
    const aborting = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) aborting.abort()
    })
    try {
      if (!isAuthorized(request, expected)) {
        throw new SqlRefusedError('authentication failed', 516, 'AUTHENTICATION_FAILED')
      }
      if (url.pathname === '/ping') {
        await pool.ping()
        response.writeHead(200, { 'Content-Type': 'text/plain' }).end('Ok.\n')
        return
      }
      // GET is what the client's own health check uses; it reads only.
      const isRead = request.method === 'GET' && /^\s*SELECT\b/i.test(url.searchParams.get('query') ?? '')
      if (request.method !== 'POST' && !isRead) throw new SqlRefusedError('use POST', 48, 'NOT_IMPLEMENTED')
      const asked = await parseRequest(request, url.searchParams)
      const result = await execute(request, asked, aborting.signal)
      const rows = String(result.rowsRead)
      const written = asked.statement.kind === 'insert-data'
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': result.bytes.length,
        'X-ClickHouse-Query-Id': queryId,
        'X-ClickHouse-Summary': JSON.stringify({
          read_rows: rows,
          read_bytes: String(result.bytesRead),
          written_rows: written ? rows : '0',
          written_bytes: written ? String(result.bytesRead) : '0',
          elapsed_ns: String(Math.round(result.elapsed * 1e9)),
        }),
      })
      response.end(result.bytes)
    } catch (error) {
      sendFault(response, error, queryId)
      // Read to its end, for the client sends it before it looks at the answer.
      request.resume()
    }
  }

  return (request, response) => {
    void answer(request, response)
  }
}
