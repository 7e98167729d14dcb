import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { readPositions, type LogFileKind, type SelectingVersion } from '@opentrail/core/delivery'
import { streamId, type AccountId, type NewEntry, type Sequence } from '@opentrail/core/event'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import {
  entryOf,
  leadingRegion,
  region,
  versionOf,
  type TestEntry,
} from '../../../core/src/delivery/delivery.testing.ts'
import type { ContentRequest, FileContent, LogContent } from './content-builder.ts'

export { entryOf, leadingRegion, region, versionOf, type TestEntry }
export const stream = streamId('111122223333' as AccountId, region)
export const sequence = (number: number): Sequence => number as Sequence

/** Both kinds of files: management and data events, and KMS calls through VPC endpoints. */
export const twoKinds = (): SelectingVersion =>
  versionOf({
    selectors: {
      kind: 'advanced',
      selectors: [
        { FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] },
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['NetworkActivity'] },
            { Field: 'eventSource', Equals: ['kms.amazonaws.com'] },
          ],
        },
      ],
    },
  })

export const networkEvent = (given: TestEntry = {}): TestEntry => ({
  category: 'NetworkActivity',
  eventSource: 'kms.amazonaws.com',
  eventName: 'Decrypt',
  ...given,
})

/** A journal with these entries in one stream. */
export async function journalOf(entries: readonly NewEntry[], where = stream): Promise<Journal> {
  const journal = createMemoryJournal()
  await journal.append(where, entries)
  return journal
}

export const requestOf = (to: number, more: Partial<ContentRequest> = {}): ContentRequest => ({
  stream,
  after: 0,
  to: sequence(to),
  versions: [versionOf()],
  leadingRegion,
  isExact: false,
  ...more,
})

/** The ids of a file's records, in order; checks everything that a file promises of itself. */
export function idsOf(file: FileContent): string[] {
  const json = gunzipSync(file.body)
  assert.equal(json.length, file.bytes)
  assert.equal(hash('sha256', json, 'hex'), file.sha256)
  const text = json.toString()
  assert.ok(text.startsWith('{"Records":[{') && text.endsWith('}]}'))
  const { Records, ...rest } = JSON.parse(text) as { Records: { eventID: string }[] }
  assert.deepEqual(rest, {})
  assert.equal(Records.length, file.count)
  return Records.map(({ eventID }) => eventID)
}

/** A result without the compressed bytes, which may differ from one compressor to another. */
export const plain = ({ files, ...rest }: LogContent): unknown => ({
  ...rest,
  files: files.map((file) => ({ ...file, body: undefined })),
})

/** The ids that the files of a kind claim by their positions; the contents are of ranges that follow one another from 0 on. */
export function placedIds(contents: readonly LogContent[], kind: LogFileKind): string[] {
  let after = 0
  return contents.flatMap(({ files, to }) => {
    const base = after
    const entries = to - base
    after = to
    return files
      .filter((file) => file.kind === kind)
      .flatMap((file) => {
        const read = readPositions(file.positions, { entries })
        assert.ok(read.ok)
        assert.equal(read.positions.count, file.count)
        return [...read.positions.runs()].flatMap(({ first, count }) =>
          Array.from({ length: count }, (_, index) => `e${base + first + index + 1}`),
        )
      })
  })
}
