import assert from 'node:assert/strict'
import { afterEach, test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import { fakeSelfTrail, home } from './http.testing.ts'
import { createRefusalRecorder, networkOf, type RefusalRecorder } from './refusal-recorder.ts'

let recorder: RefusalRecorder | undefined
afterEach(() => recorder?.close())

function start() {
  const selfTrail = fakeSelfTrail()
  recorder = createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault: () => {} })
  return { selfTrail, recorder }
}
const refused = (sourceIPAddress: string, errorCode = 'InvalidSignatureException'): ApiCall => ({
  identity: { kind: 'unknown-key', accessKeyId: 'AKIDX', account: home.account },
  region: home.region,
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'LookupEvents',
  readOnly: true,
  requestId: '1',
  sourceIPAddress,
  userAgent: '',
  errorCode,
})
const counts = (calls: readonly ApiCall[]) =>
  calls
    .map((call) => (call.additionalEventData as { refusedCalls: number } | undefined)?.refusedCalls ?? 0)
    .reduce((sum, count) => sum + count, 0)

test('whatever comes, each refusal is recorded or counted, and the number of records is bounded', async () => {
  const { selfTrail, recorder: own } = start()
  for (let i = 0; i < 20_000; i++) await own.record(refused(`10.0.${Math.floor(i / 8) % 256}.${Math.floor(i / 2_048)}`))
  assert.equal(selfTrail.calls.length, 600)
  await own.flush()
  const summaries = selfTrail.calls.slice(600)
  assert.ok(summaries.length <= 1_025, String(summaries.length))
  assert.equal(counts(summaries), 20_000 - 600)
  assert.ok(summaries.some((call) => call.sourceIPAddress === 'cloudtrail.amazonaws.com'))
  await own.flush()
  assert.equal(selfTrail.calls.length, 600 + summaries.length)
})

test('while nothing can be recorded, refusals are counted and kept', async () => {
  const { selfTrail, recorder: own } = start()
  selfTrail.failing = true
  for (let i = 0; i < 5; i++) await own.record(refused('192.0.2.1', i < 2 ? 'A' : 'B'))
  await own.flush()
  await own.record(refused('192.0.2.1', 'A'))
  selfTrail.failing = false
  await own.flush()
  assert.equal(selfTrail.calls.length, 1)
  assert.deepEqual(selfTrail.calls[0]!.additionalEventData, {
    refusedCalls: 6,
    refusedCallsByErrorCode: { A: 3, B: 3 },
    windowSeconds: 60,
  })
})

test('an IPv6 network counts as one source', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(networkOf('2001:db8:1:2::9'), '2001:db8:1:2::/64')
  assert.equal(networkOf('2001:db8::9'), '2001:db8:0:0::/64')
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
})
