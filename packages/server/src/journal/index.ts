export { createByteCache, type ByteCache } from './byte-cache.ts'
export {
  JournalFencedError,
  JournalFullError,
  JournalUnavailableError,
  type DurableListener,
  type Journal,
  type JournalPage,
  type JournalStats,
  type RecentIds,
  type StreamState,
  type TreeGrowth,
  type TreeNode,
} from './journal.ts'
export { createMemoryJournal } from './memory-journal.ts'
export { type OpeningReport } from './open-segments.ts'
export { createInlineSealer, type Sealer } from './sealer.ts'
export { openSegmentJournal, type SegmentJournal, type SegmentJournalOptions } from './segment-journal.ts'
export { JournalCorruptError } from './segment-names.ts'
export { createWorkerSealer } from './worker-sealer.ts'
