import { createSimulatedDisk, type Disk, type SimulatedDisk } from '../disk/index.ts'
import { createTestCipher } from './cipher.testing.ts'
import { createInlineSealer } from './sealer.ts'
import { openSegmentJournal, type SegmentJournalOptions } from './segment-journal.ts'

export const directory = '/data/journal'
export const cipher = createTestCipher()

/** A disk whose data directory is durable, as the server's own start makes it. */
export async function diskWithData(): Promise<SimulatedDisk> {
  const disk = createSimulatedDisk()
  await disk.makeDirectory('/data')
  await disk.syncDirectory('/')
  return disk
}

/** A segment journal on `disk` with segments so small that everything happens within a few appends. */
export const openOn = (disk: Disk, options: Partial<SegmentJournalOptions> = {}) =>
  openSegmentJournal({
    disk,
    directory,
    cipher,
    sealer: createInlineSealer(),
    bytesMax: 1 << 30,
    reserveBytes: 1 << 20,
    segmentBytes: 4_000,
    blockBytes: 1_500,
    ...options,
  })
