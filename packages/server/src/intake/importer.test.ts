import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { AccountId, Region, StreamId } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import { createMemoryJournal } from '../journal/index.ts'
import { createInPlaceAdmission } from './admission-pool.ts'
import { BodyError } from './body-chunks.ts'
import { createImporter, ImportInterruptedError, ImportRoomError, type ImporterOptions } from './importer.ts'
import { indexOf, storedIn } from './importer.testing.ts'
import { bodyOf, intakeContext, recordText } from './intake.testing.ts'
import { takeIn } from './intake.ts'
import { openRecordWriter, WriterBusyError } from './record-writer.ts'

const { account, region, now } = intakeContext
const home = `${account}/${region}` as StreamId
const other = '210000000001' as AccountId
const old = (members: object = {}) => recordText({ eventTime: '2014-01-02T03:04:05Z', ...members })

async function setUp(changes: Partial<ImporterOptions> = {}) {
  const journal = createMemoryJournal()
  const writer = await openRecordWriter(
    journal,
    () => now,
    () => 1,
  )
  const admission = createInPlaceAdmission(randomUUID)
  const importer = createImporter({
    admission,
    writer,
    journal,
    search: indexOf(journal),
    regions: intakeContext.regions,
    configVersion: () => 1,
    now: () => now,
    bodyBytesMax: 64 * 1024 * 1024,
    ...changes,
  })
  const take = (body: AsyncIterable<Uint8Array>, encoding: 'identity' | 'gzip' = 'identity') =>
    importer.take({
      body,
      encoding,
      principal: 'arn:aws:iam::111122223333:user/admin',
      account,
      region,
      accounts: new Set([account, other]),
      signal: new AbortController().signal,
    })
  const produce = (text: string) =>
    takeIn(
      { body: bodyOf(text), encoding: 'identity', context: () => intakeContext },
      { admission, writer, bodyBytesMax: 1e6, reports: { open: assert.fail, read: assert.fail } },
    )
  return { journal, take, produce }
}

describe('an import', () => {
  test('takes records of any age as they are, each into the stream of its own account and Region', async () => {
    const { journal, take } = await setUp()
    const elsewhere = old({ recipientAccountId: other, awsRegion: 'eu-west-1' })
    const mine = old()
    const { answer } = await take(bodyOf(`{"Records":[${mine},${elsewhere}]}`))
    assert.deepEqual(answer, { records: 2, imported: 2, alreadyThere: 0, refused: [], refusedCount: 0 })
    const stored = await storedIn(journal, `${other}/eu-west-1` as StreamId)
    assert.equal(stored[0]?.origin, 'import')
    assert.deepEqual(JSON.parse(stored[0].record), JSON.parse(elsewhere))
    assert.equal((await storedIn(journal, home)).length, 1)
  })

  test('repeated, is counted and changes nothing, in whatever form it comes', async () => {
    const { journal, take } = await setUp()
    const records = Array.from({ length: 3_000 }, () => old())
    await take(bodyOf(records.join('\n')))
    const { answer } = await take(bodyOf(gzipSync(`{"Records":[${records.join(',')}]}`)), 'gzip')
    assert.deepEqual([answer.imported, answer.alreadyThere, answer.refusedCount], [0, 3_000, 0])
    assert.equal((await storedIn(journal, home)).length, 3_000)
  })

  test('of what was recorded here finds it again, also where its time was filled in', async () => {
    const { journal, take, produce } = await setUp()
    await produce(`${recordText({})}\n${recordText({ eventTime: undefined })}`)
    const delivered = (await storedIn(journal, home)).map(({ record }) => record)
    const { answer } = await take(bodyOf(delivered.join('\n')))
    assert.deepEqual([answer.imported, answer.alreadyThere, answer.refusedCount], [0, 2, 0])
  })

  test('twice at the same time stores each record once', async () => {
    const { journal, take } = await setUp()
    const text = Array.from({ length: 500 }, () => old()).join('\n')
    const [one, two] = await Promise.all([take(bodyOf(text)), take(bodyOf(text))])
    assert.equal(one.answer.imported + two.answer.imported, 500)
    assert.equal((await storedIn(journal, home)).length, 500)
  })

  test('refuses another event under an id that is taken, and names it', async () => {
    const { take } = await setUp()
    const eventID = randomUUID()
    await take(bodyOf(old({ eventID })))
    const { answer, reused } = await take(bodyOf(`${old()}\n${old({ eventID, eventName: 'Forged' })}`))
    assert.deepEqual([answer.records, answer.imported, answer.refusedCount], [2, 1, 1])
    assert.deepEqual([answer.refused[0]?.index, answer.refused[0]?.code], [1, 'EventIdReused'])
    assert.deepEqual(reused, { count: 1, eventIds: [eventID] })
  })

  test('refuses what belongs to nobody here and what has not happened yet; the rest is taken', async () => {
    const { take } = await setUp()
    const lines = [
      old({ recipientAccountId: '999999999999' }),
      old({ awsRegion: 'mars-north-1' }),
      old({ eventTime: '2030-01-01T00:00:00Z' }),
      'no json',
      old(),
    ]
    const { answer } = await take(bodyOf(lines.join('\n')))
    const codes = ['UnknownAccount', 'UnknownRegion', 'EventTimeInFuture', 'InvalidJson']
    assert.deepEqual(
      answer.refused.map(({ code }) => code),
      codes,
    )
    assert.deepEqual([answer.imported, answer.refusedCount], [1, 4])
  })

  test('takes what a secret is out of the record', async () => {
    const { journal, take } = await setUp()
    await take(bodyOf(old({ requestParameters: { password: 'open sesame' } })))
    assert.doesNotMatch((await storedIn(journal, home))[0]!.record, /sesame/)
  })

  test('names a hundred refusals and counts all of them', async () => {
    const { take } = await setUp()
    const { answer } = await take(bodyOf('x\n'.repeat(20_000)))
    assert.deepEqual([answer.records, answer.refused.length, answer.refusedCount], [20_000, 100, 20_000])
  })
})

