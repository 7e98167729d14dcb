import type { Disk, DiskFile } from '../disk/index.ts'

/** Files open for reading, at most `filesMax` while no more are in use at once. */
export interface FilePool {
  /** Runs `action` on the open file, which stays open until it is done, also when it is forgotten meanwhile. */
  use<T>(path: string, action: (file: DiskFile) => Promise<T>): Promise<T>
  /** Lets go of a file that has been unlinked, so that its space is freed. */
  forget(path: string): Promise<void>
  close(): Promise<void>
}

interface Slot {
  readonly file: Promise<DiskFile>
  users: number
  forgotten: boolean
}

export function createFilePool(disk: Disk, filesMax: number): FilePool {
  const slots = new Map<string, Slot>()
  const dismiss = async (slot: Slot): Promise<void> => {
    // A file that cannot be closed, or never opened, holds nothing that could be lost: it was only read.
    await slot.file.then((file) => file.close()).catch(() => undefined)
  }
  const forget = async (path: string): Promise<void> => {
    const slot = slots.get(path)
    if (!slot) return
    slots.delete(path)
    slot.forgotten = true
    if (slot.users === 0) await dismiss(slot)
  }
  return {
    async use(path, action) {
      const slot: Slot = slots.get(path) ?? { file: disk.open(path, 'read'), users: 0, forgotten: false }
      slots.delete(path)
      slots.set(path, slot)
      slot.users += 1
      try {
        const file = await slot.file
        return await action(file)
      } catch (error) {
        // The next user opens it anew; whoever uses it now finishes on the old handle.
        if (slots.get(path) === slot) slots.delete(path)
        slot.forgotten = true
        throw error
      } finally {
        slot.users -= 1
        if (slot.forgotten && slot.users === 0) await dismiss(slot)
        for (const [idle, { users }] of slots) {
          if (slots.size <= filesMax) break
          if (users === 0) await forget(idle)
        }
      }
    },
    forget,
    async close() {
      for (const path of Array.from(slots.keys())) await forget(path)
    },
  }
}
