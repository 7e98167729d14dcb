import assert from 'node:assert/strict'
import type { AdmissionContext } from './admission.ts'
import { admit } from './admit.ts'
import { parseEnvelope, type Envelope } from './envelope.ts'
import type { AccountId, Region } from './identifiers.ts'

export const account = '210000000001'
export const otherAccount = '310000000009'
export const givenId = '11111111-2222-4333-8444-555555555555'
export const eventId = '8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11'

export const context: AdmissionContext = {
  origin: 'producer',
  principal: `arn:aws:iam::${account}:user/producer`,
  configVersion: 7,
  account: account as AccountId,
  region: 'eu-west-1' as Region,
  accounts: new Set([account, otherAccount]),
  regions: new Set(['eu-west-1', 'us-east-1']),
  now: Date.UTC(2026, 2, 4, 12, 0, 0, 250),
}
export const importing: AdmissionContext = { ...context, origin: 'import' }

/** The least that a new record must say. */
export const minimal = {
  userIdentity: { type: 'IAMUser', userName: 'kim' },
  eventSource: 'billing.example.com',
  eventName: 'ExportInvoices',
  sourceIPAddress: '203.0.113.7',
}

export interface Admitted {
  readonly text: string
  readonly json: Record<string, unknown>
  readonly envelope: Envelope
  readonly stream: string
  readonly idKey: Uint8Array
  readonly recordHash: Uint8Array
}

const toBytes = (record: unknown): Buffer =>
  Buffer.isBuffer(record) ? record : Buffer.from(typeof record === 'string' ? record : JSON.stringify(record))
const tryAdmit = (record: unknown, given: AdmissionContext, fromKey = false) =>
  admit(toBytes(record), given, () => ({ id: givenId, fromKey }))

/** Admits an object, a JSON text or bytes, and fails the test when it is refused. */
export function admitted(record: unknown, given = context, fromKey = false): Admitted {
  const admission = tryAdmit(record, given, fromKey)
  assert.ok(admission.ok, admission.ok ? '' : `${admission.refusal.code}: ${admission.refusal.message}`)
  const { entry, stream } = admission
  const text = Buffer.from(entry.record).toString()
  const json = JSON.parse(text) as Record<string, unknown>
  return { text, json, envelope: parseEnvelope(entry), stream, idKey: entry.idKey, recordHash: entry.recordHash }
}

export function refusalOf(record: unknown, given = context): { code: string; message: string; eventId?: string } {
  const admission = tryAdmit(record, given)
  assert.ok(!admission.ok, 'admitted')
  return admission.refusal
}
export const refused = (record: unknown, given = context): string => refusalOf(record, given).code
