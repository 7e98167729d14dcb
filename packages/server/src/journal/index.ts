export {
  JournalFencedError,
  JournalFullError,
  JournalUnavailableError,
  type Journal,
  type JournalPage,
  type JournalStats,
  type StreamState,
} from './journal.ts'
