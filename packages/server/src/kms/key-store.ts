import type { AccountId, Region } from '@opentrail/core/event'
import { listAll, type ControlStore } from '../control/index.ts'
import { createMutex } from '../process/index.ts'
import type { Commit } from '../trails/index.ts'
import {
  aliasesPrefix,
  aliasPlace,
  keyPlace,
  keysPrefix,
  type AliasDocument,
  type KeyDocument,
} from './key-documents.ts'

/** A document as it is to be; `undefined` removes it. */
export type KeyEdit =
  | { readonly kind: 'key'; readonly id: string; readonly after: KeyDocument | undefined }
  | { readonly kind: 'alias'; readonly alias: AliasDocument; readonly isGone: boolean }

/**
 * Writes the edits together with `output`, the call's response elements. At most once per change.
 * @throws what `commit` throws.
 */
export type SaveKeys = (
  edits: readonly KeyEdit[],
  output: Readonly<Record<string, unknown>>,
  commit: Commit,
) => Promise<void>

/** Keys and aliases of all accounts: kept in the control store, answered from memory. */
export interface KeyStore {
  key(id: string): KeyDocument | undefined
  /** By id. */
  keysOf(account: AccountId, region: Region): readonly KeyDocument[]
  alias(account: AccountId, region: Region, name: string): AliasDocument | undefined
  /** By name. */
  aliasesOf(account: AccountId, region: Region): readonly AliasDocument[]
  aliasesOfKey(id: string): readonly AliasDocument[]
  all(): Iterable<KeyDocument>
  /** Grows with every change: what was worked out of the keys before holds no longer. */
  changes(): number
  /** Runs `edit` while no other change is under way: what it reads stays as it is until it has saved. */
  change<T>(edit: (save: SaveKeys) => Promise<T>): Promise<T>
}

/** Opening reads all keys; one process at a time. @throws {ControlUnavailableError} */
export async function openKeyStore(control: ControlStore): Promise<KeyStore> {
  const keys = new Map<string, KeyDocument>()
  const aliases = new Map<string, AliasDocument>()
  /** Of each document, for conditional writes. */
  const versions = new Map<string, number>()
  /** It is not known what the store holds; the next change begins with reading it. */
  let isStale = false
  let changes = 0
  let byKey: { readonly at: number; readonly aliases: ReadonlyMap<string, readonly AliasDocument[]> } | undefined
  const oneAtATime = createMutex()

  /** Asked with every call, changed seldom. */
  function aliasesByKey(): ReadonlyMap<string, readonly AliasDocument[]> {
    if (byKey?.at !== changes) byKey = { at: changes, aliases: Map.groupBy(aliases.values(), ({ keyId }) => keyId) }
    return byKey.aliases
  }

  async function readAll(): Promise<void> {
    const storedKeys = await listAll<KeyDocument>(control, keysPrefix)
    const storedAliases = await listAll<AliasDocument>(control, aliasesPrefix)
    for (const map of [keys, aliases, versions]) map.clear()
    for (const { key, value, version } of storedKeys) {
      keys.set(value.id, value)
      versions.set(key, version)
    }
    for (const { key, value, version } of storedAliases) {
      aliases.set(key, value)
      versions.set(key, version)
    }
    isStale = false
    changes++
  }

  function apply(edits: readonly KeyEdit[]): void {
    for (const edit of edits)
      if (edit.kind === 'alias') {
        if (edit.isGone) aliases.delete(aliasPlace(edit.alias))
        else aliases.set(aliasPlace(edit.alias), edit.alias)
      } else if (edit.after) keys.set(edit.id, edit.after)
      else keys.delete(edit.id)
    changes++
  }

  /** Of these documents alone: others may have thousands of keys. */
  async function readVersions(places: readonly string[]): Promise<void> {
    for (const place of places) {
      const document = await control.get(place)
      if (document) versions.set(place, document.version)
      else versions.delete(place)
    }
    isStale = false
  }

  const save: SaveKeys = async (edits, output, commit) => {
    const documents = edits.map(documentOf)
    const writes = documents.map(({ key, value }) => ({ key, value, ifVersion: versions.get(key) ?? 0 }))
    isStale = true
    // In memory before its event is appended: whatever the journal takes from now on comes after the change.
    await commit({ writes, output, committed: () => apply(edits) })
    // The change stands: not knowing the versions of its documents only makes the next one read everything first.
    await readVersions(documents.map(({ key }) => key)).catch(() => {})
  }

  await readAll()
  return {
    key: (id) => keys.get(id),
    keysOf: (account, region) =>
      [...keys.values()].filter((key) => key.account === account && key.region === region).sort(by(({ id }) => id)),
    alias: (account, region, name) => aliases.get(aliasPlace({ account, region, name })),
    aliasesOf: (account, region) =>
      [...aliases.values()]
        .filter((alias) => alias.account === account && alias.region === region)
        .sort(by(({ name }) => name)),
    aliasesOfKey: (id) => aliasesByKey().get(id) ?? [],
    all: () => keys.values(),
    changes: () => changes,
    change: (edit) =>
      oneAtATime(async () => {
        if (isStale) await readAll()
        try {
          return await edit(save)
        } finally {
          // A write of unknown outcome: what is answered from memory is to be true again as soon as it can be known.
          if (isStale) await readAll().catch(() => {})
        }
      }),
  }
}

const documentOf = (edit: KeyEdit): { readonly key: string; readonly value: unknown } =>
  edit.kind === 'key'
    ? { key: keyPlace(edit.id), value: edit.after }
    : { key: aliasPlace(edit.alias), value: edit.isGone ? undefined : edit.alias }

const by =
  <T>(name: (item: T) => string) =>
  (a: T, b: T): number =>
    Number(name(a) > name(b)) - Number(name(a) < name(b))
