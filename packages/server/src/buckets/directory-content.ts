import { randomBytes } from 'node:crypto'
import { DiskNotFoundError, type Disk, type DiskFile } from '../disk/index.ts'

/** Content files: `<directory>/<first two digits of the id>/<id>`. Ids are ours, so no name from outside is part of a path. */
export interface ContentFiles {
  /** `count` new ids whose files share a folder, which is there for good once this resolves. */
  newIds(count: number): Promise<string[]>
  /** Resolves once the file would survive a power cut. A failure may leave any part of it. Takes one batch at a time. */
  write(id: string, batches: AsyncIterable<readonly Uint8Array[]>): Promise<void>
  /** @throws {DiskNotFoundError} */
  open(id: string): Promise<DiskFile>
  /** Those whose files are gone for good once this resolves; no error where a file was absent. */
  remove(ids: readonly string[], onFailure: (error: unknown) => void): Promise<string[]>
}

export function createContentFiles(disk: Disk, directory: string): ContentFiles {
  const syncDirectory = createSharedSync((path) => disk.syncDirectory(path))
  const folderOf = (id: string): string => `${directory}/${id.slice(0, 2)}`
  const pathOf = (id: string): string => `${folderOf(id)}/${id}`
  return {
    async newIds(count) {
      const [folder] = randomBytes(1)
      const ids = Array.from({ length: count }, () => Buffer.from([folder!, ...randomBytes(15)]).toString('hex'))
      await disk.makeDirectory(folderOf(ids[0]!))
      await syncDirectory(directory)
      return ids
    },
    async write(id, batches) {
      const file = await disk.open(pathOf(id), 'create')
      try {
        let position = 0
        for await (const batch of batches) {
          await file.write(position, batch)
          for (const part of batch) position += part.length
        }
        await file.datasync()
      } finally {
        await file.close()
      }
      await syncDirectory(folderOf(id))
    },
    open: (id) => disk.open(pathOf(id), 'read'),
    async remove(ids, onFailure) {
      const gone: string[] = []
      for (const [folder, members] of Map.groupBy(ids, folderOf))
        try {
          for (const id of members) await disk.unlink(pathOf(id))
          await syncDirectory(folder)
          gone.push(...members)
        } catch (error) {
          // No folder, no files.
          if (error instanceof DiskNotFoundError) gone.push(...members)
          else onFailure(error)
        }
      return gone
    },
  }
}

/** One sync answers everybody who asked before it began; who asks while it runs waits for the next. */
function createSharedSync(sync: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const next = new Map<string, Promise<void>>()
  const running = new Map<string, Promise<void>>()
  return (path) => {
    const queued = next.get(path)
    if (queued) return queued
    const before = running.get(path)?.catch(() => undefined) ?? Promise.resolve()
    const mine = before
      .then(() => {
        next.delete(path)
        running.set(path, mine)
        return sync(path)
      })
      .finally(() => {
        if (running.get(path) === mine) running.delete(path)
      })
    next.set(path, mine)
    return mine
  }
}
