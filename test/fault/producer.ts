import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { account, region, type ServerUnderTest } from './server-under-test.ts'

export const recordsPerRequest = 8

interface Batch {
  readonly ids: readonly string[]
  readonly body: string
}

/** What was sent and what was acknowledged, over all kills. */
export function createProducer(mark: string) {
  const sent = new Set<string>()
  const acknowledged = new Set<string>()
  const unanswered: Batch[] = []

  const record = (eventID: string) => ({
    userIdentity: { type: 'IAMUser', userName: mark },
    eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
    eventSource: 'alpha.amazonaws.com',
    eventName: 'PutThing',
    awsRegion: region,
    sourceIPAddress: '203.0.113.7',
    eventID,
    recipientAccountId: account,
  })
  const newBatch = (): Batch => {
    const ids = Array.from({ length: recordsPerRequest }, () => randomUUID())
    for (const id of ids) sent.add(id)
    return { ids, body: ids.map((id) => JSON.stringify(record(id))).join('\n') }
  }
  const send = async (server: ServerUnderTest, batch: Batch): Promise<boolean> => {
    const answer = await server
      .call('/events', { 'content-type': 'application/x-ndjson' }, batch.body)
      .catch(() => undefined)
    const { stored = 0, duplicates = 0 } = (answer?.json ?? {}) as { stored?: number; duplicates?: number }
    const isDone = answer?.status === 200 && stored + duplicates === batch.ids.length
    if (isDone) for (const id of batch.ids) acknowledged.add(id)
    else unanswered.push(batch)
    return isDone
  }
  return {
    sent,
    acknowledged,
    /** Sends without a pause until told to end, or until the server does not answer any more. */
    async load(server: ServerUnderTest, signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const before = acknowledged.size
        if (!(await send(server, newBatch())) && acknowledged.size === before) return
      }
    },
    /** What was not answered is sent again: from now on it has to be there, once. */
    async repeat(server: ServerUnderTest): Promise<void> {
      for (const batch of unanswered.splice(0)) assert.ok(await send(server, batch), 'a repetition was not taken')
    },
  }
}
