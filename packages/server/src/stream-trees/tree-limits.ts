/** Bounds of the stream trees. Simulations make them small. */
export interface TreeLimits {
  /** Entries read at once: some milliseconds of hashing, and then the disk gives everybody else a turn. */
  readonly pageEntries: number
  /** Nodes that wait in memory, of all streams, before they are stored: one for 256 entries that a crash makes us read again. */
  readonly waitingMax: number
  /** Nodes in memory from which on the journal is not followed any more until they are stored; it is read then. */
  readonly waitingHardMax: number
  /** Trees stored at once: the control store writes what comes together in one go. */
  readonly storesAtOnce: number
  /** Pause after a failure, domain time. */
  readonly retryMs: number
}

export const defaultTreeLimits: TreeLimits = {
  pageEntries: 1_024,
  waitingMax: 1_024,
  waitingHardMax: 16_384,
  storesAtOnce: 64,
  retryMs: 1_000,
}
