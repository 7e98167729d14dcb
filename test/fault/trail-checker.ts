import { demand, type Ledger, type TrailChange } from './ledger.ts'
import { plain } from './naive-history.ts'
import { envelopeOf, type TrailSince } from './naive-selection.ts'

/** The changes that took effect, in order. */
export const standing = (ledger: Ledger): TrailChange[] =>
  ledger.trailChanges.filter(({ own }) => ledger.standing.has(own.key!))

const selecting = ({ trail, ...change }: { trail: TrailChange['after'] }) =>
  trail?.isLogging ? JSON.stringify([trail.selectors, trail.settings.isMultiRegion, change]) : undefined

/** Each change begins from what the one before left, and takes effect at one place of each stream, in time. */
export function checkTrails(ledger: Ledger, documents: ReadonlySet<string>): void {
  ledger.standing = documents
  const changes = standing(ledger)
  const now = new Map<string, string | undefined>()
  let newest = 1
  for (const { own, before, after, configVersion } of changes) {
    const { account, homeRegion, name } = (after ?? before)!
    const place = `${account}/${homeRegion}/${name}`
    demand(now.get(place) === JSON.stringify(before), () => `${own.marker} changed another ${place} than there was`)
    now.set(place, JSON.stringify(after))
    const changesSelection = selecting({ trail: before }) !== selecting({ trail: after })
    demand(configVersion !== undefined || !changesSelection, () => `${own.marker} began no version of ${place}`)
    if (configVersion === undefined) continue
    demand(configVersion === newest + 1, () => `${own.marker} began version ${configVersion} after ${newest}`)
    newest = configVersion
  }
  checkVersions(ledger, changes, newest)
  checkInTime(ledger, changes)
}

function checkVersions(ledger: Ledger, changes: readonly TrailChange[], newest: number): void {
  const begun = new Map(changes.map(({ own, configVersion }) => [own.marker, configVersion]))
  for (const entries of ledger.archive.values()) {
    let before = 0
    for (const entry of entries) {
      const { configVersion, changesConfig } = envelopeOf(entry)
      const place = `${entry.stream}#${entry.sequence}`
      demand(
        configVersion >= before && configVersion <= newest,
        () => `${place}: version ${configVersion} at ${before}`,
      )
      before = configVersion
      demand(
        begun.get(plain(entry).record.requestID) === changesConfig,
        () => `${place} began version ${changesConfig}`,
      )
      demand((changesConfig ?? 0) <= configVersion, () => `${place} was appended before the change that it records`)
    }
  }
}

/** What was acknowledged before a change was begun is older than it; what was sent after its answer is not. */
function checkInTime(ledger: Ledger, changes: readonly TrailChange[]): void {
  const versioned = changes.filter(({ configVersion }) => configVersion !== undefined)
  for (const { writes } of ledger.attempts)
    for (const { stream, outcomes, begunAt, endedAt } of writes) {
      if (!outcomes) continue
      const least = versioned.findLast((change) => change.endedAt !== undefined && change.endedAt < begunAt)
      const above = versioned.find((change) => change.begunAt > endedAt!)
      for (const { kind, sequence } of outcomes) {
        if (kind !== 'stored') continue
        const { configVersion } = envelopeOf(ledger.archive.get(stream)![sequence - 1]!)
        demand(
          configVersion >= (least?.configVersion ?? 0) && configVersion < (above?.configVersion ?? Infinity),
          () =>
            `${stream}#${sequence} has version ${configVersion}: ${least?.configVersion} to ${above?.configVersion}`,
        )
      }
    }
}

/** By trail, how it was from each configuration version on. */
export function histories(changes: readonly TrailChange[]): Map<string, TrailSince[]> {
  const found = new Map<string, TrailSince[]>()
  for (const { trailId, after, configVersion } of changes) {
    if (configVersion === undefined) continue
    found.set(trailId, [...(found.get(trailId) ?? []), { since: configVersion, trail: after }])
  }
  return found
}
