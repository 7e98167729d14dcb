import { openDirectoryBucketStore } from './directory-bucket-store.ts'
import { contentOfRound } from './kill-bucket-content.testing.ts'
import { createTestKeys } from './object-keys.testing.ts'
import type { ObjectStore } from './object-store.ts'

// A process that is meant to be killed: objects put, replaced and deleted concurrently, each acknowledged on standard output.
const writers = 8
const store = await openDirectoryBucketStore({
  directory: process.argv[2]!,
  keys: createTestKeys(),
  now: Date.now,
  partBytesMin: 1,
})
const round = Number(process.argv[3])
if (store.isNew) await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
const caller = { kind: 'owner' } as const
const user = { kind: 'account', account: '111122223333', arn: 'arn:aws:iam::111122223333:user/writer' } as const

/** An upload of a body in two parts, which can be completed. */
async function upload(key: string, body: Buffer): Promise<Parameters<ObjectStore['completeUpload']>> {
  const { uploadId } = await store.objects.createUpload({ bucket: 'logs', key, user })
  const place = { bucket: 'logs', key, uploadId }
  const middle = body.length >> 1
  const parts = []
  for (const [at, half] of [body.subarray(0, middle), body.subarray(middle)].entries()) {
    const content = (async function* () {
      yield half
    })()
    const { etag } = await store.objects.putPart({ ...place, number: at + 1, user }, content)
    parts.push({ number: at + 1, etag })
  }
  return [place, parts]
}

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
    await store.objects.completeUpload(...(await upload(`whole/${id}`, body)))
    process.stdout.write(`whole/${id}\n`)
    await upload(`begun/${id}`, body)
  }
}
await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
