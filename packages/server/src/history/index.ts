export {
  everyEventAttribute,
  PostingsUnavailableError,
  type IndexedCount,
  type Posting,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
  type StreamNumbers,
} from './postings-store.ts'
export { type HistoryFilter, type HistoryPage, type HistoryReader, type HistoryRequest } from './history-reader.ts'
