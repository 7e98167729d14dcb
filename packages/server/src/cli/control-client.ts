import { request } from 'node:http'
import { join } from 'node:path'
import { readRunningServer, runningServerPath } from '../config/index.ts'
import { CommandError } from './command-error.ts'
import { dataDirectory, findServer, notRunning, type ConnectionFlags } from './connection.ts'
import { startCommand, type CliContext } from './context.ts'
import { errorText } from './test-clock.ts'

/** Creating a user writes to disk and journal; more than this is a fault. */
const answerMs = 30_000
/** Answers are lists of accounts, users or keys. */
const answerBytesMax = 16 * 1024 * 1024

/**
 * Asks the server over its control socket, which only the owner of the data directory can open.
 * @throws {CommandError} no server, no right, or the server's refusal.
 */
export async function control<Answer>(
  context: CliContext,
  flags: ConnectionFlags,
  route: string,
  body: object,
): Promise<Answer> {
  const socketPath = controlSocketPath(context, flags)
  const { status, text } = await post(socketPath, `/${route}`, JSON.stringify(body)).catch((error: unknown) => {
    throw new CommandError(explain(socketPath, error, notRunning(context, flags)), { cause: error })
  })
  if (status >= 300) throw new CommandError(`${route}: ${errorText(text, status)}`)
  return (text === '' ? {} : JSON.parse(text)) as Answer
}

function controlSocketPath(context: CliContext, flags: ConnectionFlags): string {
  const server = findServer(context, flags)
  if (server?.controlSocket) return server.controlSocket
  const data = dataDirectory(context, flags)
  const own = readRunningServer(runningServerPath({ kind: 'production', data }, 0))
  if (server && !own) throw new CommandError('the running test server has no control socket')
  return join(data, 'control.sock')
}

function post(socketPath: string, path: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, method: 'POST', headers: { 'content-type': 'application/json' }, timeout: answerMs },
      (incoming) => {
        const parts: Buffer[] = []
        let length = 0
        incoming.on('data', (part: Buffer) => {
          length += part.length
          if (length > answerBytesMax) outgoing.destroy(new Error('the answer is too long'))
          else parts.push(part)
        })
        incoming.once('error', reject)
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        )
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${answerMs / 1_000} seconds`)))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

function explain(socketPath: string, error: unknown, notRunningText: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return notRunningText
  if (code === 'ECONNREFUSED') return `no server listens at ${socketPath}: start it with ${startCommand()}`
  if (code === 'EACCES')
    return `${socketPath} belongs to another user: run this command as the user that runs the server`
  return `${socketPath} cannot be used: ${error instanceof Error ? error.message : String(error)}`
}
