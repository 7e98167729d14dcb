import { request } from 'node:http'
import { join } from 'node:path'
import type { RunningServerFile } from '../config/index.ts'
import { CommandError } from './command-error.ts'
import { dataDirectory, findServer, namedEndpoint, notRunning, serverAt, type ConnectionFlags } from './connection.ts'
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
  const { socketPath } = controlled(context, flags)
  const { status, text } = await post(socketPath, `/${route}`, JSON.stringify(body)).catch((error: unknown) => {
    throw new CommandError(explain(socketPath, error, notRunning(context, flags)), { cause: error })
  })
  if (status >= 300) throw new CommandError(`${route}: ${errorText(text, status)}`)
  return (text === '' ? {} : JSON.parse(text)) as Answer
}

/** The server that is meant, and its socket. Named by its endpoint it must be one of this machine. */
function controlled(context: CliContext, flags: ConnectionFlags): { socketPath: string; server?: RunningServerFile } {
  const endpoint = namedEndpoint(context, flags)
  const server = endpoint === undefined ? findServer(context, flags) : serverAt(endpoint, context, flags)
  if (endpoint !== undefined && server === undefined)
    throw new CommandError(
      `the server at ${endpoint} does not run on this machine, or for another user; accounts, users and keys are managed where it runs (--data DIR names its data directory)`,
    )
  // Without a server the place where its socket would be tells what is wrong.
  const socketPath = server?.controlSocket ?? join(dataDirectory(context, flags), 'control.sock')
  if (server?.testMode && server.controlSocket === undefined)
    throw new CommandError('a test server has fixed credentials and nothing to manage')
  return { socketPath, ...(server && { server }) }
}

/** The account that a command is about: the one that was named, else the server's own. */
export function controlAccount(context: CliContext, flags: ConnectionFlags & { readonly account?: string }): string {
  const account = flags.account ?? controlled(context, flags).server?.account
  if (account === undefined) throw new CommandError(notRunning(context, flags))
  return account
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
