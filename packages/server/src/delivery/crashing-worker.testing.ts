import { selectInWorker as select } from './content-worker.ts'
import type { PageSelection, SelectTask } from './select-page.ts'

export { packInWorker } from './content-worker.ts'

/** The worker, but a trail since version 666 takes its thread down. */
export function selectInWorker(task: SelectTask): PageSelection | Promise<never> {
  if (!task.versions.includes('666')) return select(task)
  setImmediate(() => {
    throw new Error('crashed')
  })
  return new Promise(() => {})
}
