import { bucketAdministrationContract } from './bucket-administration.contract.ts'
import { bucketStoreContract } from './bucket-store.contract.ts'
import { openMemoryObjectStore } from './memory-object-store.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { contractPartBytesMin, contractStart, objectStoreContract } from './object-store.contract.ts'

objectStoreContract('memory', async () => {
  let now = contractStart
  const store = await openMemoryObjectStore({
    now: () => now,
    keys: createTestKeys(),
    partBytesMin: contractPartBytesMin,
  })
  return {
    objects: store.objects,
    administration: store,
    advance: (ms) => void (now += ms),
    dispose: () => store.close(),
  }
})

bucketStoreContract('memory objects', async () => {
  const store = await openMemoryObjectStore({
    now: () => 0,
    keys: createTestKeys(),
    mayPut: ({ policy }) => policy === undefined,
  })
  await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
  return {
    store,
    bucket: 'logs',
    prefix: '',
    absentBucket: 'absent',
    refuseDeliveries: () => store.putPolicy('logs', '{}'),
    dispose: () => store.close(),
  }
})

bucketAdministrationContract('memory objects', async (options) => ({
  store: await openMemoryObjectStore({ ...options, keys: createTestKeys() }),
  dispose: async () => {},
}))
