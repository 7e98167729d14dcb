import { setTimeout as delay } from 'node:timers/promises'
import { PostingsUnavailableError } from '../history/index.ts'
import { AdmissionBusyError } from './admission-pool.ts'
import { WriterBusyError } from './record-writer.ts'

/** An import waits for live events this long, then gives up and may be repeated. */
const waitMsMax = 60_000
const pauseMs = 100

/**
 * Live events go first: while they fill a queue, an import waits and tries again, until all that wait for it have gone.
 * @throws what else goes wrong.
 */
export async function whenThereIsRoom<Result>(
  signals: readonly AbortSignal[],
  work: () => Promise<Result>,
): Promise<Result> {
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      return await work()
    } catch (error) {
      const isBusy =
        error instanceof WriterBusyError ||
        error instanceof AdmissionBusyError ||
        error instanceof PostingsUnavailableError
      if (!isBusy || waitedMs >= waitMsMax || signals.every(({ aborted }) => aborted)) throw error
      await delay(pauseMs)
    }
  }
}
