import assert from 'node:assert/strict'
import { request } from 'node:http'
import { afterEach, describe, test } from 'vitest'
import type { ApiEvent } from '@opentrail/core/api'
import type { AccountId } from '@opentrail/core/event'
import { codeOf, everywhereKey, exampleKey, home, otherAccount, signed, startApi } from './api.testing.ts'
import { streamsPerPrincipalMax } from './live-streams.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())
async function start(...given: Parameters<typeof startApi>) {
  const api = await startApi(...given)
  close = api.close
  return api
}

interface Message {
  readonly event?: string
  readonly id?: string
  readonly data?: string
}

/** Follows as a browser would: messages one after the other, until it is left. */
async function follow(
  { server }: Awaited<ReturnType<typeof startApi>>,
  path: string,
  headers: Record<string, string> = {},
  key = exampleKey,
) {
  const { body: _, ...sent } = signed(server, path, { key, headers })
  const incoming = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const outgoing = request({ host: server.host, port: server.port, agent: false, ...sent }, resolve)
    outgoing.once('error', reject).end()
  })
  assert.equal(incoming.statusCode, 200)
  assert.equal(incoming.headers['content-type'], 'text/event-stream')
  const chunks = incoming.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>
  let text = ''
  const next = async (): Promise<Message | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        return Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
      }
      const { value, done } = await chunks.next()
      if (done) return undefined
      text += value
    }
  }
  /** The next that is an event, and the last id until then. */
  const nextEvent = async (): Promise<{ readonly id: string; readonly event: ApiEvent }> => {
    for (;;) {
      const message = await next()
      assert.ok(message, 'the stream has ended')
      if (message.event === 'event') return { id: message.id!, event: JSON.parse(message.data!) as ApiEvent }
    }
  }
  return { next, nextEvent, leave: () => incoming.destroy() }
}

const id = (number: number) => `20000000-0000-4000-8000-${String(number).padStart(12, '0')}`

describe('GET /api/v1/live', () => {
  test('tells what comes in from now on, and of it what the search finds', async () => {
    const api = await start()
    await api.add({ id: id(0) })
    const stream = await follow(api, `/api/v1/live?where=${encodeURIComponent('eventName = DeleteBucket')}`)
    await api.add({ id: id(1), record: { eventName: 'GetObject' } }, { id: id(2) }, { id: id(3), region: 'us-east-1' })
    const ids = [(await stream.nextEvent()).event.eventId, (await stream.nextEvent()).event.eventId]
    assert.deepEqual(ids.sort(), [id(2), id(3)])
    stream.leave()
  })

  test('who comes back with the last id loses nothing and gets nothing twice, wherever the connection broke', async () => {
    const api = await start()
    const got: string[] = []
    let cursor: string | undefined
    const first = await follow(api, '/api/v1/live')
    cursor = (await first.next())!.id!
    first.leave()
    await api.add(
      ...Array.from({ length: 450 }, (_, at) => ({ id: id(at), region: at % 3 ? 'us-east-1' : 'eu-west-1' })),
    )
    while (got.length < 450) {
      const stream = await follow(api, '/api/v1/live', { 'last-event-id': cursor })
      for (let count = 0; count < 120 && got.length < 450; count++) {
        const message = await stream.nextEvent()
        got.push(message.event.eventId)
        cursor = message.id
      }
      stream.leave()
    }
    assert.deepEqual(
      got.toSorted(),
      Array.from({ length: 450 }, (_, at) => id(at)),
    )
    const stream = await follow(api, `/api/v1/live?cursor=${cursor}`)
    await api.add({ id: id(9_000) })
    assert.equal((await stream.nextEvent()).event.eventId, id(9_000))
    stream.leave()
  })

  test('all accounts and Regions may be followed: those without events count once they get some, and are told from then on', async () => {
    const many = Array.from({ length: 100 }, (_, at) => String(500_000_000_000 + at) as AccountId)
    const api = await start(() => ({ accountIds: new Set([home.account, otherAccount, ...many]) }))
    await api.add({ id: id(0) })
    const stream = await follow(api, '/api/v1/live?accounts=*', {}, everywhereKey)
    await stream.next()
    await api.add({ id: id(1), account: otherAccount, region: 'us-east-1' })
    const { id: cursor, event } = await stream.nextEvent()
    assert.equal(event.eventId, id(1))
    stream.leave()
    await api.add({ id: id(2), account: otherAccount })
    const again = await follow(api, '/api/v1/live?accounts=*', { 'last-event-id': cursor }, everywhereKey)
    assert.equal((await again.nextEvent()).event.eventId, id(2))
    again.leave()
  })

  test('of accounts that were not asked for nothing is told, also where they are new', async () => {
    const api = await start()
    const stream = await follow(api, '/api/v1/live')
    await stream.next()
    await api.add({ id: id(1), account: otherAccount })
    await api.add({ id: id(2) })
    assert.equal((await stream.nextEvent()).event.eventId, id(2))
    stream.leave()
  })

  test('while nothing is found the cursor goes on all the same', async () => {
    const api = await start()
    const path = `/api/v1/live?where=${encodeURIComponent('eventName = None')}`
    const stream = await follow(api, path)
    const begin = (await stream.next())!.id!
    await api.add({}, {})
    let later: string | undefined
    // Of heartbeats, which are comments with an id.
    for (;;) {
      const message = await stream.next()
      later = message?.id
      const positions = api.parts.seals.open(later!, identity(path)) as [string, number][]
      if (positions.some(([, sequence]) => sequence === 2)) break
    }
    assert.notEqual(later, begin)
    stream.leave()
  })

  test('a cursor of another request is refused, and so is one that retention has overtaken', async () => {
    const api = await start()
    const stream = await follow(api, '/api/v1/live')
    const cursor = (await stream.next())!.id!
    stream.leave()
    const code = async (path: string) => codeOf(await api.call(path))
    assert.equal(await code(`/api/v1/live?where=x&cursor=${cursor}`), '400 InvalidNextTokenException')
    assert.equal(await code('/api/v1/live?cursor=abc'), '400 InvalidNextTokenException')
    await api.add({}, {})
    await api.journal.retain(Infinity, new Map())
    assert.equal(await code(`/api/v1/live?cursor=${cursor}`), '410 PositionLostException')
  })

  test('a principal follows a bounded number of streams; those that are left make room', async () => {
    const api = await start()
    const streams = []
    for (let count = 0; count < streamsPerPrincipalMax; count++) streams.push(await follow(api, '/api/v1/live'))
    assert.equal(codeOf(await api.call('/api/v1/live')), '429 ThrottlingException')
    streams[0]!.leave()
    for (;;) {
      const path = '/api/v1/live?regions=eu-west-1'
      try {
        const stream = await follow(api, path)
        stream.leave()
        break
      } catch {
        // The server has not seen yet that the other has gone.
      }
    }
    for (const stream of streams) stream.leave()
    assert.ok(api.trail.calls.every(({ eventName }) => eventName === 'FollowEvents'))
  })

  test('ends with the server', async () => {
    const api = await start()
    const stream = await follow(api, '/api/v1/live')
    await stream.next()
    api.parts.live.close()
    let last: Message | undefined
    do last = await stream.next()
    while (last !== undefined)
    assert.equal(last, undefined)
  })
})

const identity = (path: string): string => {
  const where = new URL(path, 'http://x').searchParams.get('where')
  return JSON.stringify([`arn:aws:iam::${home.account}:user/alice`, 'FollowEvents', '', [['where', where]]])
}
