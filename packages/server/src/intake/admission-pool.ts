import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { childExecArgv, siblingModule, workerLimits } from '../process/index.ts'
import { admitChunk, type AdmissionResult, type AdmissionTask } from './admit-chunk.ts'

/** Where chunks are admitted: on worker threads, or in place for small ones and in simulations. */
export interface AdmissionPool {
  /** @throws {AdmissionBusyError} every worker is busy and the queue is full. */
  admit(task: AdmissionTask): Promise<AdmissionResult>
  close(): Promise<void>
}

export class AdmissionBusyError extends Error {
  override readonly name = 'AdmissionBusyError'
}

/** Below this a round trip to a worker costs more than the work. */
const inPlaceBytesMax = 8 * 1024
/** Chunks of at most about 1 MiB each that may wait for a worker. */
const queueMax = 64

/** `threads` defaults to all cores but one, which the main thread keeps. */
export function createAdmissionPool(threads = Math.max(1, availableParallelism() - 1)): AdmissionPool {
  let pool: Piscina | undefined
  // Started with the first large chunk: a server that only answers questions needs no worker.
  const started = () =>
    (pool ??= new Piscina({
      filename: siblingModule(import.meta.url, './admission-worker').href,
      name: 'admitInWorker',
      execArgv: childExecArgv(),
      resourceLimits: workerLimits,
      minThreads: 1,
      maxThreads: threads,
      maxQueue: queueMax,
      concurrentTasksPerWorker: 1,
    }))
  return {
    async admit(task) {
      if (task.chunk.length <= inPlaceBytesMax) return admitChunk(task)
      const workers = started()
      if (workers.queueSize >= queueMax) throw new AdmissionBusyError(`${queueMax} chunks are waiting for admission`)
      return (await workers.run(task, { transferList: [task.chunk.buffer as ArrayBuffer] })) as AdmissionResult
    },
    close: async () => pool?.destroy(),
  }
}

/** Admits on the calling thread: the same rules without threads, for simulations. `randomId`: a new UUID. */
export const createInPlaceAdmission = (randomId: () => string): AdmissionPool => ({
  admit: async (task) => admitChunk(task, randomId),
  close: async () => {},
})
