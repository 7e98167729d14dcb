import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { StreamId } from '@opentrail/core/event'
import { systemRandom } from '../clock/index.ts'
import { createMemoryJournal, JournalFullError, type Journal } from '../journal/index.ts'
import { createInPlaceAdmission, AdmissionBusyError, type AdmissionPool } from './admission-pool.ts'
import { bodyOf, intakeContext, recordText } from './intake.testing.ts'
import { IntakeInterruptedError, takeIn, type IntakeOptions, type IntakeRequest } from './intake.ts'
import { openRecordWriter } from './record-writer.ts'
import { createRefusalReports, type RefusalReports } from './refusal-reports.ts'
import type { IntakeAnswer, IntakeOutcome } from './tally.ts'

const home = '111122223333/us-east-1' as StreamId
const away = '111122223333/eu-west-1' as StreamId
let directory: string
let reports: RefusalReports
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-intake-'))
  reports = createRefusalReports(directory, systemRandom)
})
afterEach(() => rm(directory, { recursive: true }))

async function optionsOn(journal: Journal, changes: Partial<IntakeOptions> = {}): Promise<IntakeOptions> {
  const writer = await openRecordWriter(
    journal,
    () => intakeContext.now,
    () => 1,
  )
  return { admission: createInPlaceAdmission(randomUUID), writer, reports, bodyBytesMax: 1e9, ...changes }
}
const requestOf = (body: AsyncIterable<Uint8Array>, changes: Partial<IntakeRequest> = {}): IntakeRequest => ({
  body,
  encoding: 'identity',
  context: () => intakeContext,
  ...changes,
})
const settles = ({ received, stored, duplicates, refused }: IntakeAnswer) =>
  assert.equal(received, stored + duplicates + refused)
