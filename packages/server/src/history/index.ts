export {
  PostingsUnavailableError,
  type IndexedCount,
  type Posting,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
  type StreamNumbers,
} from './postings-store.ts'
