import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiCounts, ApiEventPage, ApiSession, ApiTopValues } from '@opentrail/core/api'
import { PostingsUnavailableError } from '../history/index.ts'
import { auditorKey, codeOf, everywhereKey, home, otherAccount, producerKey, startApi } from './api.testing.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())
async function start(...given: Parameters<typeof startApi>) {
  const api = await startApi(...given)
  close = api.close
  return api
}
const idsOf = ({ events }: ApiEventPage) => events.map(({ eventId }) => eventId.slice(-1))
const id = (digit: number | string) => `10000000-0000-4000-8000-00000000000${digit}`

describe('GET /api/v1/events', () => {
  test('finds events by the search, newest first, and shows each record as it is stored', async () => {
    const { add, json } = await start()
    await add(
      { id: id(1), ago: 30 },
      { id: id(2), ago: 10 },
      { id: id(3), ago: 20, record: { eventName: 'GetObject', readOnly: true } },
    )
    await add({ id: id(4), ago: 15, region: 'us-east-1' })
    assert.deepEqual(idsOf(await json('/api/v1/events')), ['2', '4', '3', '1'])
    const where = encodeURIComponent('eventName = DeleteBucket and user = alice')
    const page = await json<ApiEventPage>(`/api/v1/events?where=${where}&regions=eu-west-1`)
    assert.deepEqual(idsOf(page), ['2', '1'])
    const [first] = page.events
    assert.equal(first!.eventTime, '2026-11-20T11:59:50Z')
    assert.deepEqual(first!.resources, [{ type: 'AWS::S3::Bucket', name: 'logs' }])
    assert.equal(first!.place.account, home.account)
    assert.equal((JSON.parse(first!.record) as { eventID: string }).eventID, id(2))
  })

  test('times are inclusive, relative ones count from domain time, a day alone is the whole day', async () => {
    const { add, json } = await start()
    await add({ id: id(1), ago: 3_600 }, { id: id(2), ago: 3_601 }, { id: id(3), ago: 86_400 })
    const ids = async (query: string) => idsOf(await json(`/api/v1/events?${query}`)).join('')
    assert.equal(await ids('from=-1h'), '1')
    assert.equal(await ids('from=2026-11-20T10:59:59Z&to=2026-11-20T10:59:59Z'), '2')
    assert.equal(await ids('from=2026-11-20'), '12')
    assert.equal(await ids('to=2026-11-19'), '3')
    assert.equal(await ids('from=2026-11-20T11:59:59%2B01:00'), '12')
  })

  test('a cursor goes on where the page ended; what comes later stays out of the walk', async () => {
    const { add, json } = await start()
    await add(...[1, 2, 3, 4, 5].map((digit) => ({ id: id(digit), ago: 10 * digit })))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const more: ApiEventPage = await json(`/api/v1/events?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`)
      seen.push(...idsOf(more))
      cursor = more.cursor
      await add({ ago: 35 })
    } while (cursor !== undefined)
    assert.deepEqual(seen, ['1', '2', '3', '4', '5'])
  })

  test('a cursor is good for its own request and principal, and only as it was issued', async () => {
    const { add, json, call } = await start()
    await add({}, {})
    const { cursor } = await json<ApiEventPage>('/api/v1/events?limit=1&from=-1h')
    assert.ok(cursor !== undefined)
    const other = cursor.startsWith('A') ? 'B' : 'A'
    for (const query of [
      `limit=1&from=-1h&to=now&cursor=${cursor}`,
      `limit=1&from=-1h&where=alice&cursor=${cursor}`,
      `limit=1&from=-2h&cursor=${cursor}`,
      `limit=1&from=-1h&cursor=${other}${cursor.slice(1)}`,
      `limit=1&from=-1h&cursor=${cursor.slice(0, -4)}`,
      'limit=1&cursor=',
    ])
      assert.equal(codeOf(await call(`/api/v1/events?${query}`)), '400 InvalidNextTokenException', query)
    const asOther = await call(`/api/v1/events?limit=1&from=-1h&cursor=${cursor}`, { key: everywhereKey })
    assert.equal(codeOf(asOther), '400 InvalidNextTokenException')
    for (const query of ['limit=1&from=-1h', 'limit=2', ''])
      assert.equal((await call(`/api/v1/events?${query}&cursor=${cursor}`)).status, 200)
  })

  test('what is wrong is said, a search that cannot be read with the place', async () => {
    const { call } = await start()
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=1e2',
      'from=gestern',
      'from=2026-02-30',
      'from=now&to=-1h',
      'regions=mars',
      'accounts=1',
      'form=-1h',
      'limit=1&limit=2',
      `accounts=${home.account},`,
    ])
      assert.equal(codeOf(await call(`/api/v1/events?${query}`)), '400 ValidationException', query)
    const { status, text } = await call(`/api/v1/events?where=${encodeURIComponent('eventName = ')}`)
    assert.equal(status, 400)
    const { at, ...error } = JSON.parse(text) as { __type: string; Message: string; at: number }
    assert.equal(error.__type, 'InvalidSearchException')
    assert.equal(typeof at, 'number')
  })

  test('who asks only for what is older than the last 90 days is told to say from when', async () => {
    const { call } = await start()
    assert.match((await call('/api/v1/events?to=2020-01-01')).text, /say from, too/)
  })

  test('an index that is behind is waited for by the caller', async () => {
    const failing = () => Promise.reject(new PostingsUnavailableError('the engine is down'))
    const { call, add, faults } = await start(({ search }) => ({ search: { ...search, page: failing } }))
    await add({})
    const reply = await call('/api/v1/events')
    assert.equal(codeOf(reply), '503 ServiceUnavailable')
    assert.equal(reply.headers['retry-after'], '1')
    assert.deepEqual(faults, [])
  })
})

