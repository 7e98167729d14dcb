import { buildCommand } from '@stricli/core'
import type { ImportFlags } from '../commands/import.ts'
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
