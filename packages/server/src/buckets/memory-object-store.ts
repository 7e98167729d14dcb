import { createSimulatedDisk } from '../disk/index.ts'
import {
  openDirectoryBucketStoreOn,
  type DirectoryBucketStore,
  type DirectoryBucketStoreOptions,
} from './directory-bucket-store.ts'
import { openMemoryObjectIndex } from './memory-object-index.ts'

/** The directory store without a directory, for tests: gone with the process, and the same in everything else. */
export function openMemoryObjectStore(
  options: Omit<DirectoryBucketStoreOptions, 'directory'>,
): Promise<DirectoryBucketStore> {
  const base = { disk: createSimulatedDisk(), openIndex: () => openMemoryObjectIndex() }
  return openDirectoryBucketStoreOn(base, { ...options, directory: '/buckets' })
}
