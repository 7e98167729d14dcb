import { openDirectoryBucketStore } from './directory-bucket-store.ts'
import { contentOfRound } from './kill-bucket-content.testing.ts'
import { createTestKeys } from './object-keys.testing.ts'

// A process that is meant to be killed: objects put, replaced and deleted concurrently, each acknowledged on standard output.
const writers = 8
const store = await openDirectoryBucketStore({ directory: process.argv[2]!, keys: createTestKeys(), now: Date.now })
const round = Number(process.argv[3])
if (store.isNew) await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
const caller = { kind: 'owner' } as const

async function write(writer: number): Promise<never> {
  for (let number = 0; ; number++) {
    const id = `${round}-${writer}-${number}`
    const body = contentOfRound(id)
    await store.put({ bucket: 'logs', key: `kept/${id}`, body, caller, onlyIfAbsent: true })
    process.stdout.write(`kept/${id}\n`)
    await store.put({ bucket: 'logs', key: `replaced/${writer}`, body, caller })
    process.stdout.write(`replaced/${writer} ${id}\n`)
    await store.put({ bucket: 'logs', key: `deleted/${id}`, body, caller })
    await store.deleteObject('logs', `deleted/${id}`)
    process.stdout.write(`deleted/${id}\n`)
  }
}
await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
