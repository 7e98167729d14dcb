import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeRunningServer } from '../config/index.ts'
import { runCli } from './run-cli.ts'

export interface Called {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** What was written as bytes. */
  readonly bytes: Buffer
}

/** Runs a command line as a user would; wall time stands still at `now`. */
export async function call(
  args: readonly string[],
  options: { environment?: Record<string, string>; stdin?: string | Uint8Array; now?: number } = {},
): Promise<Called> {
  const output = { stdout: '', stderr: '' }
  const written: Uint8Array[] = []
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (output[name] += text) })
  const exitCode = await runCli({
    args,
    context: {
      process: { stdout: stream('stdout'), stderr: stream('stderr') },
      environment: options.environment ?? {},
      stdin: (async function* () {
        yield Buffer.from(options.stdin ?? '')
      })(),
      writeBytes: async (bytes) => void written.push(Uint8Array.from(bytes)),
      now: () => options.now ?? Date.now(),
    },
  })
  return { exitCode, ...output, bytes: Buffer.concat(written) }
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** The Region of the signature's scope. */
  readonly region: string | undefined
}

export interface FakeServer extends AsyncDisposable {
  readonly endpoint: string
  readonly requests: Request[]
}

type Answer = (request: Request) => { status?: number; body?: unknown; headers?: Record<string, string> }

/** A server that remembers what it was asked. `listen`: a control socket's path; without it a free port. */
export async function fakeServer(answer: Answer, listen: string | number = 0): Promise<FakeServer> {
  const requests: Request[] = []
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const region = /Credential=[^/]+\/\d{8}\/([^/]+)\//.exec(headers.authorization ?? '')?.[1]
      const request = { method, path: url, headers, body: Buffer.concat(parts), region }
      requests.push(request)
      const { status = 200, body = {}, headers: given = {} } = answer(request)
      outgoing.writeHead(status, given).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((ready, failed) => {
    server.once('error', failed)
    server.listen(...((typeof listen === 'string' ? [listen] : [listen, '127.0.0.1']) as [string]), ready)
  })
  const address = server.address() as AddressInfo | string
  return {
    endpoint: typeof address === 'string' ? '' : `http://127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: () => close(server),
  }
}

const close = (server: Server): Promise<void> =>
  new Promise((closed) => {
    server.closeAllConnections()
    server.close(() => closed())
  })

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'opentrail-cli-'))

/** A data directory as a running server leaves it; its process is this one. */
export function dataDirectoryOf(endpoint: string, controlSocket?: string): string {
  const data = temporaryDirectory()
  writeRunningServer(join(data, 'server.json'), {
    endpoint,
    region: 'eu-west-1',
    account: '111122223333',
    pid: process.pid,
    testMode: false,
    ...(controlSocket !== undefined && { controlSocket }),
  })
  const credentials = { accessKeyId: 'AKIAXMPLADMIN0000001', secretAccessKey: "it's secret/+" }
  writeFileSync(join(data, 'admin-credentials.json'), JSON.stringify(credentials), { mode: 0o600 })
  return data
}
