import type { AccountId, Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { Random } from '../clock/index.ts'
import type { Journal } from '../journal/index.ts'
import type { ApiCall } from './api-call.ts'

export const account = '111122223333' as AccountId
export const region = 'eu-west-1' as Region
export const noon = Date.parse('2026-03-04T12:00:00Z')

export const kim: Principal = {
  account,
  userName: 'kim',
  userId: 'AIDAXMPLUSER00000001',
  arn: `arn:aws:iam::${account}:user/kim`,
  role: 'administrator',
  accessKeyId: 'AKIAXMPLKEY000000001',
}

export const exampleCall: ApiCall = {
  identity: { kind: 'user', principal: kim },
  region,
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'LookupEvents',
  readOnly: true,
  requestId: '7f3e9b1c-0000-4000-8000-000000000001',
  sourceIPAddress: '203.0.113.7',
  userAgent: 'aws-cli/2.27.1',
}

/** Bytes 0, 1, 2, ...: ids that a test can name. */
export function countingRandom(): Random {
  let next = 0
  return { bytes: (length) => Uint8Array.from({ length }, () => next++ & 0xff) }
}

/** The records of all streams as they are stored. */
export async function recordsOf(journal: Journal): Promise<string[]> {
  const pages = journal.streams().map(({ stream }) => journal.read(stream, 0, 10_000))
  return (await Promise.all(pages)).flatMap(({ entries }) =>
    entries.map(({ record }) => Buffer.from(record).toString()),
  )
}
