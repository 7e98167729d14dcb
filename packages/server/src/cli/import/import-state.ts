import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CommandError } from '../command-error.ts'
import type { CliContext } from '../context.ts'
import type { FoundFile } from '../log-files/find-log-files.ts'

/**
 * Which files were imported whole, so that a run that was broken off, or next week's, reads only what is missing. One file per
 * folder of the logs: only the folder at hand is in memory. What is lost of it costs time, nothing else: the server
 * knows what it has.
 */
export interface ImportState {
  /** The files of a folder that were imported before, as they are now. */
  doneIn(folder: string): (file: FoundFile) => boolean
  done(folder: string, file: FoundFile): void
}

export const noState: ImportState = { doneIn: () => () => false, done: () => {} }

/** What an import from one place into one server is remembered under, as nobody else's. */
export function defaultStateDirectory({ environment }: CliContext, about: readonly string[]): string {
  const base = environment['XDG_STATE_HOME'] || join(environment['HOME'] || homedir(), '.local', 'state')
  return join(base, 'opentrail', 'import', nameOf(JSON.stringify(about)))
}

/** @throws {CommandError} from `done`: it cannot be written. */
export function openImportState(directory: string): ImportState {
  const pathOf = (folder: string): string => join(directory, `${nameOf(folder)}.jsonl`)
  return {
    doneIn(folder) {
      const lines = new Set(readLines(pathOf(folder)))
      return (file) => lines.has(lineOf(file))
    },
    done(folder, file) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        appendFileSync(pathOf(folder), `${lineOf(file)}\n`, { mode: 0o600 })
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new CommandError(`the state of the import cannot be written: ${reason}`, { cause })
      }
    },
  }
}

/** Absent, or cut off by a crash: what no whole line names was not done. */
function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}

const lineOf = ({ key, size, version }: FoundFile): string => JSON.stringify([key, size, version])
const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
