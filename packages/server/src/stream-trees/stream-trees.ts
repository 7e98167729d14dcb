import type { Sequence, StreamId } from '@opentrail/core/event'
import type { MerkleFrontier, NodeReader } from '@opentrail/core/merkle'
import type { DemandJob } from '../clock/index.ts'

/**
 * The Merkle trees of all streams (RFC 6962; leaf `sequence - 1` is H(0 ‖ recordHash) of that entry), kept longer than the
 * entries: every eighth level is stored, the leaves are the journal's. Derived from the journal and never ahead of its durable
 * mark. There is one writer, as of the journal. Methods may be called concurrently.
 */
export interface StreamTrees {
  /** For the schedule: follows the journal where nobody asked, and stores when much waits in memory. */
  readonly job: DemandJob
  /**
   * Follows the stream at least up to `size`, which is durable, and resolves to how many entries the tree then has.
   * @throws {RangeError} `size` is not durable. @throws {JournalUnavailableError} @throws {ControlUnavailableError}
   * @throws {ForeignTreeError} the stored tree is not one of this journal.
   */
  reach(stream: StreamId, size: number): Promise<number>
  /**
   * Nodes of the stream's tree up to what it has reached. Rejects with {LeavesLostError} where the entries below are gone, with
   * what the stores throw, and with {RangeError} behind what was reached. A reader keeps some hashes for its next answers: take
   * one for work that belongs together.
   */
  nodes(stream: StreamId): NodeReader
  /** The tree of the first `size` entries. @throws as `reach` and `nodes` do. */
  frontier(stream: StreamId, size: number): Promise<MerkleFrontier>
  /**
   * Makes the tree of this size one that can be shown to be the beginning of all later ones, whatever becomes of the entries: at
   * most 16 hashes more are stored. To be called before its root is given away; costs little when repeated.
   * @throws as `reach` and `nodes` do.
   */
  keep(stream: StreamId, size: number): Promise<void>
  /** Stores what is only in memory, as far as that is possible now; what is not is reported and tried again later. */
  store(): Promise<void>
  /** What the journal has to keep, by stream: entries up to here are in the stored tree. */
  cursors(): ReadonlyMap<StreamId, Sequence | 0>
  /** Stores what is only in memory, if that can be done soon, and stops following. */
  close(): Promise<void>
}

/** Retention has removed entries whose hashes would be needed, or their key is destroyed. */
export class LeavesLostError extends Error {
  override readonly name = 'LeavesLostError'
}

/** The stored tree has other entries than the journal: one of the two was replaced. Nothing may be proved with either. */
export class ForeignTreeError extends Error {
  override readonly name = 'ForeignTreeError'
}
