export {
  everyEventAttribute,
  PostingsUnavailableError,
  type EventRows,
  type IndexedCount,
  type Posting,
  type PostingBatch,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
} from './postings-store.ts'
export { type HistoryFilter, type HistoryPage, type HistoryReader, type HistoryRequest } from './history-reader.ts'
export { createHistoryIndex, keptDays, type HistoryIndex, type HistoryIndexOptions } from './history-index.ts'
export { defaultHistoryLimits, type HistoryLimits } from './history-limits.ts'
export { type HistoryEvents, type RefillProgress } from './history-events.ts'
export { openClickHousePostingsStore, type ClickHousePostingsOptions } from './clickhouse-postings-store.ts'
export {
  createMemoryPostingsStore,
  type MemoryPostingsOptions,
  type MemoryPostingsStore,
  type PostingsCall,
  type PostingsFault,
} from './memory-postings-store.ts'
export {
  type HistorySearch,
  type SearchCounts,
  type SearchPage,
  type SearchPlace,
  type SearchRequest,
  type SearchScope,
  type SearchValues,
} from './history-search.ts'
export { createCachedPostingsStore } from './cached-postings-store.ts'
