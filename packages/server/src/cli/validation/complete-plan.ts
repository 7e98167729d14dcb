import type { KeptTree, LogIdentity } from '@opentrail/core/manifest'
import type { CliContext } from '../context.ts'
import { createLogClient } from '../log-client.ts'
import { openNoteFile, readKey, readSmallFile } from '../log-files.ts'
import type { Plan, ValidateLogsFlags } from './validation-plan.ts'

/** By what manifests are checked beside the keys of the digests. */
export interface CompletePlan {
  /** Absent: checkpoints in manifests cannot be verified. */
  readonly log?: LogIdentity
  readonly kept: readonly KeptTree[]
}

/**
 * The log's key as given, else as the server tells it, and the trees that were kept: of an earlier verification, or the
 * checkpoint that `opentrail checkpoint --out` wrote. @throws {CommandError} one of them cannot be read or is of another log.
 */
export async function completePlanOf(
  context: CliContext,
  flags: Pick<ValidateLogsFlags, 'verifierKey' | 'keyFile' | 'logCheckpoint'>,
  { trail, connection }: Plan,
  keptTree: KeptTree | undefined,
): Promise<CompletePlan> {
  const client = connection && createLogClient(context, { ...connection, region: trail.chain.sourceRegion })
  // A server that signs no checkpoints is not OpenTrail, and its trails have no manifests: that is found, too.
  const text =
    flags.verifierKey ??
    (flags.keyFile === undefined
      ? await client?.verifierKey().catch(() => undefined)
      : readSmallFile(flags.keyFile).toString())
  const key = text === undefined ? undefined : readKey(text)
  const note = flags.logCheckpoint
  const noted = note !== undefined && key ? openNoteFile(readSmallFile(note), note, key) : undefined
  return {
    ...(key && { log: { origin: key.name, verifiers: [key] } }),
    kept: [...(keptTree ? [keptTree] : []), ...(noted ? [{ size: noted.size, root: noted.root }] : [])],
  }
}
