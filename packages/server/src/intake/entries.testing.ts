import { hash } from 'node:crypto'
import type { NewEntry } from '@opentrail/core/event'

/** An entry whose id and content are told by two short texts. */
export function testEntry(
  id: string,
  content = 'content',
  options: { admittedAt?: number; idFromKey?: boolean } = {},
): NewEntry {
  const record = Buffer.from(JSON.stringify({ eventID: id, content }))
  const event = {
    eventId: id,
    eventTime: 0,
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    category: 'Management',
    resources: [],
  }
  return {
    idKey: hash('sha256', id, 'buffer').subarray(0, 16),
    recordHash: hash('sha256', record, 'buffer'),
    admittedAt: options.admittedAt ?? 0,
    envelope: Buffer.from(JSON.stringify({ version: 1, event, ...(options.idFromKey && { idFromKey: true }) })),
    record,
  }
}
