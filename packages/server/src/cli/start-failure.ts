import { CommandError } from './command-error.ts'

/** Causes told behind the failure itself: the adapters wrap once or twice. */
const causesMax = 4
/** A driver's message may be a page long. */
const messageCharactersMax = 400

/**
 * What keeps a server from starting, in one line that says what to do where that is known. The machine, not the program, is
 * the usual reason; a mistake of the program's own stays what it is and is shown whole.
 */
export function startFailure(error: unknown): unknown {
  if (isProgramError(error)) return error
  return new CommandError(`the server cannot start: ${advice(error) ?? chain(error)}`, { cause: error })
}

const isProgramError = (error: unknown): boolean =>
  !(error instanceof Error) ||
  error instanceof CommandError ||
  error.name === 'ConfigurationError' ||
  [TypeError, RangeError, ReferenceError, SyntaxError].some(
    (kind) => error instanceof kind && (error as NodeJS.ErrnoException).code === undefined,
  )

/** For what the operating system says in a word. */
function advice(error: unknown): string | undefined {
  const { code, syscall, address, port, path } = systemError(error) ?? {}
  const place = `${address ?? ''}${port === undefined ? '' : `:${port}`}`
  if (code === 'EADDRINUSE')
    return `${place} is in use by another program; stop that one, or choose another port with --port`
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address}; choose another with --host`
  if (syscall === 'listen' && code === 'EACCES')
    return `${place} may not be listened on by this user; ports below 1024 usually need more rights`
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `the disk is full${path === undefined ? '' : ` (${path})`}; make room`
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many files are open; raise the limit (ulimit -n)'
  return undefined
}

type SystemError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

function systemError(error: unknown): SystemError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth <= causesMax; at = at.cause, depth++)
    if (typeof (at as SystemError).code === 'string') return at
  return undefined
}

function chain(error: unknown): string {
  const messages: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth <= causesMax; at = at.cause, depth++) {
    const message = at.message.replace(/\s+/g, ' ').trim().slice(0, messageCharactersMax)
    if (message !== '' && !messages.some((told) => told.includes(message))) messages.push(message)
  }
  return messages.join(': ') || 'no reason was given'
}
