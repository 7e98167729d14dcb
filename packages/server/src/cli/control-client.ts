import { join } from 'node:path'
import { callControlSocket, ControlSocketError } from '../accounts/index.ts'
import type { RunningServerFile } from '../config/index.ts'
import { CommandError } from './command-error.ts'
import { dataDirectory, findServer, namedEndpoint, notRunning, serverAt, type ConnectionFlags } from './connection.ts'
import type { CliContext } from './context.ts'

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
  try {
    return (await callControlSocket(socketPath, `/${route}`, body, { userAgent: 'opentrail-cli' })) as Answer
  } catch (error) {
    if (!(error instanceof ControlSocketError)) throw error
    const text = error.code === 'ServerNotRunning' ? notRunning(context, flags) : `${route}: ${error.message}`
    throw new CommandError(text, { cause: error })
  }
}

/** The server that is meant, and its socket. Named by its endpoint it must be one of this machine. */
function controlled(context: CliContext, flags: ConnectionFlags): { socketPath: string; server?: RunningServerFile } {
  const endpoint = namedEndpoint(context, flags)
  const server = endpoint === undefined ? findServer(context, flags) : serverAt(endpoint, context, flags)
  if (endpoint !== undefined && server === undefined)
    throw new CommandError(
      `the server at ${endpoint} does not run on this machine, or for another user; accounts, users, keys and buckets are managed where it runs (--data DIR names its data directory)`,
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
