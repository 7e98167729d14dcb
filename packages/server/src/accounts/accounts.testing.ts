import assert from 'node:assert/strict'
import type { AccountId, Region } from '@opentrail/core/event'
import { systemClocks, systemRandom } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import { openKeyRing } from '../keyring/index.ts'
import { ApiError } from '../operations/index.ts'
import { openAccounts, type Accounts } from './accounts.ts'
import { createFakeTrail, type FakeTrail } from './fake-trail.testing.ts'
import type { AdministrationCaller } from './iam-events.ts'

export const account = '111122223333' as AccountId
export const owner: AdministrationCaller = {
  requestId: '7a0f0e9e-0000-4000-8000-000000000001',
  sourceIPAddress: '127.0.0.1',
  userAgent: 'opentrail-test',
}
/** 2023-07-10T12:23:05Z, as in the events that IAM's form is taken from. */
export const now = Date.UTC(2023, 6, 10, 12, 23, 5)

let processes = 0

/** Accounts on that store, as a process finds them that starts now. */
export async function start(control: ControlStore): Promise<{ accounts: Accounts; trail: FakeTrail }> {
  const source = { kind: 'environment', variable: 'ROOT', value: '5a'.repeat(32) } as const
  const keyRing = await openKeyRing({ control, source, random: systemRandom, now: () => now })
  const trail = createFakeTrail(control, processes++)
  const region = 'us-east-1' as Region
  const clocks = { ...systemClocks, domain: () => now }
  const accounts = await openAccounts({ control, keyRing, random: systemRandom, clocks, trail, region })
  return { accounts, trail }
}

export const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error))
  assert.equal(error.code, code)
  return true
}
