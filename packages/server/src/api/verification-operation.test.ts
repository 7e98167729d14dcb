import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiVerification } from '@opentrail/core/api'
import { codeOf, everywhereKey, exampleKey, producerKey, startApi } from './api.testing.ts'

let close: (() => Promise<void>) | undefined
afterEach(() => close?.())
async function start(...given: Parameters<typeof startApi>) {
  const api = await startApi(...given)
  close = api.close
  return api
}
const running: ApiVerification = {
  state: 'running',
  checked: { digests: 0, logFiles: 0 },
  trails: [],
  unproven: [],
  notKnown: [],
}

describe('GET /api/v1/verification', () => {
  test('answers how far it is, to who reads every account', async () => {
    let looks = 0
    const { call, json } = await start(() => ({ verification: () => (looks++, running) }))
    assert.equal(codeOf(await call('/api/v1/verification', { key: producerKey })), '403 AccessDeniedException')
    assert.equal(codeOf(await call('/api/v1/verification', { key: exampleKey })), '403 AccessDeniedException')
    assert.equal(looks, 0)
    assert.deepEqual(await json('/api/v1/verification', { key: everywhereKey }), running)
  })

  test('of a server that shows no bucket names the command', async () => {
    const { call } = await start()
    const reply = await call('/api/v1/verification', { key: everywhereKey })
    assert.equal(codeOf(reply), '403 AccessDeniedException')
    assert.match(reply.text, /opentrail validate-logs/)
  })
})
