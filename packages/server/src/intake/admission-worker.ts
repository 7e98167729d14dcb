import { move, transferableSymbol, valueSymbol } from 'piscina'
import { admitChunk, type AdmissionResult, type AdmissionTask } from './admit-chunk.ts'

/** Runs in a worker thread; the packed entries are moved, not copied, back to the main thread. */
export function admitInWorker(task: AdmissionTask): AdmissionResult {
  const result = admitChunk(task)
  const transferable = {
    [transferableSymbol]: result.admitted.map(({ packed }) => packed.buffer as ArrayBuffer),
    [valueSymbol]: result,
  }
  return move(transferable) as unknown as AdmissionResult
}
