import type { KeyObject } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import { ControlUnavailableError } from '../control/index.ts'
import { CipherError } from './cipher.ts'
import {
  addDataKey,
  dataKeysKey,
  reserveSeals,
  unwrapDataKeys,
  updateDataKeys,
  withoutDataKeys,
  type DataKeysContext,
  type DataKeysDocument,
} from './data-keys.ts'
import { RootKeyError, type RootKey } from './root-key.ts'

/** One account's keys in memory. `remaining`: seals this process may still make with the current one. */
interface Loaded {
  keys: ReadonlyMap<number, KeyObject>
  current: number
  remaining: number
}

/** The data keys that are in memory, and the way to those that are not. Methods may be called concurrently. */
export interface AccountKeys {
  /** Resolves once the account has a current key in memory with seals left. */
  prepare(account: AccountId): Promise<void>
  /** The current key; takes one seal. @throws {Error} not prepared, or nothing left and the control store cannot be reached. */
  take(account: AccountId): { readonly id: number; readonly key: KeyObject }
  /** @throws {CipherError} there is no such key, or it was destroyed. */
  find(account: AccountId, id: number): KeyObject | Promise<KeyObject>
  rotate(account: AccountId): Promise<void>
  destroy(account: AccountId): Promise<void>
  /** Runs `change` while no key is being made, and takes the root key that it returns for those to come. */
  exclusively(change: (root: RootKey) => Promise<RootKey>): Promise<void>
}

export function createAccountKeys(context: DataKeysContext, initialRoot: RootKey): AccountKeys {
  const { sealsReserved } = context.budget
  /** Below it more are reserved, while there still are enough to go on sealing meanwhile. */
  const lowWater = Math.ceil(sealsReserved / 2)
  /** A failed reservation is tried again after this many seals, not on every one. */
  const retryEvery = Math.max(1, Math.floor(lowWater / 32))
  const loaded = new Map<AccountId, Loaded>()
  const turns = new Map<AccountId, Promise<unknown>>()
  const reserving = new Map<AccountId, Promise<void>>()
  /** Unknown after a change of the root key whose outcome is. */
  let root: RootKey | undefined = initialRoot
  const rootInForce = (): RootKey => {
    if (root) return root
    throw new RootKeyError('it is unknown whether the new root key is in force: restart, and see which one opens')
  }
  let exclusive: Promise<unknown> = Promise.resolve()

  /** One change per account at a time, none while a new root key is being put in force. */
  function inTurn(account: AccountId, change: () => Promise<void>): Promise<void> {
    const before = [turns.get(account) ?? exclusive, exclusive]
    const turn = Promise.allSettled(before).then(change)
    turns.set(account, turn)
    const forget = () => {
      if (turns.get(account) === turn) turns.delete(account)
    }
    turn.then(forget, forget)
    return turn
  }

  function install(account: AccountId, document: DataKeysDocument, reserved: number): void {
    const { keys, current } = unwrapDataKeys(rootInForce(), account, document)
    const before = loaded.get(account)
    const left = before?.current === current ? before.remaining : 0
    loaded.set(account, { keys, current, remaining: left + reserved })
  }

  const update = async (account: AccountId, change: typeof reserveSeals): Promise<void> => {
    const document = await updateDataKeys(context, account, (stored) => change(context, rootInForce(), account, stored))
    install(account, document, sealsReserved)
  }

  /** Any number of callers share one reservation. */
  function reserve(account: AccountId): Promise<void> {
    const running = reserving.get(account)
    if (running) return running
    const started = inTurn(account, () => update(account, reserveSeals)).finally(() => reserving.delete(account))
    reserving.set(account, started)
    return started
  }

  return {
    async prepare(account) {
      if ((loaded.get(account)?.remaining ?? 0) < lowWater) await reserve(account)
    },
    take(account) {
      const state = loaded.get(account)
      const key = state?.keys.get(state.current)
      if (!state || !key) throw new Error(`the key of account ${account} has not been prepared`)
      if (state.remaining <= 0)
        throw new CipherError(`no seals are left for account ${account}; the control store must be reached first`)
      state.remaining--
      // Ahead of need, and in the background: its failure shows when the last seal is taken.
      if (state.remaining < lowWater && state.remaining % retryEvery === 0) reserve(account).catch(() => {})
      return { id: state.current, key }
    },
    find(account, id) {
      return loaded.get(account)?.keys.get(id) ?? load(account, id)
    },
    rotate: (account) => inTurn(account, () => update(account, addDataKey)),
    destroy: (account) =>
      inTurn(account, async () => {
        await updateDataKeys(context, account, withoutDataKeys)
        loaded.delete(account)
      }),
    exclusively(change) {
      const turn = Promise.allSettled([exclusive, ...turns.values()]).then(async () => {
        try {
          root = await change(rootInForce())
        } catch (error) {
          if (error instanceof ControlUnavailableError) root = undefined
          throw error
        }
      })
      exclusive = turn.catch(() => {})
      return turn
    },
  }

  /** A key that another process made, or of an account that nothing was sealed for since the start. */
  async function load(account: AccountId, id: number): Promise<KeyObject> {
    await exclusive
    const stored = await context.control.get<DataKeysDocument>(dataKeysKey(account))
    const { keys } = unwrapDataKeys(rootInForce(), account, stored?.value)
    const state = loaded.get(account)
    // Whatever is in memory already counts seals; only its keys are brought up to date.
    if (state && keys.has(state.current)) state.keys = keys
    else if (keys.size > 0 && !state) loaded.set(account, { keys, current: 0, remaining: 0 })
    const key = keys.get(id)
    if (!key) throw new CipherError(`data key ${id} of account ${account} does not exist or was destroyed`)
    return key
  }
}
