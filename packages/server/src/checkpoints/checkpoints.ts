import type { Sequence, StreamId } from '@opentrail/core/event'
import { consistencyProof, inclusionProof, rootHash } from '@opentrail/core/merkle'
import type { Journal } from '../journal/index.ts'
import type { StreamTrees } from '../stream-trees/index.ts'
import type { CheckpointSigner } from './checkpoint-signer.ts'

/** The head of a stream's log at one size. */
export interface SignedCheckpoint {
  readonly size: number
  /** Root of the RFC 6962 tree, 32 bytes. */
  readonly root: Uint8Array
  /** The C2SP checkpoint with the log's signature. */
  readonly note: string
}

/**
 * What is vouched for of the streams' trees. All methods reject as the stream trees do: {RangeError} for a size that is not
 * durable, {LeavesLostError} where hashes of entries that are gone would be needed.
 */
export interface Checkpoints {
  /** `size`: the newest one where absent. A checkpoint can be shown to be the beginning of every later one, for ever. */
  checkpoint(stream: StreamId, size?: number): Promise<SignedCheckpoint>
  /** The hashes that prove the entry to be in the tree of `size` entries, from the leaf's sibling upwards. */
  inclusion(stream: StreamId, sequence: Sequence, size: number): Promise<Uint8Array[]>
  /** The hashes that prove the tree of `from` entries to be the beginning of that of `to`. */
  consistency(stream: StreamId, from: number, to: number): Promise<Uint8Array[]>
}

export interface CheckpointsOptions {
  readonly journal: Pick<Journal, 'durable'>
  readonly trees: Pick<StreamTrees, 'reach' | 'nodes' | 'frontier' | 'keep'>
  readonly signer: CheckpointSigner
}

export function createCheckpoints({ journal, trees, signer }: CheckpointsOptions): Checkpoints {
  return {
    async checkpoint(stream, size = journal.durable(stream)) {
      // Before it is given away: afterwards the hashes may be gone.
      await trees.keep(stream, size)
      const root = rootHash(await trees.frontier(stream, size))
      return { size, root, note: signer.sign(stream, { size, root }) }
    },
    async inclusion(stream, sequence, size) {
      await trees.reach(stream, size)
      return inclusionProof(size, sequence - 1, trees.nodes(stream))
    },
    async consistency(stream, from, to) {
      await trees.reach(stream, to)
      return consistencyProof(from, to, trees.nodes(stream))
    },
  }
}
