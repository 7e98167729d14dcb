export { createMutex, type Mutex } from './mutex.ts'
export { childExecArgv, siblingModule } from './source-file.ts'
export { createClosers, type Closers } from './closers.ts'
export { tuneGarbageCollection } from './garbage-collection.ts'
