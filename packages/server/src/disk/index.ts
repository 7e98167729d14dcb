export { DiskFullError, DiskNotFoundError, type Disk, type DiskFile } from './disk.ts'
export { createNodeDisk } from './node-disk.ts'
export {
  createSimulatedDisk,
  type DiskFault,
  type DiskOperation,
  type SimulatedDisk,
  type SimulatedDiskOptions,
} from './simulated-disk.ts'
