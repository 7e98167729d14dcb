import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'vitest'
import { parseEnvelope, type AccountId, type Region, type Sequence, type StoredEntry } from '@opentrail/core/event'
import {
  PostingsUnavailableError,
  type HistoryPage,
  type HistoryReader,
  type HistoryRequest,
} from '../history/index.ts'
import { newEntry } from '../history/history-doubles.testing.ts'
import { ApiError } from '../api-error/index.ts'
import { createLookupEvents } from './LookupEvents.ts'
import type { OperationContext } from './operation.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const nowSeconds = now / 1_000
const day = 86_400
const random = { bytes: (length: number) => randomBytes(length) }
const operation = createLookupEvents({ tokenKey: randomBytes(32), random })

/** Two events, one a page whatever the limit, so that a first page always has a token. */
const stored = (sequence: number): StoredEntry => ({
  ...newEntry({ eventId: `e${sequence}`, eventTime: now - 5_000 }, now),
  stream: '111122223333/eu-west-1' as StoredEntry['stream'],
  sequence: sequence as Sequence,
})
function setup({ at = now, account = '111122223333', region = 'eu-west-1', failure }: Partial<Setup> = {}) {
  const requests: HistoryRequest[] = []
  const history: HistoryReader = {
    async page(request): Promise<HistoryPage> {
      requests.push(request)
      if (failure) throw failure
      if (request.after) return { entries: [stored(1)], snapshot: request.snapshot! }
      const sequence = 2 as Sequence
      return { entries: [stored(2)], snapshot: sequence, next: { time: nowSeconds - 5, sequence } }
    },
  }
  const clocks = { domain: () => at, wall: () => at, monotonic: () => 0 }
  const caller = { account: account as AccountId }
  const context = { caller, region: region as Region, clocks, history } as OperationContext
  return { requests, context, lookup: (input: Record<string, unknown>) => operation.handle(input, context) }
}
interface Setup {
  readonly at: number
  readonly account: string
  readonly region: string
  readonly failure: Error
}
async function refusal(input: Record<string, unknown>, of: Partial<Setup> = {}) {
  const error = await setup(of)
    .lookup(input)
    .then(
      () => assert.fail(`accepted ${JSON.stringify(input).slice(0, 200)}`),
      (failure: unknown) => failure,
    )
  assert.ok(error instanceof ApiError, String(error))
  return `${error.status} ${error.code}`
}
const token = async (input: Record<string, unknown> = {}, of: Partial<Setup> = {}) =>
  (await setup(of).lookup(input)).NextToken as string

test('is a read of administrators and auditors', () => {
  assert.equal(operation.name, 'LookupEvents')
  assert.equal(operation.action, 'cloudtrail:LookupEvents')
  assert.equal(operation.readOnly, true)
  assert.deepEqual(operation.roles, ['administrator', 'auditor'])
  assert.throws(() => createLookupEvents({ tokenKey: randomBytes(31), random }), RangeError)
})

test('asks for the account and Region of the call, and cuts the start at 90 days', async () => {
  const { requests, lookup } = setup({ account: '999988887777', region: 'us-east-1' })
  await lookup({ StartTime: 0, LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'x' }], MaxResults: 3 })
  await lookup({ EventCategory: 'insight', StartTime: nowSeconds - 90 * day + 1, EndTime: nowSeconds - 1 })
  const stream = '999988887777/us-east-1'
  const floor = nowSeconds - 90 * day
  assert.deepEqual(requests, [
    {
      stream,
      category: 'management',
      filter: { attribute: 'EventName', value: 'x' },
      timeMin: floor,
      timeMax: nowSeconds,
      limit: 3,
    },
    { stream, category: 'insight', timeMin: floor + 1, timeMax: nowSeconds - 1, limit: 50 },
  ])
})

const by = (AttributeKey: string, AttributeValue: string) => [{ AttributeKey, AttributeValue }]

