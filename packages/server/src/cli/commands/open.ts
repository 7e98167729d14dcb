import { CommandError, misuse } from '../command-error.ts'
import type { CliContext } from '../context.ts'
import { narrowingOf, type NarrowingFlags } from '../log-files/narrowing.ts'
import { openLogStore, type S3Flags } from '../log-files/open-log-store.ts'
import { createSkipList } from '../log-files/skipped.ts'
import { answerAtOnce, type AtOnceFlags } from '../open/answer-at-once.ts'
import { findHome } from '../open/find-home.ts'
import type { ServeFlags } from '../open/serve-place.ts'
import { verifyPlace, type VerifyFlags } from '../open/verify-place.ts'
import { SourceError } from '../validation/object-source.ts'
import { cannot } from '../validation/validation-plan.ts'

export interface OpenFlags extends NarrowingFlags, S3Flags, AtOnceFlags, VerifyFlags, ServeFlags {
  readonly verify?: boolean
}

/** Shows the log files of a place: one question answered at once, or a server of its own until it is told to end. */
export async function open(this: CliContext, flags: OpenFlags, place: string): Promise<void> {
  if (flags.where !== undefined && flags.ask !== undefined)
    throw misuse('--where and --ask both say what is wanted; choose one')
  const isQuestion = flags.where !== undefined || flags.ask !== undefined
  if (flags.publicKeys !== undefined && isQuestion && !flags.verify)
    throw misuse('--public-keys is for --verify, and for the verification in the console')
  const narrowing = narrowingOf(flags, this.now())
  try {
    const store = await openLogStore(this, flags, place)
    try {
      if (flags.verify) {
        await verifyPlace(this, flags, store, narrowing)
        return
      }
      const home = await findHome({ store, narrowing, skipped: createSkipList() })
      const find = { store, narrowing, skipped: createSkipList() }
      if (isQuestion) await answerAtOnce(this, flags, { find, home })
      else {
        // The server and all that it is made of, only for those who want it.
        const { servePlace } = await import('../open/serve-place.ts')
        await servePlace(this, flags, find, home)
      }
    } finally {
      await store.close()
    }
  } catch (error) {
    // As of validate-logs: a place that cannot be read is no verdict.
    if (flags.verify && (error instanceof SourceError || (error instanceof CommandError && error.exitCode === 1)))
      throw cannot(error.message, error)
    throw error instanceof SourceError ? new CommandError(error.message, { cause: error }) : error
  }
}
