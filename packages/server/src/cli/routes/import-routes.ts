import { buildCommand } from '@stricli/core'
import type { ImportFlags } from '../commands/import.ts'
import type { OpenFlags } from '../commands/open.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, formatFlags, positional, switchFlag, textFlag } from '../flags.ts'
import { narrowingFlags } from '../log-files/narrowing.ts'
import { s3Flags } from '../log-files/open-log-store.ts'

const places = {
  kind: 'array',
  parameter: positional('Directory, file, or s3://BUCKET/PREFIX', 'PLACE'),
  minimum: 1,
} as const

export const importCommand = buildCommand<ImportFlags, string[], CliContext>({
  loader: async () => (await import('../commands/import.ts')).importLogs,
  parameters: {
    flags: {
      ...connectionFlags,
      ...narrowingFlags,
      ...s3Flags,
      createAccounts: switchFlag('Make the accounts that the server does not have, on its machine'),
      state: textFlag('Where to remember what is done; below ~/.local/state without it', 'DIR'),
      again: switchFlag('Read all files, also those that were imported before'),
      ...formatFlags,
    },
    positional: places,
  },
  docs: {
    brief: 'Import CloudTrail log files of any age into the history',
    fullDescription:
      'Finds log files in the layouts of CloudTrail (accounts, organizations, Regions, Insights, network activity) and any other .json or .json.gz files, newest first, and imports what the history does not have. A second run reads only what is new. Imported events are found and searched; trails do not deliver them again. Exit code 1: something was damaged or refused.',
  },
})

export const openCommand = buildCommand<OpenFlags, [string], CliContext>({
  loader: async () => (await import('../commands/open.ts')).open,
  parameters: {
    flags: {
      ...narrowingFlags,
      ...s3Flags,
      where: textFlag('Print the newest events that match this search, and end', 'SEARCH'),
      ask: textFlag('Answer this question, such as "who deleted logs-2026?", and end', 'QUESTION'),
      maxItems: textFlag('Most events to print (default 50)', 'N'),
      verify: switchFlag('Verify all digests and log files as validate-logs does, and end'),
      publicKeys: textFlag('Keys to verify with, as "aws cloudtrail list-public-keys" prints them, by Region', 'FILES'),
      keep: textFlag('Keep what was read there, for the next time', 'DIR'),
      port: textFlag('Port to listen on, on this machine only; a free one without it', 'N'),
      ...formatFlags,
    },
    positional: { kind: 'tuple', parameters: [positional('Directory, file, or s3://BUCKET/PREFIX', 'PLACE')] },
  },
  docs: {
    brief: 'Look at the log files of a bucket or directory, without setting anything up',
    fullDescription:
      'Starts a read-only server of its own on this machine, with the event history of the log files in it, newest first, and the console. With --where or --ask it answers from the files themselves, without a server, and ends.',
  },
})
