import type { ConnectionFlags } from './connection.ts'

/** Pieces of stricli flag declarations that several commands share. */

export const textFlag = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, optional: true, brief, placeholder }) as const

export const switchFlag = (brief: string) => ({ kind: 'boolean', optional: true, withNegated: false, brief }) as const

export interface FormatFlags {
  readonly format: 'text' | 'json'
}

export const formatFlags = {
  format: { kind: 'enum', values: ['text', 'json'], default: 'text', brief: 'How to print the answer' },
} as const

export const connectionFlags = {
  endpoint: textFlag('Server to talk to; without it the one of the data directory', 'URL'),
  data: textFlag('Data directory of the server', 'DIR'),
  region: textFlag('Region that is meant', 'NAME'),
} as const

export const dataFlags = { data: textFlag('Data directory of the server', 'DIR') } as const

export const positional = (brief: string, placeholder: string) => ({ brief, placeholder, parse: String }) as const

export type { ConnectionFlags }
