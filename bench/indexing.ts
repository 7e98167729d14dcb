/**
 * Processor time that indexing an event takes on the main thread, by part. Run: node --conditions=opentrail-source bench/indexing.ts [events]
 */
import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { admit, parseEnvelope, type AccountId, type Region } from '@opentrail/core/event'
import { attributeValues, forEachSearchValue, searchAttributes, searchedEvent } from '@opentrail/core/search'
import { forEachAttribute } from '../packages/server/src/history/attributes.ts'
import { PostingBlock } from '../packages/server/src/history/posting-block.ts'
import { forEachSearchHash } from '../packages/server/src/history/search-hashes.ts'
import { createValueHasher } from '../packages/server/src/history/value-hasher.ts'
import { createFigures } from './figures.ts'
import { batchTemplate } from './records.ts'

const events = Number(process.argv[2] ?? 300_000)
const perBatch = 1_000
const [account, region] = ['111122223333', 'eu-west-1']
const context = {
  origin: 'producer',
  principal: `arn:aws:iam::${account}:user/forwarder`,
  configVersion: 1,
  account: account as AccountId,
  region: region as Region,
  accounts: new Set([account]),
  regions: new Set([region]),
  now: Date.now(),
} as const

function entriesOf(batch: Buffer): StoredEntry[] {
  return batch
    .toString('latin1')
    .split('\n')
    .map((line, index) => {
      const admission = admit(Buffer.from(line), context, () => ({ id: '', fromKey: false }))
      if (!admission.ok) throw new Error(admission.refusal.message)
      return { ...admission.entry, stream: 's' as StreamId, sequence: (index + 1) as Sequence }
    })
}
const entries = Array.from({ length: 20 }, () => entriesOf(batchTemplate(perBatch, { account, region }).fill(context.now))).flat() // prettier-ignore
const fields = entries.map((entry) => parseEnvelope(entry).event)
const { add, write } = createFigures('indexing')

/** By processor time: a machine with other work to do makes it little longer. */
function measure(name: string, work: (entry: StoredEntry, at: number) => void): void {
  const began = process.threadCpuUsage()
  for (let event = 0; event < events; event++) {
    const at = event % entries.length
    work(entries[at]!, at)
  }
  const { user, system } = process.threadCpuUsage(began)
  add(name, `${((user + system) / events).toFixed(2)} us`, '')
}

const hasher = createValueHasher(Buffer.alloc(16, 1))
const nothing = (): void => {}
let block = new PostingBlock(hasher)
measure('values of the search columns, skimmed', ({ record }, at) => forEachSearchValue(record, fields[at]!, nothing))
measure('the same by reading the whole record', ({ record }, at) => {
  const event = searchedEvent(record, fields[at]!)
  for (const attribute of searchAttributes) attributeValues(event, attribute)
})
measure('values and hashes', (entry, at) => forEachSearchHash(entry, fields[at]!, hasher, nothing))
measure('postings', (_, at) => forEachAttribute(fields[at]!, hasher, nothing))
measure('postings and search columns of an event', (entry, at) => {
  if (at % perBatch === 0) block = new PostingBlock(hasher)
  block.add(1, 0, entry, fields[at])
})
write()
