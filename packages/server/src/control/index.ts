export { checkLmdbFile } from './check-lmdb-file.ts'
export {
  ControlConflictError,
  ControlLimitError,
  ControlUnavailableError,
  type ControlStore,
  type ControlWrite,
  type Versioned,
} from './control-store.ts'
export { listLimitMax, valueBytesMax, writesMax } from './control-limits.ts'
export { listAll } from './list-all.ts'
export { openLmdbControlStore } from './lmdb-control-store.ts'
export {
  createMemoryControlStore,
  type FaultPoint,
  type MemoryControlStore,
  type MemoryControlStoreOptions,
} from './memory-control-store.ts'
