import { CommandError } from '../command-error.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import { print, printError, printJson, programName, type CliContext } from '../context.ts'
import { control } from '../control-client.ts'
import type { FormatFlags } from '../flags.ts'
import { describeImport, importJson } from '../import/describe-import.ts'
import { createHttpTarget } from '../import/http-target.ts'
import { emptySummary, importFiles, type ImportSummary } from '../import/import-files.ts'
import { createProgressLine } from '../import/import-progress.ts'
import { defaultStateDirectory, noState, openImportState, type ImportState } from '../import/import-state.ts'
import type { ImportTarget } from '../import/import-target.ts'
import { withNewPlaces } from '../import/places-on-the-way.ts'
import { narrowingOf, type NarrowingFlags } from '../log-files/narrowing.ts'
import { openLogStore, type S3Flags } from '../log-files/open-log-store.ts'
import { createSkipList } from '../log-files/skipped.ts'
import { SourceError } from '../validation/object-source.ts'

export interface ImportFlags extends ConnectionFlags, NarrowingFlags, S3Flags, FormatFlags {
  readonly createAccounts?: boolean
  readonly state?: string
  readonly again?: boolean
}

/** Imports log files of directories and buckets into a server's history. Exit code 1: something could not be imported. */
export async function importLogs(this: CliContext, flags: ImportFlags, ...places: string[]): Promise<void> {
  const narrowing = narrowingOf(flags, this.now())
  const connection = await connect(this, flags)
  const target = accountsMade(this, flags, createHttpTarget(this, connection))
  const [summary, skipped] = [emptySummary(), createSkipList()]
  const progress = createProgressLine(this)
  try {
    for (const place of places) {
      const store = await openLogStore(this, flags, place)
      try {
        const about = [connection.endpoint, connection.credentials.accessKeyId, store.description]
        const state = stateOf(this, flags, about)
        await importFiles({ store, narrowing, skipped, target, state, onProgress: progress.show }, summary)
      } finally {
        await store.close()
      }
    }
  } catch (error) {
    progress.clear()
    // What was done until then is worth telling, and is not done again.
    if (summary.files > 0 && flags.format === 'text') printError(this, describeImport(summary, skipped))
    throw error instanceof SourceError ? new CommandError(error.message, { cause: error }) : error
  }
  progress.clear()
  if (flags.format === 'json') printJson(this, importJson(summary, skipped))
  else print(this, describeImport(summary, skipped))
  advise(this, summary)
  if (summary.damaged > 0 || summary.refused > 0) this.exitWith(1)
}

function stateOf(context: CliContext, { state, again }: ImportFlags, about: readonly string[]): ImportState {
  if (again) return noState
  return openImportState(state ?? defaultStateDirectory(context, about))
}

function accountsMade(context: CliContext, flags: ImportFlags, target: ImportTarget): ImportTarget {
  if (!flags.createAccounts) return target
  return withNewPlaces(target, {
    async addAccount(accountId) {
      try {
        await control(context, flags, 'accounts/create', { accountId })
      } catch (error) {
        if (!(error instanceof CommandError) || !/already exists/.test(error.message)) throw error
      }
    },
  })
}

function advise(context: CliContext, { refusals }: ImportSummary): void {
  if (refusals.has('UnknownAccount'))
    printError(
      context,
      `Accounts that the server does not have are made with "${programName()} account create ID", or by "import --create-accounts" on its machine. A user imports into other accounts than its own where it was made with --all-accounts.`,
    )
  if (refusals.has('UnknownRegion'))
    printError(context, 'Regions that the server does not know are added to its setting "regions".')
}
