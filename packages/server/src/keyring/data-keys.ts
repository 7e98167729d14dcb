import { createSecretKey, type KeyObject } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import type { Random } from '../clock/index.ts'
import { ControlConflictError, ControlUnavailableError, type ControlStore } from '../control/index.ts'
import { CipherError } from './cipher.ts'
import { unwrapKey, wrapKey, type RootKey, type WrappedKey } from './root-key.ts'
import { keyBytes } from './sealed-bytes.ts'

/** An account's data keys as stored. Key ids are 1, 2, 3, ... and never used again, not even after destruction. */
export interface DataKeysDocument {
  readonly lastId: number
  /** Seals that processes may make with the newest key, made or not: counted ahead, so that a crash cannot lose any. */
  readonly reserved: number
  /** The newest is last. Empty once destroyed. */
  readonly keys: readonly (WrappedKey & { readonly id: number; readonly createdAt: string })[]
}

export interface NonceBudget {
  /** Random 96-bit nonces: NIST SP 800-38D, 8.3 allows 2^32 under one key. */
  readonly sealsPerKeyMax: number
  /** Seals a process reserves at a time: 1,024 starts of a server use up one key. */
  readonly sealsReserved: number
}
export const nonceBudgetDefault: NonceBudget = { sealsPerKeyMax: 2 ** 32, sealsReserved: 2 ** 22 }

/** A document has to stay far below 1 MiB; at one rotation a month this lasts 80 years. */
const keysMax = 1_000
/** Attempts at a document that others change too, or whose change has an unknown outcome. */
const triesMax = 5

export const dataKeysPrefix = 'keyring/account/'
export const dataKeysKey = (account: AccountId): string => `${dataKeysPrefix}${account}`
export const dataKeyPlace = (account: string, id: number): string => `account/${account}/${id}`

export interface DataKeysContext {
  readonly control: ControlStore
  readonly random: Random
  readonly now: () => number
  readonly budget: NonceBudget
}

/** What an update found or left in the store. */
export interface DataKeys {
  readonly keys: ReadonlyMap<number, KeyObject>
  /** 0 when there is none. */
  readonly current: number
}

export function unwrapDataKeys(root: RootKey, account: AccountId, document: DataKeysDocument | undefined): DataKeys {
  const keys = (document?.keys ?? []).map(
    (key) => [key.id, unwrapKey(root, key, dataKeyPlace(account, key.id))] as const,
  )
  return { keys: new Map(keys), current: keys.at(-1)?.[0] ?? 0 }
}

/**
 * Changes the account's document, and tries again where another process was faster or the outcome is unknown: `change`
 * sees what is really stored each time, and a reservation made twice only wastes nonces.
 */
export async function updateDataKeys(
  { control }: DataKeysContext,
  account: AccountId,
  change: (document: DataKeysDocument | undefined) => DataKeysDocument,
): Promise<DataKeysDocument> {
  const key = dataKeysKey(account)
  for (let tries = 1; ; tries++) {
    try {
      const stored = await control.get<DataKeysDocument>(key)
      const value = change(stored?.value)
      await control.transact([{ key, value, ifVersion: stored?.version ?? 0 }])
      return value
    } catch (error) {
      const temporary = error instanceof ControlConflictError || error instanceof ControlUnavailableError
      if (!temporary || tries === triesMax) throw error
    }
  }
}

/** Reserves seals with the newest key, or makes a new one where there is none or its nonces are used up. */
export function reserveSeals(
  context: DataKeysContext,
  root: RootKey,
  account: AccountId,
  document: DataKeysDocument | undefined,
): DataKeysDocument {
  const { sealsPerKeyMax, sealsReserved } = context.budget
  if (!document?.keys.length || document.reserved + sealsReserved > sealsPerKeyMax)
    return addDataKey(context, root, account, document)
  return { ...document, reserved: document.reserved + sealsReserved }
}

/** A new newest key, with seals reserved for this process. */
export function addDataKey(
  { random, now, budget }: DataKeysContext,
  root: RootKey,
  account: AccountId,
  document: DataKeysDocument | undefined,
): DataKeysDocument {
  const keys = document?.keys ?? []
  if (keys.length >= keysMax) throw new CipherError(`account ${account} has ${keysMax} data keys already`)
  const id = (document?.lastId ?? 0) + 1
  const key = createSecretKey(random.bytes(keyBytes))
  const wrapped = wrapKey(root, random, key, dataKeyPlace(account, id))
  const createdAt = new Date(now()).toISOString()
  return { lastId: id, reserved: budget.sealsReserved, keys: [...keys, { id, createdAt, ...wrapped }] }
}

/** The ids stay used, so that what was sealed with a destroyed key is never taken for another's. */
export const withoutDataKeys = (document: DataKeysDocument | undefined): DataKeysDocument => ({
  lastId: document?.lastId ?? 0,
  reserved: 0,
  keys: [],
})
