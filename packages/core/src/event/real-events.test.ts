import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import type { AdmissionContext } from './admission.ts'
import { context, givenId } from './admission.testing.ts'
import { admit } from './admit.ts'
import { parseEnvelope } from './envelope.ts'
import { isEventUuid } from './event-id.ts'
import type { AccountId, Region } from './identifiers.ts'
import { splitRecords, splitterStart } from './record-splitter.ts'
import { hiddenValue } from './redaction-list.ts'

// Published log files of real accounts: folder of *.json.gz, beside the checkout or named by REAL_EVENTS.
const folder =
  process.env['REAL_EVENTS'] ?? fileURLToPath(new URL('../../../../../shared/real-events', import.meta.url))
const files = existsSync(folder) ? readdirSync(folder).filter((name) => /^(?!partial-).*\.json\.gz$/.test(name)) : []
const skip = files.length === 0
if (skip) console.log(`no real events in ${folder}: set REAL_EVENTS to a folder of log files to run these tests`)

interface RealRecord {
  readonly file: string
  readonly raw: Uint8Array
  readonly json: Record<string, unknown>
}
const records: RealRecord[] = files.flatMap((file) => {
  const { records: raws, refusals } = splitRecords(splitterStart, gunzipSync(readFileSync(`${folder}/${file}`)), true)
  assert.deepEqual(refusals, [])
  return raws.map((raw) => ({ file, raw, json: JSON.parse(Buffer.from(raw).toString()) as Record<string, unknown> }))
})
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const accounts = new Set(records.map(({ json }) => textOf(json['recipientAccountId']) ?? context.account))
const regions = new Set(records.map(({ json }) => textOf(json['awsRegion']) ?? context.region))
/** After the newest of them. */
const now = Date.UTC(2027, 0)
const giveId = () => ({ id: givenId, fromKey: false })

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
const report = (title: string, counts: ReadonlyMap<string, number>): void =>
  console.log(
    [title, ...[...counts].sort(([, x], [, y]) => y - x).map(([what, times]) => `  ${times} x ${what}`)].join('\n'),
  )

/** Hides in a copy of `before` what is hidden in `after`, and notes the names under which that happened. */
function hideAlike(before: unknown, after: unknown, name: string, hidden: (name: string) => void): unknown {
  if (after === hiddenValue && before !== hiddenValue) {
    hidden(name)
    return hiddenValue
  }
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) return before
  if (Array.isArray(before)) return before.map((item, k) => hideAlike(item, (after as unknown[])[k], name, hidden))
  return Object.fromEntries(
    Object.entries(before).map(([key, value]) => [
      key,
      hideAlike(value, (after as Record<string, unknown>)[key], key, hidden),
    ]),
  )
}

describe.skipIf(skip)('real records', () => {
  test('imported: nothing changes but the order of top-level keys and what redaction hides', () => {
    const hidden = new Map<string, number>()
    const refusals = new Map<string, number>()
    let reordered = 0
    for (const { file, raw, json } of records) {
      const admission = admit(raw, { ...context, origin: 'import', accounts, regions, now }, giveId)
      if (!admission.ok) {
        count(refusals, `${file}: ${admission.refusal.code} ${admission.refusal.message}`)
        continue
      }
      const text = Buffer.from(admission.entry.record).toString()
      const stored = JSON.parse(text) as Record<string, unknown>
      const expected = hideAlike(json, stored, '', (name) => count(hidden, name)) as Record<string, unknown>
      // These files are compact and free of numbers that JavaScript rewrites, so texts can be compared member by member.
      const members = Object.keys(stored).map((key) => `${JSON.stringify(key)}:${JSON.stringify(expected[key])}`)
      assert.equal(text, `{${members.join(',')}}`)
      assert.deepEqual(Object.keys(stored).toSorted(), Object.keys(json).toSorted())
      if (Object.keys(stored).join() !== Object.keys(json).join()) reordered++
      const { event } = parseEnvelope(admission.entry)
      if (typeof json['eventID'] === 'string' && json['eventID'] !== '') assert.equal(event.eventId, json['eventID'])
      assert.equal(event.eventTime, Date.parse(json['eventTime'] as string))
      assert.equal(event.eventName, json['eventName'])
    }
    report(
      `${records.length} records imported, ${reordered} with another order of keys; hidden values by name:`,
      hidden,
    )
    assert.deepEqual([...refusals], [])
    assert.equal(files.includes('invictus-aws-dataset.json.gz') ? reordered >= 313 : true, true)
  })

  test('delivered log files are in the canonical order already', () => {
    for (const { file, raw } of records) {
      if (file !== 'invictus-aws-dataset.json.gz') continue
      const admission = admit(raw, { ...context, origin: 'import', accounts, regions, now }, giveId)
      assert.ok(admission.ok)
      const stored = Object.keys(JSON.parse(Buffer.from(admission.entry.record).toString()) as object)
      assert.deepEqual(stored, Object.keys(JSON.parse(Buffer.from(raw).toString()) as object))
    }
  })

  test('as new events of their own account: what is refused is refused for what the record says', () => {
    const refusals = new Map<string, number>()
    const fills = new Map<string, number>()
    for (const { file, json, raw } of records) {
      const account = (textOf(json['recipientAccountId']) ?? context.account) as AccountId
      const given: AdmissionContext = {
        ...context,
        account,
        region: 'us-east-1' as Region,
        accounts,
        regions,
        now,
      }
      const admission = admit(raw, given, giveId)
      if (!admission.ok) {
        const { code, message } = admission.refusal
        count(refusals, `${code}: ${message}`)
        // Ids made up by whoever anonymised the record, or a list that is null; never what CloudTrail itself has written.
        assert.ok(
          code === 'InvalidEventId' ? !isEventUuid(json['eventID'] as string) : json['resources'] === null,
          message,
        )
        assert.notEqual(file, 'invictus-aws-dataset.json.gz')
        continue
      }
      for (const key of Object.keys(JSON.parse(Buffer.from(admission.entry.record).toString()) as object))
        if (!(key in json)) count(fills, key)
      const again = admit(admission.entry.record, given, giveId)
      assert.ok(again.ok)
      assert.deepEqual(again.entry.record, admission.entry.record)
    }
    report('as new events, fields filled in:', fills)
    report('as new events, refused:', refusals)
  })
})
