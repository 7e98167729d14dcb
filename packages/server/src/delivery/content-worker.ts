import { move, transferableSymbol, valueSymbol } from 'piscina'
import { packFile, type PackedFile, type PackTask } from './pack-file.ts'
import { createPageSelector, type PageSelection, type SelectTask } from './select-page.ts'

// A thread's own: what it has compiled serves its next tasks.
const selectPage = createPageSelector()

/** Runs in a worker thread, as does `packInWorker`; the bytes are moved, not copied, back to the main thread. */
export function selectInWorker(task: SelectTask): PageSelection {
  const selection = selectPage(task)
  return moved(
    selection,
    selection.runs.map(({ records }) => records),
  )
}

export function packInWorker(task: PackTask): PackedFile {
  const packed = packFile(task)
  return moved(packed, [packed.body])
}

const moved = <T extends object>(value: T, parts: readonly Uint8Array[]): T =>
  move({
    [transferableSymbol]: parts.map(({ buffer }) => buffer as ArrayBuffer),
    [valueSymbol]: value,
  }) as unknown as T
