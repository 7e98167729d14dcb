export { DiskFullError, DiskNotFoundError, type Disk, type DiskFile } from './disk.ts'
