/**
 * The file system as the journal needs it: what has been written and not synced may be lost, torn or reordered by a
 * power cut, and so may a directory's entries until the directory is synced. Paths are absolute. Every adapter passes
 * `diskContract`; the simulated one also crashes, tears, fills up and fails on purpose.
 */
export interface Disk {
  /** Makes a directory and its parents; no error where it exists. Durable after `syncDirectory` of the parent. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory, sorted. An absent directory has none. */
  list(path: string): Promise<string[]>
  /** `create` fails when the file exists; `read` and `write` fail when it does not (`DiskNotFoundError`). */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  /** No error where the file is already gone. */
  unlink(path: string): Promise<void>
  /** Makes creations, renames and unlinks in this directory survive a power cut. */
  syncDirectory(path: string): Promise<void>
  /** Bytes that can still be written. */
  freeBytes(path: string): Promise<number>
}

/** One open file. Calls on the same file do not overlap: the caller awaits each write before the next. */
export interface DiskFile {
  size(): Promise<number>
  /** Up to `length` bytes at `position`; fewer only where the file ends. */
  read(position: number, length: number): Promise<Buffer>
  /** Writes all of `parts` one behind the other from `position`. A failure may leave any part of it written. */
  write(position: number, parts: readonly Uint8Array[]): Promise<void>
  /** After it resolves, what was written before survives a power cut. After it rejects nothing may be assumed. */
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

/** The disk is full (or the quota used up); nothing else is wrong. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError'
}

export class DiskNotFoundError extends Error {
  override readonly name = 'DiskNotFoundError'
}
