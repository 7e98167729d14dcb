import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { AccountId } from '@opentrail/core/event'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import { createRefusalReports, type RefusalReports } from './refusal-reports.ts'

const account = '111122223333' as AccountId
const other = '444455556666' as AccountId
let directory: string
let reports: RefusalReports
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-reports-'))
  reports = createRefusalReports(directory, systemRandom)
})
afterEach(() => rm(directory, { recursive: true }))

const refusal = (index: number) => ({ index, code: 'InvalidJson', message: 'no "json"\n' })
const linesOf = async (id: string) =>
  (await text((await reports.read(account, id))!))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object)

describe('refusal reports', () => {
  test('one line each, whatever is in it', async () => {
    const report = await reports.open(account)
    for (let index = 0; index < 5_000; index++) await report.add(refusal(index))
    await report.close()
    assert.deepEqual(
      await linesOf(report.id),
      Array.from({ length: 5_000 }, (_, index) => refusal(index)),
    )
  })

  test('a hundred thousand lines, then a count of the rest', async () => {
    const report = await reports.open(account)
    for (let index = 0; index < 100_003; index++) await report.add(refusal(index))
    report.addUntold(7)
    await report.close()
    const lines = await linesOf(report.id)
    assert.equal(lines.length, 100_001)
    assert.deepEqual(lines.at(-1), { more: 10 })
  })

  test('another account does not find it', async () => {
    const report = await reports.open(account)
    await report.add(refusal(1))
    await report.close()
    assert.deepEqual(await linesOf(report.id), [refusal(1)])
    assert.equal(await reports.read(other, report.id), undefined)
    assert.equal(await reports.read(other, `../${account}.${report.id}`), undefined)
  })

  test('only our own ids are looked at', async () => {
    for (const id of ['', '../control', 'a'.repeat(36), '00000000-0000-4000-8000-000000000000', '..%2f'])
      assert.equal(await reports.read(account, id), undefined)
  })

  test('the newest hundred are kept, also when many requests need one at a time', async () => {
    for (let round = 0; round < 30; round++) {
      const opened = await Promise.all(Array.from({ length: 10 }, () => reports.open(account)))
      for (const report of opened) await report.add(refusal(round))
      for (const report of opened) await report.close()
    }
    const last = await reports.open(account)
    await last.add(refusal(1))
    await last.close()
    assert.ok((await readdir(directory)).length <= 110)
    assert.deepEqual(await linesOf(last.id), [refusal(1)])
  })
})
