import { systemRandom } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { RecordCipher } from '../keyring/index.ts'
import { openMessageStore, type MessageStore } from './message-store.ts'
import { settingsOf } from './queue-settings.ts'
import { account, noon, plainCipher } from './queues.testing.ts'
import { queueArn, type Queue } from './queue.ts'
import type { NewMessage } from './sending.ts'

/** A queue as the directory would have it; nothing of it is in the control store. */
export function testQueue(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  purgedThrough = 0,
): Queue & { readonly document: { readonly id: string } } {
  const place = { account, region: 'eu-west-1' as Queue['region'], name }
  const document = { id: `id-${name}`, createdAt: noon, modifiedAt: noon, attributes, tags: {}, purgedThrough }
  return { ...place, arn: queueArn(place), document, settings: settingsOf(attributes), policy: undefined }
}

export const message = (
  body: string,
  { delayMs = 0, group, deduplicationId }: { delayMs?: number; group?: string; deduplicationId?: string } = {},
): NewMessage => ({
  content: {
    body,
    attributes: {},
    senderId: 'AIDATEST',
    ...(group !== undefined && { group }),
    ...(deduplicationId !== undefined && { deduplicationId }),
  },
  bytes: Buffer.byteLength(body),
  delayMs,
  ...(deduplicationId !== undefined && { deduplicationKey: deduplicationId }),
})

export interface TestStore {
  readonly store: MessageStore
  readonly faults: unknown[]
  readonly woken: string[]
}

/** The messages of `queues` as the next process finds them. */
export async function openTestStore(
  control: ControlStore,
  queues: readonly Queue[],
  clock: { readonly now: number },
  cipher: RecordCipher = plainCipher,
): Promise<TestStore> {
  const faults: unknown[] = []
  const woken: string[] = []
  const store = await openMessageStore(
    {
      control,
      cipher,
      clocks: { domain: () => clock.now },
      random: systemRandom,
      wake: (queueId) => void woken.push(queueId),
      onFault: (error) => void faults.push(error),
    },
    queues,
  )
  return { store, faults, woken }
}
