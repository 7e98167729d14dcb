import { trailVersion, type Trail, type TrailVersion } from '@opentrail/core/trail'
import { listAll, type ControlStore, type ControlWrite } from '../control/index.ts'
import {
  configKey,
  firstConfigVersion,
  trailKey,
  trailsPrefix,
  versionKey,
  versionsPrefix,
  type ConfigDocument,
} from './trail-documents.ts'

/** The documents of the store in memory, as they were when last read or committed. */
export interface TrailState {
  readonly config: number
  /** By control key. */
  readonly trails: ReadonlyMap<string, Trail>
  readonly byId: ReadonlyMap<string, Trail>
  /** By trail, oldest first. */
  readonly versions: ReadonlyMap<string, readonly TrailVersion[]>
  /** Of each document, for conditional writes. */
  readonly stored: ReadonlyMap<string, number>
}

/** Reads everything. @throws {ControlUnavailableError} */
export async function readTrailState(control: ControlStore): Promise<TrailState> {
  const config = await control.get<ConfigDocument>(configKey)
  const trails = await listAll<Trail>(control, trailsPrefix)
  const versions = await listAll<TrailVersion>(control, versionsPrefix)
  const stored = new Map([...trails, ...versions].map(({ key, version }) => [key, version]))
  if (config) stored.set(configKey, config.version)
  return {
    config: config?.value.version ?? firstConfigVersion,
    trails: new Map(trails.map(({ key, value }) => [key, value])),
    byId: new Map(trails.map(({ value }) => [value.id, value])),
    // Listed in key order, which is the order of the versions.
    versions: Map.groupBy(
      versions.map(({ value }) => value),
      ({ trailId }) => trailId,
    ),
    stored,
  }
}

/** What a change of one trail writes, and the state once that stands. */
export interface PlannedChange {
  readonly writes: readonly ControlWrite[]
  readonly after: TrailState
  /** Where selection depends on the change. */
  readonly configVersion?: number
}

/**
 * A trail that logs neither before nor after needs no version: nothing is selected by it. Deleting one that logs ends it
 * with a version that takes nothing.
 */
export function planChange(state: TrailState, before: Trail | undefined, after: Trail | undefined): PlannedChange {
  const trail = after ?? before
  if (!trail) throw new TypeError('a change of no trail')
  const key = trailKey(trail.account, trail.homeRegion, trail.name)
  const trails = new Map(state.trails)
  const byId = new Map(state.byId)
  if (after) trails.set(key, after)
  else trails.delete(key)
  if (after) byId.set(trail.id, after)
  else byId.delete(trail.id)
  const write = (name: string, value: unknown): ControlWrite => ({
    key: name,
    value,
    ifVersion: state.stored.get(name) ?? 0,
  })
  const writes = [write(key, after)]
  if (!changesSelection(before, after)) return { writes, after: { ...state, trails, byId } }
  const config = state.config + 1
  const version = trailVersion(after ?? { ...trail, isLogging: false }, config)
  const versions = new Map(state.versions).set(trail.id, [...(state.versions.get(trail.id) ?? []), version])
  writes.push(write(versionKey(trail.id, config), version), write(configKey, { version: config }))
  return { writes, after: { ...state, config, trails, byId, versions }, configVersion: config }
}

/** The state once these versions are removed; a trail of which none is left is forgotten. */
export function withoutVersions(state: TrailState, trailId: string, gone: readonly TrailVersion[]): TrailState {
  const left = (state.versions.get(trailId) ?? []).filter((version) => !gone.includes(version))
  const versions = new Map(state.versions)
  if (left.length > 0) versions.set(trailId, left)
  else versions.delete(trailId)
  const stored = new Map(state.stored)
  for (const { since } of gone) stored.delete(versionKey(trailId, since))
  return { ...state, versions, stored }
}

function changesSelection(before: Trail | undefined, after: Trail | undefined): boolean {
  if (!before?.isLogging && !after?.isLogging) return false
  if (!before || !after) return true
  return JSON.stringify(trailVersion(before, 0)) !== JSON.stringify(trailVersion(after, 0))
}