describe('who may', () => {
  test('administrators and auditors; producers ask for their session only', async () => {
    const { call, trail } = await start()
    assert.equal((await call('/api/v1/events', { key: auditorKey })).status, 200)
    assert.equal(codeOf(await call('/api/v1/events', { key: producerKey })), '403 AccessDeniedException')
    assert.equal((await call('/api/v1/session', { key: producerKey })).status, 200)
    assert.deepEqual(
      trail.calls.map(({ eventName, errorCode, readOnly }) => [eventName, errorCode, readOnly]),
      [
        ['SearchEvents', undefined, true],
        ['SearchEvents', 'AccessDenied', true],
        ['GetSession', undefined, true],
      ],
    )
  })

  test('other accounts are for those with the grant; the refusal is in IAM’s words', async () => {
    const { add, json, call } = await start()
    await add({ id: id(1) }, { id: id(2), account: otherAccount, ago: 1 })
    for (const accounts of ['*', otherAccount, `${home.account},${otherAccount}`]) {
      const refused = await call(`/api/v1/events?accounts=${accounts}`)
      assert.equal(codeOf(refused), '403 AccessDeniedException')
      assert.match(
        refused.text,
        /User: arn:aws:iam::\d{12}:user\/\w+ is not authorized to perform: cloudtrail:SearchEvents on resource: arn:aws:cloudtrail:\*:/,
      )
    }
    const key = everywhereKey
    assert.deepEqual(idsOf(await json('/api/v1/events?accounts=*', { key })), ['1', '2'])
    assert.deepEqual(idsOf(await json(`/api/v1/events?accounts=${otherAccount}`, { key })), ['2'])
    assert.deepEqual(idsOf(await json('/api/v1/events', { key })), ['1'])
    assert.equal(codeOf(await call('/api/v1/events?accounts=999999999999', { key })), '400 ValidationException')
    assert.deepEqual((await json<ApiSession>('/api/v1/session', { key })).accounts, [home.account, otherAccount])
    assert.deepEqual((await json<ApiSession>('/api/v1/session')).accounts, [home.account])
  })

  test('a call that cannot be recorded is not answered', async () => {
    const { call, trail } = await start()
    trail.failing = true
    assert.equal(codeOf(await call('/api/v1/events')), '503 ServiceUnavailable')
  })
})

describe('counts', () => {
  test('a histogram has buckets of the length that was asked for, or of a round one', async () => {
    const { add, json, call } = await start()
    await add({ ago: 0 }, { ago: 59 }, { ago: 61 }, { ago: 3_600 })
    assert.deepEqual(await json<ApiCounts>('/api/v1/events/histogram?from=-1h&to=now&bucket=60'), {
      total: 4,
      bucketSeconds: 60,
      buckets: [
        { start: '2026-11-20T11:00:00Z', count: 1 },
        { start: '2026-11-20T11:58:00Z', count: 1 },
        { start: '2026-11-20T11:59:00Z', count: 1 },
        { start: '2026-11-20T12:00:00Z', count: 1 },
      ],
    })
    assert.equal((await json<ApiCounts>('/api/v1/events/histogram?from=-1h&to=now')).bucketSeconds, 60)
    assert.equal((await json<ApiCounts>('/api/v1/events/histogram')).bucketSeconds, 604_800)
    assert.equal(codeOf(await call('/api/v1/events/histogram?bucket=1')), '400 ValidationException')
  })

  test('values come with their counts, most frequent first', async () => {
    const { add, json, call } = await start()
    await add({}, {}, { record: { eventName: 'GetObject' } })
    assert.deepEqual(await json<ApiTopValues>('/api/v1/events/values?attribute=eventName&limit=1'), {
      attribute: 'eventName',
      total: 3,
      values: [{ value: 'DeleteBucket', count: 2 }],
    })
    assert.equal(codeOf(await call('/api/v1/events/values?attribute=colour')), '400 ValidationException')
    assert.equal(codeOf(await call('/api/v1/events/values')), '400 ValidationException')
  })
})
