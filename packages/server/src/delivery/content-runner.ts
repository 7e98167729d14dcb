import { Piscina } from 'piscina'
import { childExecArgv, siblingModule, workerLimits } from '../process/index.ts'
import { packFile, type PackedFile, type PackTask } from './pack-file.ts'
import { createPageSelector, type PageSelection, type SelectTask } from './select-page.ts'

/** Where pages are selected from and files packed: on worker threads, or in place in simulations. */
export interface ContentRunner {
  /** The page stays the caller's. */
  select(task: SelectTask): Promise<PageSelection>
  /** Takes the runs' memory over. */
  pack(task: PackTask): Promise<PackedFile>
  close(): Promise<void>
}

/** A worker failed or died; what it worked on can be tried again. */
export class ContentWorkerError extends Error {
  override readonly name = 'ContentWorkerError'
}

/** `module`: what the threads run. Started with the first task; one that dies is replaced. */
export function createWorkerRunner(
  threads: number,
  module: URL = siblingModule(import.meta.url, './content-worker'),
): ContentRunner {
  let pool: Piscina | undefined
  const started = (): Piscina =>
    (pool ??= new Piscina({
      filename: module.href,
      execArgv: childExecArgv(),
      resourceLimits: workerLimits,
      minThreads: 1,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
    }))

  async function run(name: string, task: unknown, parts: readonly Uint8Array[]): Promise<unknown> {
    try {
      return await started().run(task, { name, transferList: parts.map(({ buffer }) => buffer as ArrayBuffer) })
    } catch (cause) {
      throw new ContentWorkerError(`a log file worker failed at ${name}`, { cause })
    }
  }

  return {
    async select(task) {
      // A copy goes, for the page is wanted again; cheaper than a second encoding, and freed by the thread that got it.
      const page = new Uint8Array(task.page)
      return (await run('selectInWorker', { ...task, page }, [page])) as PageSelection
    },
    pack: async (task) => (await run('packInWorker', task, task.runs)) as PackedFile,
    close: async () => pool?.destroy(),
  }
}

/** The same on the calling thread. */
export function createInPlaceRunner(): ContentRunner {
  const selectPage = createPageSelector()
  return {
    select: async (task) => selectPage(task),
    pack: async (task) => packFile(task),
    close: async () => {},
  }
}
