import type { EngineHostOptions } from './engine-configuration.ts'

/** From the supervisor to the host, over the IPC channel (never on a command line or in an environment). */
export type ToHost = { readonly kind: 'start'; readonly options: EngineHostOptions } | { readonly kind: 'stop' }

/** From the host to the supervisor. */
export type FromHost =
  { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly reason: string; readonly locked: boolean }
