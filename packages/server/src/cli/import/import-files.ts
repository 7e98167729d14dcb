import type { ApiImportRefusal } from '@opentrail/core/api'
import { createByteBudget } from '../validation/byte-budget.ts'
import { SourceError } from '../validation/object-source.ts'
import { findLogFiles, type FindOptions, type FoundFile } from '../log-files/find-log-files.ts'
import type { ImportState } from './import-state.ts'
import type { ImportTarget, TakenFile } from './import-target.ts'
import { nothingTaken } from './import-target.ts'

export interface ImportFilesOptions extends FindOptions {
  readonly target: ImportTarget
  readonly state: ImportState
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
}

export interface ImportProgress {
  readonly files: number
  /** Found so far; all of them once `isListed`. */
  readonly filesFound: number
  readonly isListed: boolean
  readonly records: number
  readonly imported: number
}

/** A file that could not be read or understood as a whole. */
export interface FileTrouble {
  readonly file: string
  readonly message: string
}

export interface ImportSummary {
  /** Read, whatever came of them. */
  files: number
  records: number
  imported: number
  alreadyThere: number
  refused: number
  /** By code, with the first of each. */
  readonly refusals: Map<string, { count: number; readonly first: ApiImportRefusal & { readonly file: string } }>
  damaged: number
  readonly damages: FileTrouble[]
}

/** Files on their way at a time: enough to keep reading, unpacking and storing busy, and for the server to compare several at once. */
const filesAtOnceMax = 16
/** Of all of them together, as stored. */
const heldBytesMax = 64 * 1024 * 1024
/** Of one file, as stored: AWS's have some megabytes at most. */
const fileBytesMax = 256 * 1024 * 1024
const damagesNamedMax = 20

/**
 * Imports what is found, newest first, several files at a time. A file that cannot be read, or is damaged, is noted and stops
 * nothing else. Memory does not depend on how many files there are.
 * @throws {CommandError} the server takes nothing more. @throws {SourceError} the place cannot be listed.
 */
export async function importFiles(options: ImportFilesOptions, summary: ImportSummary): Promise<void> {
  const { store, state, skipped, signal } = options
  const budget = createByteBudget(heldBytesMax)
  const underWay = new Set<Promise<void>>()
  const found = { files: 0, isListed: false }
  let failure: { readonly error: unknown } | undefined
  const show = (): void => {
    const { files, records, imported } = summary
    options.onProgress?.({ files, filesFound: found.files, isListed: found.isListed, records, imported })
  }
  for await (const { folder, files } of findLogFiles(options)) {
    const isDone = state.doneIn(folder)
    const missing = files.filter((file) => !isDone(file))
    for (const file of files) if (isDone(file)) skipped.add('done-before', file.key)
    found.files += missing.length
    for (const file of missing) {
      if (underWay.size >= filesAtOnceMax) await Promise.race(underWay)
      if (failure || signal?.aborted) break
      const running = importFile(file)
        .then((isWhole) => void (isWhole && state.done(folder, file)))
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => {
          underWay.delete(running)
          show()
        })
      underWay.add(running)
    }
    if (failure || signal?.aborted) break
  }
  found.isListed = true
  await Promise.all(underWay)
  if (failure) throw failure.error
  show()

  /** Whether there is nothing left to do for this file. */
  async function importFile(file: FoundFile): Promise<boolean> {
    const name = `${store.description}/${file.key}`
    const held: { release?: () => void } = {}
    let taken: TakenFile
    try {
      const admit = async (bytes: number): Promise<void> => void (held.release = await budget.take(bytes))
      const body = await store.get(file.key, { bytesMax: fileBytesMax, admit })
      taken = body
        ? await options.target.take({ name, body, ...file.named })
        : { ...nothingTaken, damage: 'it is not there any more' }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      taken = { ...nothingTaken, damage: error.message }
    } finally {
      held.release?.()
    }
    note(summary, name, taken)
    return taken.damage === undefined && taken.refusedCount === 0
  }
}

export const emptySummary = (): ImportSummary => ({
  files: 0,
  records: 0,
  imported: 0,
  alreadyThere: 0,
  refused: 0,
  refusals: new Map(),
  damaged: 0,
  damages: [],
})

function note(summary: ImportSummary, file: string, taken: TakenFile): void {
  summary.files++
  summary.records += taken.records
  summary.imported += taken.imported
  summary.alreadyThere += taken.alreadyThere
  summary.refused += taken.refusedCount
  for (const refusal of taken.refused) {
    const known = summary.refusals.get(refusal.code)
    if (known) known.count++
    else summary.refusals.set(refusal.code, { count: 1, first: { ...refusal, file } })
  }
  if (taken.damage === undefined) return
  summary.damaged++
  if (summary.damages.length < damagesNamedMax) summary.damages.push({ file, message: taken.damage })
}
