import { bucketAdministrationContract } from './bucket-administration.contract.ts'
import { bucketStoreContract } from './bucket-store.contract.ts'
import { createMemoryBucketStore } from './memory-bucket-store.ts'

bucketStoreContract('memory', async () => {
  const store = createMemoryBucketStore({ mayPut: ({ policy }) => policy === undefined })
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

bucketAdministrationContract('memory', async (options) => ({
  store: createMemoryBucketStore(options),
  dispose: async () => {},
}))
