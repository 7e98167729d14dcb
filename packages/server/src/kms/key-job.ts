import type { DemandJob } from '../clock/index.ts'
import { uuid } from '../clock/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import type { Commit } from '../trails/index.ts'
import { keyArn, keyState, type KeyDocument } from './key-documents.ts'
import type { KeyEdit } from './key-store.ts'
import type { BuiltInKeys } from './key-use.ts'
import { nextMaterial } from './rotate-key.ts'

const dayMs = 86_400_000
/** What failed, a journal that is full for example, is tried again then. */
const retryMs = 60_000
const service = 'AWS Internal'

/**
 * Destroys keys whose waiting period is over and rotates those whose time has come; each in one transaction with its event
 * (`DeleteKey`, `RotateKey`, as KMS writes them). A disabled key is rotated once it is enabled again.
 */
export function createKeyJob({
  keys,
  trail,
  failed,
}: {
  readonly keys: BuiltInKeys
  readonly trail: Pick<SelfTrail, 'commit'>
  readonly failed: (error: unknown) => void
}): DemandJob {
  const { store, materials, now } = keys
  let known: { readonly changes: number; readonly next: number | undefined } | undefined
  let retryAt = -Infinity

  /** Looked for only after a change: it is asked for several times a second. */
  function nextDue(): number | undefined {
    if (known?.changes !== store.changes()) {
      let next: number | undefined
      for (const key of store.all()) {
        const due = dueAt(key)
        if (due !== undefined && (next === undefined || due < next)) next = due
      }
      known = { changes: store.changes(), next }
    }
    return known.next
  }

  const commit =
    (call: ApiCall): Commit =>
    ({ writes, committed }) =>
      trail.commit(writes, call, committed ? { committed } : {})

  async function work(id: string): Promise<void> {
    await store.change(async (save) => {
      const key = store.key(id)
      const due = key && dueAt(key)
      // Cancelled, disabled or done meanwhile.
      if (!key || due === undefined || due > now()) return
      if (keyState(key) === 'PendingDeletion') {
        await save(removal(keys, key), {}, commit(deletedCall(keys, key)))
        materials.forget(id)
      } else await save([rotated(keys, key)], {}, commit(rotatedCall(keys, key)))
    })
  }

  return {
    name: 'kms keys',
    dueAt() {
      const next = nextDue()
      // A clock that was set back must not hold up what was to be tried again.
      retryAt = Math.min(retryAt, now() + retryMs)
      return next === undefined ? undefined : Math.max(next, retryAt)
    },
    async run() {
      const due = [...store.all()].filter((key) => (dueAt(key) ?? Infinity) <= now()).map(({ id }) => id)
      for (const id of due)
        try {
          await work(id)
        } catch (error) {
          // One that cannot be destroyed now holds up no other.
          retryAt = now() + retryMs
          failed(error)
        }
    },
    settled: () => Promise.resolve(),
  }
}

function dueAt(key: KeyDocument): number | undefined {
  if (key.deletionAt !== undefined) return key.deletionAt
  return keyState(key) === 'Enabled' ? key.rotation?.nextAt : undefined
}

/** With all aliases that refer to it, as AWS has it. */
const removal = ({ store }: BuiltInKeys, { id }: KeyDocument): KeyEdit[] => [
  { kind: 'key', id, after: undefined },
  ...store.aliasesOfKey(id).map((alias) => ({ kind: 'alias' as const, alias, isGone: true })),
]

/** Periods that were missed are not made up for: the next one begins now. */
function rotated(keys: BuiltInKeys, key: KeyDocument): KeyEdit {
  const materials = [...key.materials, nextMaterial(keys, key, 'AUTOMATIC')]
  const { periodDays, nextAt } = key.rotation!
  const [periodMs, late] = [periodDays * dayMs, keys.now() - nextAt]
  const next = late < periodMs ? nextAt + periodMs : keys.now() + periodMs
  return { kind: 'key', id: key.id, after: { ...key, materials, rotation: { periodDays, nextAt: next } } }
}

const serviceCall = ({ random }: BuiltInKeys, key: KeyDocument, eventName: string): ApiCall => ({
  identity: { kind: 'service', account: key.account, invokedBy: service },
  region: key.region,
  eventSource: 'kms.amazonaws.com',
  eventName,
  readOnly: false,
  requestId: uuid(random),
  sourceIPAddress: service,
  userAgent: service,
  keepsParameterNames: true,
  resources: [{ ARN: keyArn(key), accountId: key.account, type: 'AWS::KMS::Key' }],
})

const deletedCall = (keys: BuiltInKeys, key: KeyDocument): ApiCall => ({
  ...serviceCall(keys, key, 'DeleteKey'),
  responseElements: { keyId: keyArn(key) },
})

const rotatedCall = (keys: BuiltInKeys, key: KeyDocument): ApiCall => ({
  ...serviceCall(keys, key, 'RotateKey'),
  serviceEventDetails: { keyId: key.id, keyOrigin: 'AWS_KMS', rotationType: 'AUTOMATIC' },
})
