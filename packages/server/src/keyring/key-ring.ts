import { createSecretKey, type KeyObject } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import type { Random } from '../clock/index.ts'
import {
  ControlConflictError,
  ControlUnavailableError,
  listAll,
  type ControlStore,
  type ControlWrite,
} from '../control/index.ts'
import { createAccountKeys } from './account-keys.ts'
import type { RecordCipher } from './cipher.ts'
import {
  dataKeyPlace,
  dataKeysPrefix,
  nonceBudgetDefault,
  type DataKeysDocument,
  type NonceBudget,
} from './data-keys.ts'
import { createRecordCipher } from './record-cipher.ts'
import { subkey, unwrapKey, wrapKey, type RootKey, type WrappedKey } from './root-key.ts'
import { loadRootKey, type RootKeySource } from './root-key-source.ts'
import { keyBytes, nonceBytes, openBytes, sealBytes } from './sealed-bytes.ts'

/**
 * The keys of one installation. The root key comes from outside and wraps a service key (for secrets and derived keys)
 * and the accounts' data keys, all kept in the control store.
 */
export interface KeyRing {
  readonly cipher: RecordCipher
  /** For small secrets at rest. `purpose` says whose secret it is; opened under another it fails. */
  sealSecret(purpose: string, secret: Uint8Array): Buffer
  /** @throws {CipherError} another purpose, or changed bytes. */
  openSecret(purpose: string, sealed: Uint8Array): Buffer
  /** 32 bytes that stay the same for a purpose, also after `rewrap`; different purposes reveal nothing of each other. */
  derive(purpose: string): Buffer
  /** New seals of the account use a new key from now on; what old keys sealed stays readable. */
  rotate(account: AccountId): Promise<void>
  /**
   * Makes everything sealed for the account unreadable for good. What is sealed afterwards gets a new key. The store's
   * file may keep the wrapped key in unused pages until they are written over; a new root key makes those worthless.
   */
  destroy(account: AccountId): Promise<void>
  /**
   * Wraps every key with `next`, in one transaction: afterwards the old root key opens nothing any more. No other process
   * may use the ring meanwhile. When it rejects, the old one is in force, except where the control store's answer was lost:
   * then keys in memory go on working, no new one is made, and the next start shows which root key opens the ring.
   */
  rewrap(next: RootKey): Promise<void>
}

/** The service key: being wrapped with authentication, it also tells whether the root key is the right one. */
const serviceDocument = 'keyring/service'
const servicePlace = 'service'
const noHeader = new Uint8Array(0)

/**
 * Opens the ring, or makes it at the first start: the root key's file becomes durable before anything depends on it.
 * @throws {RootKeyError} no root key, or not the one that the data is encrypted under.
 */
export async function openKeyRing(options: {
  readonly control: ControlStore
  readonly source: RootKeySource
  readonly random: Random
  /** Domain time, ms. */
  readonly now: () => number
  readonly budget?: NonceBudget
}): Promise<KeyRing> {
  const { control, source, random, now, budget = nonceBudgetDefault } = options
  const stored = await control.get<WrappedKey>(serviceDocument)
  const root = await loadRootKey(source, { random, mayCreate: stored === undefined })
  const wrapped = stored?.value ?? (await createServiceKey(control, root, random))
  const service = unwrapKey(root, wrapped, servicePlace)
  const accounts = createAccountKeys({ control, random, now, budget }, root)
  const secretKey = (purpose: string) => createSecretKey(subkey(service, `secret/${purpose}`))

  return {
    cipher: createRecordCipher(accounts, random),
    sealSecret: (purpose, secret) =>
      sealBytes(secretKey(purpose), random.bytes(nonceBytes), noHeader, [secret], purpose),
    openSecret: (purpose, sealed) => openBytes(secretKey(purpose), 0, sealed, purpose),
    derive: (purpose) => subkey(service, `derived/${purpose}`),
    rotate: (account) => accounts.rotate(account),
    destroy: (account) => accounts.destroy(account),
    rewrap: (next) => accounts.exclusively((current) => rewrapAll({ control, random, service, current, next })),
  }
}

/** Two processes may start at once: the first one's key holds. */
async function createServiceKey(control: ControlStore, root: RootKey, random: Random): Promise<WrappedKey> {
  const value = wrapKey(root, random, createSecretKey(random.bytes(keyBytes)), servicePlace)
  try {
    await control.transact([{ key: serviceDocument, value, ifVersion: 0 }])
    return value
  } catch (error) {
    if (!(error instanceof ControlConflictError)) throw error
    const first = await control.get<WrappedKey>(serviceDocument)
    if (!first) throw error
    return first.value
  }
}

/** @returns the root key in force. */
async function rewrapAll(options: {
  readonly control: ControlStore
  readonly random: Random
  readonly service: KeyObject
  readonly current: RootKey
  readonly next: RootKey
}): Promise<RootKey> {
  const { control, random, service, current, next } = options
  const stored = await control.get<WrappedKey>(serviceDocument)
  const writes: ControlWrite[] = [
    {
      key: serviceDocument,
      value: wrapKey(next, random, service, servicePlace),
      ifVersion: stored?.version ?? 0,
    },
  ]
  for (const { key, value, version } of await listAll<DataKeysDocument>(control, dataKeysPrefix)) {
    const account = key.slice(dataKeysPrefix.length)
    const keys = value.keys.map((wrapped) => {
      const place = dataKeyPlace(account, wrapped.id)
      return { ...wrapped, ...wrapKey(next, random, unwrapKey(current, wrapped, place), place) }
    })
    writes.push({ key, value: { ...value, keys }, ifVersion: version })
  }
  try {
    await control.transact(writes)
    return next
  } catch (error) {
    if (!(error instanceof ControlUnavailableError)) throw error
    // The outcome is unknown: the document tells, for all were written together or none.
    const after = await control.get<WrappedKey>(serviceDocument)
    if (after?.value.rootKeyId !== next.id) throw error
    return next
  }
}
