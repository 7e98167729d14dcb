import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { Region } from '@opentrail/core/event'
import { createMemoryControlStore } from '../control/index.ts'
import { openTestKeys } from '../signing-keys/signing-keys.testing.ts'
import { ApiError } from '../api-error/index.ts'
import { ListPublicKeys } from './ListPublicKeys.ts'
import type { OperationContext } from './operation.ts'

const region = 'eu-west-1' as Region
const dayMs = 86_400_000
const start = 743 * 28 * dayMs

interface PublicKey {
  readonly Value: string
  readonly Fingerprint: string
  readonly ValidityStartTime: number
  readonly ValidityEndTime: number
}

function fixture(day = 10) {
  const control = createMemoryControlStore()
  const time = { now: start + day * dayMs }
  const signingKeys = openTestKeys(control, { time })
  const clocks = { domain: () => time.now, wall: () => 0, monotonic: () => 0 }
  const call = async (input: object, of = region) => {
    const context = { region: of, clocks, signingKeys } as unknown as OperationContext
    const answer = await ListPublicKeys.handle(input as Record<string, unknown>, context)
    assert.deepEqual(Object.keys(answer), ['PublicKeyList'])
    return answer['PublicKeyList'] as PublicKey[]
  }
  return {
    control,
    time,
    signingKeys,
    call,
    makeAt: async (at: number) => (await signingKeys.at(region, start + at * dayMs)).fingerprint,
    /** Fingerprints of the keys in a range of days. */
    inDays: async ({ from, to }: { from?: number; to?: number } = {}) => {
      const seconds = (days: number) => (start + days * dayMs) / 1_000
      const range = {
        ...(from !== undefined && { StartTime: seconds(from) }),
        ...(to !== undefined && { EndTime: seconds(to) }),
      }
      return (await call(range)).map(({ Fingerprint }) => Fingerprint)
    },
  }
}

const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => assert.fail('accepted'),
    (failure: unknown) => failure,
  )
  assert.ok(error instanceof ApiError, String(error))
  return `${error.status} ${error.code}`
}

test('is a read of administrators and auditors', () => {
  const { name, action, readOnly, roles } = ListPublicKeys
  assert.deepEqual(
    { name, action, readOnly, roles },
    {
      name: 'ListPublicKeys',
      action: 'cloudtrail:ListPublicKeys',
      readOnly: true,
      roles: ['administrator', 'auditor'],
    },
  )
})

test('a key is its PKCS#1 bytes in base64, its fingerprint, and its validity in seconds', async () => {
  const { call, signingKeys } = fixture()
  const { publicKey, fingerprint } = await signingKeys.current(region)
  assert.deepEqual(await call({}), [
    {
      Value: publicKey.toString('base64'),
      ValidityStartTime: start / 1_000 - 86_400,
      ValidityEndTime: start / 1_000 + 29 * 86_400,
      Fingerprint: fingerprint,
    },
  ])
})

describe('the range', () => {
  test('chooses keys by their validity; an absent time is now', async () => {
    const { makeAt, inDays } = fixture(38)
    const [first, second, third] = [await makeAt(0), await makeAt(28), await makeAt(56)]
    assert.deepEqual(await inDays(), [second])
    assert.deepEqual(await inDays({ from: 0 }), [first, second])
    assert.deepEqual(await inDays({ from: 30 }), [second])
    assert.deepEqual(await inDays({ from: 60 }), [third])
    assert.deepEqual(await inDays({ to: 0 }), [first])
    assert.deepEqual(await inDays({ to: 60 }), [second, third])
    assert.deepEqual(await inDays({ from: 0, to: 100 }), [first, second, third])
    assert.deepEqual(await inDays({ from: 28, to: 28 }), [first, second])
    assert.deepEqual(await inDays({ from: 200, to: 300 }), [])
  })

  test('is refused when it is reversed or outside of time', async () => {
    const { call } = fixture()
    for (const input of [
      { StartTime: 2, EndTime: 1 },
      { StartTime: start },
      { EndTime: start },
      { EndTime: -62_135_596_801 },
      { StartTime: 253_402_300_800 },
    ])
      assert.equal(await refusal(call(input)), '400 InvalidTimeRangeException', JSON.stringify(input))
    for (const input of [{ StartTime: '2026-01-01T00:00:00Z' }, { EndTime: [] }, { NextToken: 1 }])
      assert.equal(await refusal(call(input)), '400 SerializationException', JSON.stringify(input))
    assert.equal((await call({ StartTime: null, EndTime: null, NextToken: null })).length, 1)
  })
})

test('no token was ever issued', async () => {
  const { call } = fixture()
  for (const NextToken of ['x', ''])
    assert.equal(await refusal(call({ NextToken })), '400 InvalidTokenException', NextToken)
})

describe('a Region without a key', () => {
  test('gets one when the present is in the range, the same one for all', async () => {
    const { inDays, signingKeys } = fixture(10)
    const [first, second] = await Promise.all([inDays(), inDays({ from: 9, to: 11 })])
    assert.equal(first.length, 1)
    assert.deepEqual(first, second)
    assert.deepEqual(signingKeys.made, first)
  })

  test('gets none for a range that is over, or to come', async () => {
    const { inDays, signingKeys } = fixture(10)
    assert.deepEqual([await inDays({ from: 0, to: 9 }), await inDays({ from: 11, to: 12 })], [[], []])
    assert.deepEqual(signingKeys.made, [])
  })

  test('gets another in the period after, beside the one that was', async () => {
    const { inDays, time } = fixture(10)
    const [first] = await inDays()
    time.now = start + 50 * dayMs
    const all = await inDays({ from: 0 })
    assert.equal(all.length, 2)
    assert.equal(all[0], first)
  })

  test('keys of one Region are not those of another', async () => {
    const { call } = fixture()
    const [here, there] = [await call({}), await call({}, 'us-east-1' as Region)]
    assert.notEqual(here[0]!.Fingerprint, there[0]!.Fingerprint)
  })
})

test('a control store that is down asks to be tried again', async () => {
  const { call, control } = fixture()
  await control.close()
  assert.equal(await refusal(call({})), '503 ServiceUnavailable')
})

test('a private half that does not open keeps nobody from verifying', async () => {
  const { control, time, makeAt } = fixture()
  const made = await makeAt(10)
  const stranger = openTestKeys(control, { time })
  const clocks = { domain: () => time.now, wall: () => 0, monotonic: () => 0 }
  const context = { region, clocks, signingKeys: stranger } as unknown as OperationContext
  const { PublicKeyList } = await ListPublicKeys.handle({}, context)
  assert.equal((PublicKeyList as PublicKey[])[0]!.Fingerprint, made)
})
