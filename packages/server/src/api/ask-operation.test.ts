import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiAnswer, ApiEventPage } from '@opentrail/core/api'
import { codeOf, everywhereKey, home, otherAccount, startApi } from './api.testing.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())
async function start() {
  const api = await startApi()
  close = api.close
  const ask = (question: string, more: Readonly<Record<string, unknown>> = {}) =>
    api.json<ApiAnswer>('/api/v1/ask', { body: { question, ...more } })
  return { ...api, ask }
}

describe('POST /api/v1/ask', () => {
  test('a sign-in that was refused has failed, though its record has no error', async () => {
    const { add, ask } = await start()
    const refused = { eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Failure' } }
    await add({ record: { ...refused, eventSource: 'signin.amazonaws.com', requestParameters: null } })
    assert.match((await ask('failed logins')).sentence, /^alice called ConsoleLogin .*; it failed\. /)
  })

  test('a time before the history is a time; the answer says from when to when, and can be asked again', async () => {
    const { ask, json } = await start()
    const { where, from, to, sentence } = await ask('what did alice do before 2026-01-01')
    assert.match(sentence, /^Nothing was found\. .* until 2025-12-31 at 23:59:59 UTC\.$/)
    const query = new URLSearchParams({ where, from: from!, to: to! }).toString().replaceAll('+', '%20')
    assert.deepEqual(await json<ApiEventPage>(`/api/v1/events?${query}`), { events: [] })
  })

  test('a time in the question comes before the one that is sent with it, both of its ends', async () => {
    const { add, ask } = await start()
    await add({ ago: 60 })
    const { events } = await ask('what did alice do today', { from: '-30d', to: '-20d' })
    assert.equal(events.length, 1)
  })

  test('says how far back it has looked where nobody said so', async () => {
    const { ask } = await start()
    assert.match((await ask('what did bob do')).sentence, /Looked for calls of bob in the last 90 days\.$/)
    assert.match((await ask('what did bob do', { from: '-1h' })).sentence, /Looked for calls of bob from -1h\.$/)
  })

  test('times and accounts of other forms are refused', async () => {
    const { call, faults } = await start()
    for (const more of [
      { from: 'Jan 1, 2026' },
      { to: '1 Jan 2026' },
      { from: '' },
      { accounts: ['*', home.account] },
      { accounts: [otherAccount, '*'] },
    ])
      assert.equal(
        codeOf(await call('/api/v1/ask', { key: everywhereKey, body: { question: 'alice', ...more } })),
        '400 ValidationException',
        JSON.stringify(more),
      )
    assert.deepEqual(faults, [])
  })
})
