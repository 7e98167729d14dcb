import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDirectoryBucketStore } from './directory-bucket-store.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { contractPartBytesMin, contractStart, objectStoreContract } from './object-store.contract.ts'

objectStoreContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-objects-'))
  let now = contractStart
  const store = await openDirectoryBucketStore({
    directory,
    now: () => now,
    keys: createTestKeys(),
    partBytesMin: contractPartBytesMin,
  })
  return {
    objects: store.objects,
    administration: store,
    advance: (ms) => void (now += ms),
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})
