import { openLmdbControlStore } from './lmdb-control-store.ts'

// A process that is meant to be killed: pairs of documents, written concurrently, each acknowledged on standard output.
const writers = 8
const store = openLmdbControlStore(process.argv[2]!)
const round = Number(process.argv[3])
let number = 0

async function write(): Promise<never> {
  for (;;) {
    const id = `${round}-${number++}`
    const value = { id, padding: 'x'.repeat(number % 5_000) }
    await store.transact([
      { key: `left/${id}`, value, ifVersion: 0 },
      { key: `right/${id}`, value, ifVersion: 0 },
    ])
    process.stdout.write(`${id}\n`)
  }
}
await Promise.all(Array.from({ length: writers }, write))