async function interrupted(work: Promise<IntakeOutcome>): Promise<IntakeInterruptedError> {
  const error = await work.then(
    () => assert.fail('should have been interrupted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof IntakeInterruptedError)
  settles(error.outcome.answer)
  return error
}
const storedIn = async (journal: Journal, stream: StreamId) =>
  (await journal.read(stream, 0, 1e6)).entries.map(
    ({ record }) => (JSON.parse(Buffer.from(record).toString()) as { eventID: string }).eventID,
  )

describe('intake', () => {
  test('a mixed batch: everything counted, ranges per stream, one bad record spoils nothing', async () => {
    const journal = createMemoryJournal()
    const options = await optionsOn(journal)
    const [id, other] = [randomUUID(), randomUUID()]
    const lines = [
      recordText({ eventID: id }),
      'no json',
      recordText({ awsRegion: 'eu-west-1', eventID: other }),
      recordText({ eventID: id, eventTime: '2026-03-04T09:58:00Z' }),
      recordText({ recipientAccountId: '999999999999' }),
      recordText({ awsRegion: 'mars-1' }),
      recordText({ eventTime: '2026-03-04T10:05:01Z' }),
      recordText({ eventTime: '2026-03-04T10:05:00Z' }),
      recordText({ awsRegion: 'eu-west-1', eventID: other.toUpperCase() }),
    ]
    const { answer, reused } = await takeIn(requestOf(bodyOf(lines.join('\n'))), options)
    assert.deepEqual(
      answer.refusals.map(({ index, code }) => `${index} ${code}`),
      [
        '1 InvalidJson',
        '3 EventIdReused',
        '4 ForeignAccount',
        '5 UnknownRegion',
        '6 EventTimeInFuture',
        '8 InvalidEventId',
      ],
    )
    assert.deepEqual(reused, { count: 1, eventIds: [id] })
    assert.deepEqual(
      { ...answer, refusals: [] },
      {
        received: 9,
        stored: 3,
        duplicates: 0,
        refused: 6,
        ranges: [
          { stream: home, from: 1, to: 2 },
          { stream: away, from: 1, to: 1 },
        ],
        rangesComplete: true,
        refusals: [],
      },
    )
    assert.deepEqual(await storedIn(journal, away), [other])
    const again = await takeIn(requestOf(bodyOf(lines[0]!)), options)
    assert.deepEqual([again.answer.duplicates, again.answer.stored, again.answer.ranges], [1, 0, []])
  })

  test('any body, cut anywhere, plain or gzip, gives the same records in order and counts them all', async () => {
    const line = fc.oneof(
      fc.constantFrom('{', '[1]', '"x"', '\u0000', '{"a":1}'),
      fc.nat(20).map((n) => recordText({ eventID: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` })),
    )
    await fc.assert(
      fc.asyncProperty(
        // The first line tells the form of the body.
        fc.array(line, { maxLength: 30 }).map((lines) => [recordText({}), ...lines]),
        fc.integer({ min: 1, max: 500 }),
        fc.boolean(),
        async (lines, length, packed) => {
          const journal = createMemoryJournal()
          const plain = Buffer.from(lines.join('\n'))
          const bytes = packed ? gzipSync(plain) : plain
          const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
            bytes.subarray(i * length, (i + 1) * length),
          )
          const request = requestOf(bodyOf(...pieces), { encoding: packed ? 'gzip' : 'identity' })
          const { answer } = await takeIn(request, await optionsOn(journal))
          settles(answer)
          assert.equal(answer.received, lines.length)
          const ids = lines
            .filter((text) => text.includes('eventID'))
            .map((text) => (JSON.parse(text) as { eventID: string }).eventID)
          assert.deepEqual(await storedIn(journal, home), [...new Set(ids)])
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a file with a Records list', async () => {
    const journal = createMemoryJournal()
    const body = `{"Records":[${Array.from({ length: 3 }, () => recordText({})).join(',')}]}`
    const { answer } = await takeIn(requestOf(bodyOf(body)), await optionsOn(journal))
    assert.deepEqual([answer.received, answer.stored], [3, 3])
  })

  test('numbers keep their bytes', async () => {
    const journal = createMemoryJournal()
    const text = recordText({}).replace('{', '{"requestParameters":{"a":1e999,"b":2.0,"c":12345678901234567890},')
    await takeIn(requestOf(bodyOf(text)), await optionsOn(journal))
    const [entry] = (await journal.read(home, 0, 1)).entries
    assert.match(Buffer.from(entry!.record).toString(), /"a":1e999,"b":2\.0,"c":12345678901234567890/)
  })

  test('clock and configuration are asked anew for each chunk of a long upload', async () => {
    const journal = createMemoryJournal()
    let asked = 0
    const context = () => ({ ...intakeContext, now: intakeContext.now + asked++ * 3_600_000 })
    const late = recordText({ eventTime: '2026-03-04T11:00:00Z' })
    const body = bodyOf(
      ...Array.from({ length: 40 }, () => `${recordText({ requestParameters: { a: 'x'.repeat(60_000) } })}\n`),
      late,
    )
    const { answer } = await takeIn(requestOf(body, { context }), await optionsOn(journal))
    assert.deepEqual(answer.refusals, [])
    assert.ok(asked > 1)
  })

  test('beyond a thousand refusals a report has them all, and reused ids are still seen', async () => {
    const journal = createMemoryJournal()
    const options = await optionsOn(journal)
    const id = randomUUID()
    await takeIn(requestOf(bodyOf(recordText({ eventID: id }))), options)
    const thief = recordText({ eventID: id, eventName: 'Harmless' })
    const { answer, reused } = await takeIn(requestOf(bodyOf(`${'x\n'.repeat(1_500)}${thief}`)), options)
    assert.deepEqual(reused, { count: 1, eventIds: [id] })
    assert.equal(answer.refused, 1_501)
    assert.equal(answer.refusals.length, 1_000)
    const lines = (await text((await reports.read(intakeContext.account, answer.reportId!))!)).trimEnd().split('\n')
    assert.equal(lines.length, 1_501)
    assert.ok(lines.some((line) => line.includes('EventIdReused')))
  })

  test('so many refusals that they are only counted', async () => {
    const { answer } = await takeIn(requestOf(bodyOf('x\n'.repeat(25_000))), await optionsOn(createMemoryJournal()))
    assert.equal(answer.refused, 25_000)
    const lines = (await text((await reports.read(intakeContext.account, answer.reportId!))!)).trimEnd().split('\n')
    assert.equal(lines.length, 10_001)
    assert.deepEqual(JSON.parse(lines.at(-1)!), { more: 15_000 })
  })

  test('refusals of several streams at once share one report', async () => {
    const journal = createMemoryJournal()
    const options = await optionsOn(journal)
    const ids = Array.from({ length: 1_200 }, () => randomUUID())
    const body = (eventName: string) =>
      bodyOf(
        ids
          .map((eventID, i) => recordText({ eventID, eventName, awsRegion: i % 2 ? 'us-east-1' : 'eu-west-1' }))
          .join('\n'),
      )
    await takeIn(requestOf(body('First')), options)
    let opened = 0
    const counting: RefusalReports = { ...reports, open: (of) => (opened++, reports.open(of)) }
    const { answer } = await takeIn(requestOf(body('Second')), { ...options, reports: counting })
    assert.equal(opened, 1)
    assert.equal(answer.refused, 1_200)
    const lines = (await text((await reports.read(intakeContext.account, answer.reportId!))!)).trimEnd().split('\n')
    const places = lines.map((line) => (JSON.parse(line) as { index: number }).index)
    assert.deepEqual(
      places.toSorted((a, b) => a - b),
      [...ids.keys()],
    )
  })

  test('a report that cannot be written does not spoil the intake', async () => {
    const faults: unknown[] = []
    const broken: RefusalReports = { ...reports, open: () => Promise.reject(new Error('the disk is full')) }
    const options = await optionsOn(createMemoryJournal(), { reports: broken, onFault: (error) => faults.push(error) })
    const { answer } = await takeIn(requestOf(bodyOf(`${'x\n'.repeat(1_500)}${recordText({})}`)), options)
    assert.deepEqual([answer.stored, answer.refused, answer.reportId], [1, 1_500, undefined])
    assert.equal(faults.length, 1)
  })
})

describe('interrupted', () => {
  const many = (count: number) => Array.from({ length: count }, () => recordText({}))

  test('by a body that breaks off: what came is stored and answered', async () => {
    const journal = createMemoryJournal()
    const failure = new Error('the client has gone')
    async function* aborted() {
      yield Buffer.from(`${many(4_000).join('\n')}\n{"half`)
      yield Buffer.from('of a record')
      throw failure
    }
    const error = await interrupted(takeIn(requestOf(aborted()), await optionsOn(journal)))
    assert.equal(error.cause, failure)
    assert.equal(error.outcome.answer.stored, journal.durable(home))
  })

  test('by a journal that is full: stored are those of which it is said, the others are refused as retryable', async () => {
    const journal = createMemoryJournal({ bytesMax: 3_000_000 })
    const lines = many(8_000)
    const options = await optionsOn(journal)
    const { cause, outcome } = await interrupted(
      takeIn(requestOf(bodyOf(...lines.map((line) => `${line}\n`))), options),
    )
    assert.ok(cause instanceof JournalFullError)
    const { answer } = outcome
    assert.equal(answer.stored, journal.durable(home))
    assert.ok(answer.stored > 0 && answer.refused > 0)
    assert.deepEqual(new Set(answer.refusals.map(({ code }) => code)), new Set(['NotStored']))
    const room = createMemoryJournal()
    for (const entry of (await journal.read(home, 0, 1e5)).entries) await room.append(home, [entry])
    const retry = await takeIn(requestOf(bodyOf(...lines.map((line) => `${line}\n`))), await optionsOn(room))
    assert.deepEqual([retry.answer.duplicates, retry.answer.stored], [answer.stored, lines.length - answer.stored])
  })

  test('by admission that is busy', async () => {
    const journal = createMemoryJournal()
    const inPlace = createInPlaceAdmission(randomUUID)
    let calls = 0
    const admission: AdmissionPool = {
      ...inPlace,
      admit: (task) => (++calls > 1 ? Promise.reject(new AdmissionBusyError('busy')) : inPlace.admit(task)),
    }
    const error = await interrupted(
      takeIn(requestOf(bodyOf(...many(6_000).map((line) => `${line}\n`))), await optionsOn(journal, { admission })),
    )
    assert.ok(error.cause instanceof AdmissionBusyError)
    assert.equal(error.outcome.answer.stored, journal.durable(home))
  })
})
