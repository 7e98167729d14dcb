import { crc32 } from 'node:zlib'
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../disk/index.ts'
import { DiskNotFoundError } from '../disk/index.ts'
import { JournalCorruptError } from './segment-names.ts'

export const epochFileName = 'writer-epoch'
/** Magic, f64 epoch, crc32: within one sector, which a disk writes as a whole. */
const epochBytes = 20
const magic = Buffer.from('OTEPOCH\0', 'latin1')

/** Which writer the journal belongs to: the one that opened it last. */
export interface EpochFile {
  readonly epoch: number
  /** Whether no other writer has opened the journal since. One small read. */
  current(): Promise<boolean>
  close(): Promise<void>
}

/** Takes the journal over: durable before it resolves, so every earlier writer sees it at its next append. */
export async function takeEpoch(disk: Disk, path: string): Promise<EpochFile> {
  const { file, made } = await openOrCreate(disk, path)
  const epoch = (made ? 0 : await readEpoch(file, path)) + 1
  const bytes = Buffer.alloc(epochBytes)
  magic.copy(bytes)
  bytes.writeDoubleLE(epoch, 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16)
  await file.write(0, [bytes])
  await file.datasync()
  if (made) await disk.syncDirectory(dirname(path))
  return { epoch, current: async () => (await readEpoch(file, path)) === epoch, close: () => file.close() }
}

async function openOrCreate(disk: Disk, path: string): Promise<{ file: DiskFile; made: boolean }> {
  try {
    return { file: await disk.open(path, 'write'), made: false }
  } catch (error) {
    if (!(error instanceof DiskNotFoundError)) throw error
    return { file: await disk.open(path, 'create'), made: true }
  }
}

async function readEpoch(file: DiskFile, path: string): Promise<number> {
  const bytes = await file.read(0, epochBytes)
  // Created, and the power failed before its first content was durable.
  if (bytes.length < epochBytes || bytes.every((byte) => byte === 0)) return 0
  if (!bytes.subarray(0, 8).equals(magic) || crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16))
    throw new JournalCorruptError(`${path} is damaged`)
  return bytes.readDoubleLE(8)
}
