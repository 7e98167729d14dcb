import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiDemo, ApiEventPage } from '@opentrail/core/api'
import { codeOf, home, now, producerKey, startApi } from './api.testing.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())
async function start(...given: Parameters<typeof startApi>) {
  const api = await startApi(...given)
  close = api.close
  return api
}

describe('GET /api/v1/demo', () => {
  test('tells the same hour twice, which ends now, of the own account, and stores nothing', async () => {
    const { json } = await start()
    const { Records: records } = await json<ApiDemo>('/api/v1/demo')
    assert.deepEqual(await json('/api/v1/demo'), { Records: records })
    assert.ok(records.length > 500)
    const times = records.map(({ eventTime }) => Date.parse(String(eventTime)))
    assert.ok(Math.max(...times) <= now && Math.min(...times) >= now - 3_600_000)
    assert.ok(records.every(({ recipientAccountId }) => recipientAccountId === home.account))
    assert.deepEqual((await json<ApiEventPage>('/api/v1/events')).events, [])
  })

  test('is told neither to producers nor by a server that only shows log files', async () => {
    const { call } = await start(({ describeSession }) => ({
      describeSession: (...asked) => {
        const session = describeSession(...asked)
        return { ...session, server: { ...session.server, mode: 'open' } }
      },
    }))
    assert.equal(codeOf(await call('/api/v1/demo')), '403 AccessDeniedException')
    assert.equal(codeOf(await call('/api/v1/demo', { key: producerKey })), '403 AccessDeniedException')
  })
})
