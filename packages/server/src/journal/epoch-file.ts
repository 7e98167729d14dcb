import { crc32 } from 'node:zlib'
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../disk/index.ts'
import { DiskNotFoundError } from '../disk/index.ts'
import { JournalCorruptError } from './segment-names.ts'

export const epochFileName = 'writer-epoch'
/** Magic, f64 epoch, crc32. */
const slotBytes = 20
/** Two slots, a page apart: an epoch is written over the older one, so a write that a power cut tears leaves the newer one readable. */
const slotOffsets = [0, 4096] as const
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
  const slots = await readSlots(file)
  const last = newest(slots, path)
  // A torn slot held an epoch that nobody came to use, or one that rotted: either way it is passed over, never taken twice.
  const epoch = last.epoch + (slots.includes('damaged') ? 2 : 1)
  await file.write(slotOffsets[last.slot === 0 ? 1 : 0], [encodeSlot(epoch)])
  await file.datasync()
  if (made) await disk.syncDirectory(dirname(path))
  const current = async () => newest(await readSlots(file), path).epoch === epoch
  return { epoch, current, close: () => file.close() }
}

async function openOrCreate(disk: Disk, path: string): Promise<{ file: DiskFile; made: boolean }> {
  try {
    return { file: await disk.open(path, 'write'), made: false }
  } catch (error) {
    if (!(error instanceof DiskNotFoundError)) throw error
    const file = await disk.open(path, 'create')
    // An empty slot, so that a read of both never meets the end of the file, which takes a second one to be sure of.
    await file.write(slotOffsets[1], [Buffer.alloc(slotBytes)])
    return { file, made: true }
  }
}

function encodeSlot(epoch: number): Buffer {
  const bytes = Buffer.alloc(slotBytes)
  magic.copy(bytes)
  bytes.writeDoubleLE(epoch, 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16)
  return bytes
}

type Slot = number | 'empty' | 'damaged'

/** Both in one read: it is made for each group of appends, and asking costs more than the bytes between them. */
async function readSlots(file: DiskFile): Promise<Slot[]> {
  const bytes = await file.read(0, slotOffsets[1] + slotBytes)
  return slotOffsets.map((offset) => decodeSlot(bytes.subarray(offset, offset + slotBytes)))
}

function decodeSlot(bytes: Buffer): Slot {
  if (bytes.every((byte) => byte === 0)) return 'empty'
  if (bytes.length < slotBytes) return 'damaged'
  if (!bytes.subarray(0, 8).equals(magic) || crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return 'damaged'
  return bytes.readDoubleLE(8)
}

/** The newest epoch and its slot; epoch 0 where none was ever taken. @throws JournalCorruptError where no write that was cut off explains it. */
function newest(slots: readonly Slot[], path: string): { epoch: number; slot: number } {
  const epochs = slots.map((slot) => (typeof slot === 'number' ? slot : 0))
  const epoch = Math.max(...epochs)
  // The first epoch of all, torn, leaves one damaged slot and an empty one; every later one leaves its predecessor.
  if (epoch === 0 && slots.every((slot) => slot === 'damaged')) throw new JournalCorruptError(`${path} is damaged`)
  return { epoch, slot: epoch === 0 ? 1 : epochs.indexOf(epoch) }
}
