export { childExecArgv, siblingModule } from './source-file.ts'
export { createClosers, type Closers } from './closers.ts'
export { tuneGarbageCollection } from './garbage-collection.ts'
