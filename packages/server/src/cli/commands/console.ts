import { control } from '../control-client.ts'
import { print, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'

export interface ConsoleFlags extends FormatFlags {
  readonly data?: string
  /** Of a server on this machine: the address is asked for over its control socket. */
  readonly endpoint?: string
}

/** Prints an address that signs a browser in as administrator, once. */
export async function consoleLink(this: CliContext, flags: ConsoleFlags): Promise<void> {
  const link = await control<{ readonly url: string }>(this, flags, 'console/link', {})
  if (flags.format === 'json') return printJson(this, link)
  print(this, link.url)
}
