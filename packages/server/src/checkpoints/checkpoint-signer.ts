import { encodeVerifierKey, formatCheckpoint, noteSigner, signNote, type NoteSigner } from '@opentrail/core/checkpoint'
import { streamParts, type StreamId } from '@opentrail/core/event'
import type { LogKey } from './log-key.ts'

/** Signs for the logs of a deployment. Each stream is one, with the origin `<checkpoint-origin>/<account>/<region>`. */
export interface CheckpointSigner {
  origin(stream: StreamId): string
  /** The stream's key as C2SP verifiers are given it, `<origin>+<id>+<key>`: one key, with the name of each log. */
  verifierKey(stream: StreamId): string
  /** The C2SP checkpoint of the tree with this size and root, signed. The same tree has the same checkpoint. */
  sign(stream: StreamId, head: { readonly size: number; readonly root: Uint8Array }): string
}

/**
 * @param configured what origins begin with. Where it is absent it is a name that is different for each deployment, and that
 * nobody can own.
 */
export function createCheckpointSigner(key: LogKey, configured?: string): CheckpointSigner {
  const base = configured ?? `${key.fingerprint}.opentrail.invalid`
  const origin = (stream: StreamId): string => {
    const { account, region } = streamParts(stream)
    return `${base}/${account}/${region}`
  }
  // The log's key has the log's name, as the specification wants it.
  const signerOf = (stream: StreamId): NoteSigner => noteSigner(origin(stream), key.privateKey)
  return {
    origin,
    verifierKey: (stream) => encodeVerifierKey(signerOf(stream).key),
    sign: (stream, head) => signNote(formatCheckpoint({ origin: origin(stream), ...head }), [signerOf(stream)]),
  }
}
