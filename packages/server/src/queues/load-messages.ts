import { listAll, listLimitMax, type ControlStore } from '../control/index.ts'
import { deduplicationsPrefix, type DeduplicationDocument } from './deduplication.ts'
import type { Garbage } from './garbage.ts'
import { entryOf, messagesPrefix, readEntryKey, type EntryDocument } from './message-documents.ts'
import type { QueueMessages } from './queue-messages.ts'

/**
 * Reads what is known of all messages into `all`, which has every queue; what belongs to none of them any more is garbage.
 * @throws {ControlUnavailableError}
 */
export async function loadMessages(
  control: ControlStore,
  all: ReadonlyMap<string, QueueMessages>,
  garbage: Garbage,
  now: number,
): Promise<void> {
  for (let after: string | undefined; ;) {
    const page = await control.list<EntryDocument>(messagesPrefix, {
      limit: listLimitMax,
      ...(after !== undefined && { after }),
    })
    for (const { key, value } of page) {
      const { queueId = '', sequence = 0 } = readEntryKey(key) ?? {}
      const messages = all.get(queueId)
      if (!messages || sequence <= messages.purgedThrough) garbage.add(queueId, messages?.purgedThrough ?? Infinity)
      else {
        messages.index.add(entryOf(sequence, value, now))
        messages.oldestSentAt = Math.min(messages.oldestSentAt, value.sentAt)
      }
    }
    if (page.length < listLimitMax) break
    after = page.at(-1)?.key
  }
  const known = await listAll<DeduplicationDocument>(control, deduplicationsPrefix)
  for (const { key, value } of known.sort((a, b) => a.value.at - b.value.at)) {
    const [queueId = '', idHash = ''] = key.slice(deduplicationsPrefix.length).split('/')
    const messages = all.get(queueId)
    if (messages) messages.deduplication.restore(idHash, value)
    else garbage.add(queueId, Infinity)
  }
}
