import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiIdentityTimeline } from '@opentrail/core/api'
import { startApi } from './api.testing.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())

describe('GET /api/v1/timelines/identity', () => {
  test('counts over the times of its walk, also on a page that its cursor alone asks for', async () => {
    const api = await startApi()
    close = api.close
    await api.add({ ago: 30 }, { ago: 60 }, { ago: 90 }, { ago: 7_200 })
    const path = '/api/v1/timelines/identity?name=alice&limit=2'
    const first = await api.json<ApiIdentityTimeline>(`${path}&from=-1h`)
    const second = await api.json<ApiIdentityTimeline>(`${path}&cursor=${first.cursor}`)
    assert.equal(first.total, 3)
    assert.equal(second.total, 3)
    assert.equal(second.firstSeen, first.firstSeen)
    assert.equal(second.events.length, 1)
  })
})
