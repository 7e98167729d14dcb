export { childExecArgv, siblingModule } from './source-file.ts'
export { createClosers, type Closers } from './closers.ts'
