import { buildCommand } from '@stricli/core'
import type { CheckpointFlags } from '../commands/checkpoint.ts'
import type { ProveFlags } from '../commands/prove.ts'
import type { VerifyProofFlags } from '../commands/verify-proof.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, formatFlags, positional, switchFlag, textFlag } from '../flags.ts'

export const checkpointCommand = buildCommand<CheckpointFlags, [], CliContext>({
  loader: async () => (await import('../commands/checkpoint.ts')).checkpoint,
  parameters: {
    flags: {
      ...connectionFlags,
      out: textFlag('Write it there instead of printing it, once what was asked is verified', 'FILE'),
      since: textFlag('Checkpoint that you kept: verify that the log has only been appended to since', 'FILE'),
      verifierKey: textFlag("Key of the log, as --key prints it; the server's own answer without it", 'KEY'),
      key: switchFlag('Print the key that verifies the checkpoints of this log'),
      ...formatFlags,
    },
  },
  docs: {
    brief: 'Get the signed head of the log, and verify that it only grew',
    fullDescription:
      'A checkpoint that you keep holds the server to everything it had recorded by then. Exit code 0: done; 1: the log was rewritten, or is not the one of the kept checkpoint; 255: it could not be verified.',
  },
})

export const proveCommand = buildCommand<ProveFlags, [string], CliContext>({
  loader: async () => (await import('../commands/prove.ts')).prove,
  parameters: {
    flags: {
      ...connectionFlags,
      out: textFlag('Write the proof there instead of printing it, such as event.tlog-proof', 'FILE'),
      size: textFlag('Prove it to the log of so many entries, such as that of a kept checkpoint', 'N'),
      withoutRecord: switchFlag('Leave the record out of the proof; who verifies it has to have it'),
      ...formatFlags,
    },
    positional: { kind: 'tuple', parameters: [positional('Id of the event', 'EVENT-ID')] },
  },
  docs: { brief: 'Get the proof that an event is in the log' },
})

export const verifyProofCommand = buildCommand<VerifyProofFlags, [string], CliContext>({
  loader: async () => (await import('../commands/verify-proof.ts')).verifyProofFile,
  parameters: {
    flags: {
      key: textFlag('Key of the log that you trust, as "opentrail checkpoint --key" prints it', 'KEY'),
      keyFile: textFlag('File that holds the key', 'FILE'),
      origin: textFlag("Name of the log that is meant; the key's own name without it", 'NAME'),
      record: textFlag('The record, where the proof does not bring it', 'FILE'),
      checkpoint: textFlag('Checkpoint that you kept and that the proof must lead to', 'FILE'),
      ...formatFlags,
    },
    positional: { kind: 'tuple', parameters: [positional('The proof', 'FILE')] },
  },
  docs: {
    brief: 'Verify the proof of an event, without a server',
    fullDescription:
      'Exit code 0: the event is in the log; 1: the proof does not show it; 255: it could not be verified.',
  },
})
