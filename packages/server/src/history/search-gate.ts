import { createGate } from '../process/index.ts'
import { PostingsUnavailableError } from './postings-store.ts'

/** Searches that the index answers alone: each holds a session of the engine, and lookups and inserts need some, too. */
const exactMax = 2
/** Searches that read records: each may hold some MiB of them. */
const scansMax = 2
/** More than wait is more than will be answered before their callers give up. */
const waitingMax = 64

/** Lets a few searches run at a time. One whose signal aborts waits no longer. @throws {PostingsUnavailableError} too many wait already. */
export type SearchGate = <T>(exact: boolean, signal: AbortSignal, work: () => Promise<T>) => Promise<T>

export function createSearchGate(): SearchGate {
  const [exactGate, scanGate] = [createGate(exactMax), createGate(scansMax)]
  let waiting = 0
  return async (exact, signal, work) => {
    if (waiting >= waitingMax) throw new PostingsUnavailableError(`${waiting} searches wait already`)
    waiting++
    let entered = false
    const enter = (): void => {
      if (!entered) waiting--
      entered = true
    }
    try {
      return await (exact ? exactGate : scanGate)(signal, () => {
        enter()
        return work()
      })
    } finally {
      enter()
    }
  }
}
