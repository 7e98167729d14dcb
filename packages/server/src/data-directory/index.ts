export { syncDirectory, writeFileDurably } from './write-file-durably.ts'
