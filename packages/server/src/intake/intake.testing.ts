import { randomUUID } from 'node:crypto'
import {
  decodeEntry,
  splitterStart,
  type AccountId,
  type AdmissionContext,
  type NewEntry,
  type Region,
} from '@opentrail/core/event'
import type { AdmissionResult, AdmissionTask } from './admit-chunk.ts'

export const intakeContext: AdmissionContext = {
  origin: 'producer',
  principal: 'arn:aws:iam::111122223333:user/shop',
  configVersion: 1,
  account: '111122223333' as AccountId,
  region: 'us-east-1' as Region,
  accounts: new Set(['111122223333']),
  regions: new Set(['us-east-1', 'eu-west-1']),
  now: Date.parse('2026-03-04T10:00:00Z'),
}

/** A record that is admitted, as one line; `undefined` leaves a member out. */
export const recordText = (members: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    eventTime: '2026-03-04T09:59:00Z',
    eventSource: 'shop.example.com',
    eventName: 'CreateOrder',
    userIdentity: { type: 'IAMUser', userName: 'kim' },
    sourceIPAddress: '203.0.113.7',
    eventID: randomUUID(),
    ...members,
  })

/** The whole of a body as one task. */
export const taskOf = (text: string): AdmissionTask => ({
  chunk: new Uint8Array(Buffer.from(text)),
  state: splitterStart,
  isLast: true,
  context: intakeContext,
})

export const entriesOf = ({ admitted }: AdmissionResult): NewEntry[] =>
  admitted.flatMap(({ packed, stream, indexes }) => {
    const source = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
    let offset = 0
    return Array.from(indexes, () => {
      const { entry, end } = decodeEntry(source, offset, stream)
      offset = end
      return entry
    })
  })

export async function* bodyOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}