describe('an import that cannot go on', () => {
  test('of a file that breaks off tells what it has taken; repeated, it does the rest', async () => {
    const { journal, take } = await setUp()
    const text = Array.from({ length: 6_000 }, () => old()).join('\n')
    const packed = gzipSync(text)
    const error = await take(bodyOf(packed.subarray(0, packed.length - 1_000)), 'gzip').catch(
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof ImportInterruptedError && error.cause instanceof BodyError)
    const { imported } = error.outcome.answer
    assert.equal((await storedIn(journal, home)).length, imported)
    const { answer } = await take(bodyOf(packed), 'gzip')
    assert.deepEqual([answer.imported, answer.alreadyThere], [6_000 - imported, imported])
  })

  test('leaves the last fifth of the journal to live events', async () => {
    const journal = createMemoryJournal()
    const stats = () => ({ bytes: 81, bytesMax: 100, segments: 1, unsealedSegments: 0 })
    const { take } = await setUp({ journal: { ...journal, stats } })
    await assert.rejects(take(bodyOf(old())), (error) => {
      assert.ok(error instanceof ImportInterruptedError && error.cause instanceof ImportRoomError)
      return true
    })
  })

  test('waits while live events fill the queue, and goes on', async () => {
    const journal = createMemoryJournal()
    const writer = await openRecordWriter(
      journal,
      () => now,
      () => 1,
    )
    let refusals = 2
    const { take } = await setUp({
      journal,
      search: indexOf(journal),
      writer: {
        write: (...given) => (refusals-- > 0 ? Promise.reject(new WriterBusyError('later')) : writer.write(...given)),
      },
    })
    assert.equal((await take(bodyOf(old()))).answer.imported, 1)
  })
})

test('old events do not push out the ids that producers may send again', async () => {
  const { journal, take, produce } = await setUp()
  const live = recordText({})
  await produce(live)
  await take(bodyOf(Array.from({ length: 200 }, () => old()).join('\n')))
  const { answer } = await produce(live)
  assert.equal(answer.duplicates, 1)
  assert.equal((await storedIn(journal, home)).length, 201)
})

test('records without account and Region are those of the place that was named', async () => {
  const { journal, take } = await setUp()
  await take(bodyOf(old({ recipientAccountId: undefined, awsRegion: undefined })))
  assert.equal((await storedIn(journal, `${account}/${region as Region}` as StreamId)).length, 1)
})
