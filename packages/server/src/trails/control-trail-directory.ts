import type { Trail, TrailVersion } from '@opentrail/core/trail'
import { coversRegion } from '@opentrail/core/trail'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import { createMutex } from '../process/index.ts'
import { trailKey, versionKey } from './trail-documents.ts'
import { planChange, readTrailState, withoutVersions, type TrailState } from './trail-state.ts'
import type { SaveTrail, TrailDirectory } from './trail-directory.ts'

export interface ControlTrailDirectory extends TrailDirectory {
  /** Calls `listener` after each change of a trail stands. Returns the function that stops it. */
  subscribe(listener: () => void): () => void
  /** Every trail whose versions are kept, deleted ones too. */
  trailIds(): readonly string[]
  /** Every trail of every account. */
  all(): readonly Trail[]
  /** The trail, unless it is deleted. */
  byId(trailId: string): Trail | undefined
  /**
   * Drops the versions that no entry is judged by any more: those that ended at or before `passed`. Of a deleted trail
   * that leaves none, and `alsoIfOver` is written together with it; true: it was. Does nothing while trails are changed:
   * a change may wait for a bucket, and who tidies up has other work to do.
   */
  prune(trailId: string, passed: number, alsoIfOver: () => readonly ControlWrite[]): Promise<boolean>
}

/** Opening reads all trails and versions; each change reads back the documents it wrote. @throws {ControlUnavailableError} */
export async function openTrailDirectory(control: ControlStore): Promise<ControlTrailDirectory> {
  let state: TrailState = await readTrailState(control)
  /** It is not known what the store holds; the next change begins with reading it. */
  let isStale = false
  const oneAtATime = createMutex()
  /** Under way or waiting. */
  let changes = 0
  const listeners = new Set<() => void>()

  function apply(next: TrailState): void {
    state = next
    for (const listener of listeners) listener()
  }

  /** Of these documents alone: others may have thousands of trails. */
  async function readVersions(keys: readonly string[]): Promise<void> {
    const stored = new Map(state.stored)
    for (const key of keys) {
      const document = await control.get(key)
      if (document) stored.set(key, document.version)
      else stored.delete(key)
    }
    state = { ...state, stored }
    isStale = false
  }

  async function refresh(): Promise<void> {
    apply(await readTrailState(control))
    isStale = false
  }

  const save: SaveTrail = async ({ before, after, output }, commit) => {
    const planned = planChange(state, before, after)
    const { writes, configVersion } = planned
    isStale = true
    await commit({
      writes,
      output,
      ...(configVersion !== undefined && { configVersion }),
      // Before its event is appended: whatever the journal takes from now on comes after the change.
      committed: () => apply(planned.after),
    })
    if (state !== planned.after) apply(planned.after)
    // The change stands: not knowing the versions of its documents only makes the next one read everything first.
    await readVersions(writes.map(({ key }) => key)).catch(() => {})
  }

  const trails = (): Trail[] => [...state.trails.values()]
  return {
    configVersion: () => state.config,
    inRegion: (account, region) =>
      trails()
        .filter((trail) => trail.account === account && coversRegion(coverage(trail), region))
        .sort((a, b) => compare(a.name, b.name) || compare(a.homeRegion, b.homeRegion)),
    find: (account, homeRegion, name) => state.trails.get(trailKey(account, homeRegion, name)),
    ofAccount: (account) => trails().filter((trail) => trail.account === account),
    all: trails,
    byId: (trailId) => state.byId.get(trailId),
    trailIds: () => [...state.versions.keys()],
    versions: (trailId) => state.versions.get(trailId) ?? [],
    change(edit) {
      changes++
      return oneAtATime(async () => {
        if (isStale) await refresh()
        return edit(save)
      }).finally(() => changes--)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async prune(trailId, passed, alsoIfOver) {
      if (changes > 0) return false
      return oneAtATime(async () => {
        if (isStale) await refresh()
        const versions = state.versions.get(trailId) ?? []
        const isOver = !state.byId.has(trailId) && versions.every(({ since }) => since <= passed)
        const gone = isOver ? versions : endedVersions(versions, passed)
        if (gone.length === 0) return false
        isStale = true
        const writes = gone.map(({ since }) => ({ key: versionKey(trailId, since), value: undefined }))
        await control.transact(isOver ? [...writes, ...alsoIfOver()] : writes)
        state = withoutVersions(state, trailId, gone)
        isStale = false
        return isOver
      })
    },
  }
}

/** All that another version has followed at `passed` or before. */
const endedVersions = (versions: readonly TrailVersion[], passed: number): TrailVersion[] =>
  versions.filter((_, index) => (versions[index + 1]?.since ?? Infinity) <= passed)

const coverage = ({ homeRegion, settings: { isMultiRegion } }: Trail) => ({ homeRegion, isMultiRegion })
const compare = (a: string, b: string): number => Number(a > b) - Number(a < b)
