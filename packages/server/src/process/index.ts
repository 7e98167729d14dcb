export { childExecArgv, siblingModule } from './source-file.ts'