test('every fault answers with the exception of its own', async () => {
  const faults: [string, Record<string, unknown>][] = [
    ['SerializationException', { MaxResults: '5' }],
    ['SerializationException', { StartTime: '2026-11-21T12:00:00Z' }],
    ['SerializationException', { LookupAttributes: { AttributeKey: 'EventName' } }],
    ['InvalidLookupAttributesException', { LookupAttributes: [...by('EventName', 'a'), ...by('EventName', 'b')] }],
    ['InvalidLookupAttributesException', { LookupAttributes: by('eventName', 'a') }],
    ['InvalidLookupAttributesException', { LookupAttributes: by('EventName', '') }],
    ['InvalidLookupAttributesException', { LookupAttributes: by('EventName', '_'.repeat(1_001)) }],
    ['InvalidLookupAttributesException', { LookupAttributes: by('Username', 'a'), EventCategory: 'insight' }],
    ['InvalidTimeRangeException', { StartTime: nowSeconds, EndTime: nowSeconds - 1 }],
    ['InvalidTimeRangeException', { StartTime: now }],
    ['InvalidMaxResultsException', { MaxResults: 0 }],
    ['InvalidMaxResultsException', { MaxResults: 51 }],
    ['InvalidEventCategoryException', { EventCategory: 'management' }],
    ['InvalidNextTokenException', { NextToken: 'nonsense' }],
    ['InvalidNextTokenException', { NextToken: '' }],
  ]
  for (const [code, input] of faults)
    assert.equal(await refusal(input), `400 ${code}`, JSON.stringify(input).slice(0, 99))
})

test('an index that cannot answer is a failure that SDKs try again; anything else is a bug', async () => {
  assert.equal(await refusal({}, { failure: new PostingsUnavailableError('down') }), '503 ServiceUnavailable')
  await assert.rejects(setup({ failure: new TypeError('bug') }).lookup({}), TypeError)
})

describe('NextToken', () => {
  test('reaches as far as the walk has come, also when the clock was set back by days', async () => {
    const { NextToken } = await setup().lookup({})
    const later = setup({ at: now - 3 * 86_400_000 })
    await later.lookup({ NextToken })
    assert.equal(later.requests[0]?.timeMax, nowSeconds - 5)
    assert.equal(later.requests[0]?.timeMin, nowSeconds - 90 * day)
  })

  test('goes on with snapshot, place and floor of the walk; the last page has none', async () => {
    const first = await setup().lookup({})
    const later = setup({ at: now + 3_600_000 })
    const second = await later.lookup({ NextToken: first.NextToken })
    assert.deepEqual(later.requests[0], {
      stream: '111122223333/eu-west-1',
      category: 'management',
      timeMin: nowSeconds - 90 * day,
      timeMax: nowSeconds + 3_600,
      limit: 50,
      snapshot: 2,
      after: { time: nowSeconds - 5, sequence: 2 },
    })
    assert.ok(!('NextToken' in second))
    assert.equal(parseEnvelope(stored(1)).event.eventId, (second.Events as { EventId: string }[])[0]!.EventId)
  })

  test('is opaque, short and fit for any transport; no two are equal', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token()))
    for (const one of tokens) assert.match(one, /^[A-Za-z0-9_-]{124}$/)
    assert.equal(new Set(tokens).size, 20)
  })

  test('is refused when any character was changed, left out or added', async () => {
    const good = await token()
    const changed = ['', good.slice(1), good.slice(0, -1), `${good}A`, `${good}=`, `A${good}`, ` ${good}`, `${good}\n`]
    for (let at = 0; at < good.length; at++)
      for (const character of 'AB_-')
        if (good[at] !== character) changed.push(good.slice(0, at) + character + good.slice(at + 1))
    for (const NextToken of changed) assert.equal(await refusal({ NextToken }), '400 InvalidNextTokenException')
  })

  test('is refused with any other member, account, Region or key', async () => {
    const base = {
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'x' }],
      StartTime: nowSeconds - 10,
      EndTime: nowSeconds,
      MaxResults: 5,
    }
    const NextToken = await token(base)
    await setup().lookup({ ...base, NextToken })
    const others = [
      { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'y' }] },
      { LookupAttributes: null },
      { StartTime: nowSeconds - 11 },
      { EndTime: null },
      { MaxResults: 6 },
      { MaxResults: null },
      { EventCategory: 'insight' },
    ]
    for (const other of others)
      assert.equal(
        await refusal({ ...base, ...other, NextToken }),
        '400 InvalidNextTokenException',
        JSON.stringify(other),
      )
    for (const of of [{ account: '111122223334' }, { region: 'eu-west-2' }])
      assert.equal(await refusal({ ...base, NextToken }, of), '400 InvalidNextTokenException')
    const elsewhere = createLookupEvents({ tokenKey: randomBytes(32), random })
    await assert.rejects(elsewhere.handle({ ...base, NextToken }, setup().context), {
      code: 'InvalidNextTokenException',
    })
  })

  test('is good for a day after the first page of its walk', async () => {
    const first = await token()
    await setup({ at: now + day * 1_000 }).lookup({ NextToken: first })
    assert.equal(await refusal({ NextToken: first }, { at: now + day * 1_000 + 1 }), '400 InvalidNextTokenException')
  })
})
