import type { CommandContext } from '@stricli/core'
import { checkoutDirectory } from '../config/index.ts'

/** What a command may touch beside its arguments; tests bring their own. */
export interface CliContext extends CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdin: AsyncIterable<Uint8Array>
  /** Standard output for what is no text; resolves when there is room for more. */
  writeBytes(bytes: Uint8Array): Promise<void>
  /** Wall clock, ms. */
  now(): number
  /** The exit code of a command that has done its work and has bad news; an error has its own. */
  exitWith(code: number): void
}

/** How the user calls this program, for the commands we suggest. */
export const programName = (): string => (checkoutDirectory() === undefined ? 'opentrail' : './opentrail')

export const startCommand = (): string => (checkoutDirectory() === undefined ? 'opentrail start' : 'npm start')

export const print = (context: CommandContext, text: string): void => context.process.stdout.write(`${text}\n`)
export const printError = (context: CommandContext, text: string): void => context.process.stderr.write(`${text}\n`)
export const printJson = (context: CommandContext, value: unknown): void =>
  print(context, JSON.stringify(value, null, 2))
