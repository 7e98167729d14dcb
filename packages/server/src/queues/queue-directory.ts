import type { AccountId, Region } from '@opentrail/core/event'
import { parsePolicy, type PolicyDocument } from '@opentrail/core/policy'
import { listAll, type ControlStore } from '../control/index.ts'
import { createMutex } from '../process/index.ts'
import type { Commit } from '../trails/index.ts'
import { unavailable } from './queue-error.ts'
import { settingsOf } from './queue-settings.ts'
import { queueArn, type Queue, type QueueDocument, type QueueName } from './queue.ts'

const prefix = 'queues/queue/'

/** Queues that exist: kept in the control store, answered from memory. */
export interface QueueDirectory {
  /** @throws {ApiError} ServiceUnavailable: a change of it is in doubt, and the store cannot be asked. */
  find(name: QueueName): Promise<Queue | undefined>
  /** By name. */
  inRegion(account: AccountId, region: Region): readonly Queue[]
  all(): readonly Queue[]
  readonly size: number
  /** Runs `edit` while no other change of queues is under way. */
  change<T>(edit: () => Promise<T>): Promise<T>
  /** Puts `document` (undefined: deleted) in the queue's place, together with the record of the call. @throws what `commit` throws. */
  save(
    name: QueueName,
    document: QueueDocument | undefined,
    output: Readonly<Record<string, unknown>>,
    commit: Commit,
  ): Promise<void>
}

/** Told of what has become of a queue, once it is durable. */
export type QueueChanged = (before: Queue | undefined, after: Queue | undefined) => void

/** @throws {ControlUnavailableError} */
export async function openQueueDirectory(control: ControlStore, changed: QueueChanged): Promise<QueueDirectory> {
  const queues = new Map<string, Queue>()
  /** Changes of which it is not known whether they were made. */
  const doubtful = new Set<string>()
  const serially = createMutex()
  for (const { key, value } of await listAll<QueueDocument>(control, prefix)) {
    const [account, region, name] = key.slice(prefix.length).split('/')
    queues.set(key, readQueue({ account: account as AccountId, region: region as Region, name: name ?? '' }, value))
  }

  function apply(name: QueueName, document: QueueDocument | undefined): void {
    const key = keyOf(name)
    const before = queues.get(key)
    const after = document && readQueue(name, document)
    if (after) queues.set(key, after)
    else queues.delete(key)
    changed(before, after)
  }

  async function readAgain(name: QueueName): Promise<void> {
    const stored = await control.get<QueueDocument>(keyOf(name))
    apply(name, stored?.value)
    doubtful.delete(keyOf(name))
  }

  return {
    async find(name) {
      const key = keyOf(name)
      if (doubtful.has(key))
        await serially(() => readAgain(name)).catch((error: unknown) => {
          throw unavailable('The queue cannot be read at the moment. Try again.', error)
        })
      return queues.get(key)
    },
    inRegion: (account, region) =>
      [...queues.values()]
        .filter((queue) => queue.account === account && queue.region === region)
        .sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name)),
    all: () => [...queues.values()],
    get size() {
      return queues.size
    },
    change: (edit) => serially(edit),
    async save(name, document, output, commit) {
      const key = keyOf(name)
      const committed = () => apply(name, document)
      try {
        await commit({ writes: [{ key, value: document }], output, committed })
      } catch (error) {
        doubtful.add(key)
        await readAgain(name).catch(() => {}) // whoever asks for the queue next reads it
        throw error
      }
    },
  }
}

/** Names hold no character that has a meaning in a key. */
const keyOf = ({ account, region, name }: QueueName): string => `${prefix}${account}/${region}/${name}`

function readQueue({ account, region, name }: QueueName, document: QueueDocument): Queue {
  const settings = settingsOf(document.attributes)
  const policy = readPolicy(document.attributes['Policy'])
  return { account, region, name, arn: queueArn({ account, region, name }), document, settings, policy }
}

/** A policy is checked before it is kept. One that a later version no longer reads denies all but the owner. */
function readPolicy(text: string | undefined): PolicyDocument | undefined {
  const reading = text === undefined ? undefined : parsePolicy(text, 'resource')
  return reading?.ok ? reading.policy : undefined
}
